"""Brakes: how much a key may write, and that no page waits for it; the bounds of overrides."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from nightbell.actions import overrides
from nightbell.core.errors import Rejected
from nightbell.data import clock, key_use
from nightbell.data.models import ApiKey
from tests.api.caller import Answer, Caller
from tests.api.member import Member
from tests.rota import Rota
from tests.world import World

HOUR = timedelta(hours=1)
BURST = 3


@pytest.fixture
def braked(settings: Settings) -> None:
    """Keys write three times at once, and once more per hour or so."""
    paces = {"key_writes_per_minute": 1, "key_writes_burst": BURST}
    settings.NIGHTBELL = settings.NIGHTBELL.model_copy(update=paces)


def opens(api: Caller, world: World) -> Answer:
    given = {"title": "DB pool exhausted", "severity": "critical", "ownerId": str(world.zoe.id)}
    return api.post("/incidents", given)


def test_x8_a_key_that_writes_too_much_is_told_when_to_try_again(world: World, api: Caller, braked: None) -> None:
    assert [opens(api, world).status for _ in range(BURST)] == [201] * BURST
    refused = opens(api, world)
    assert (refused.status, refused.code, refused.json["type"]) == (429, "rate_limited", "invalid_request_error")
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == f'"writes";q={BURST};w={BURST * 60}'
    assert refused.headers["RateLimit"].startswith('"writes";r=0;t=1')
    assert len(api.get("/incidents").data["incidents"]) == BURST
    # Its own limit, not that of others.
    assert opens(Caller(world.organization), world).status == 201


@pytest.mark.parametrize(
    ("method", "verb", "body"),
    [
        ("POST", "acknowledge", None),
        ("POST", "handoff", None),
        ("PATCH", "status", {"status": "identified"}),
        ("POST", "resolve", None),
    ],
)
def test_x8_what_answers_a_page_is_never_braked_and_not_counted(
    world: World, api: Caller, braked: None, method: str, verb: str, body: dict[str, str] | None
) -> None:
    body = {"targetUserId": str(world.zoe.id)} if verb == "handoff" else body
    owner = world.member("Ana")
    api.opens(owner.id)
    assert api.call(method, f"/incidents/1/{verb}", body).status == 200
    assert [opens(api, world).status for _ in range(BURST)] == [201, 201, 429]
    again = api.call(method, f"/incidents/1/{verb}", body)
    # The same status twice is no step forward.
    assert again.status == (400 if verb == "status" else 200)


def test_x8_reading_and_a_member_s_own_session_are_not_counted(world: World, api: Caller, braked: None) -> None:
    for _ in range(BURST + 1):
        found = api.get("/incidents")
        assert (found.status, found.headers["RateLimit"]) == (200, f'"writes";r={BURST};t=0')
    member = Member(world.zoe)
    given = {"title": "DB pool exhausted", "severity": "critical", "ownerId": str(world.zoe.id)}
    made = [member.post("/incidents", given) for _ in range(BURST + 1)]
    assert [each.status for each in made] == [201] * (BURST + 1)
    assert "RateLimit" not in made[0].headers


def test_x8_what_is_refused_for_its_input_counts_too(world: World, api: Caller, braked: None) -> None:
    assert [api.post("/incidents", {}).status for _ in range(BURST + 1)] == [422, 422, 422, 429]


def test_x8_processes_share_what_a_key_has_written(world: World, api: Caller, braked: None) -> None:
    assert opens(api, world).status == 201
    assert key_use._marker.drain(timedelta(seconds=30))
    key = ApiKey.objects.get()
    assert 0 < key.writes_level <= 1
    # Another process counted more.
    ApiKey.objects.update(writes_level=BURST)
    key_use.mark(key.id)
    assert key_use._marker.drain(timedelta(seconds=30))
    assert opens(api, world).status == 429


def test_x8_a_schedule_has_no_more_than_a_thousand_overrides_ahead(world: World, api: Caller) -> None:
    rota = Rota(world)
    now = clock.now()
    # One is over; the others are ahead.
    rota.overrides(world.zoe, (now + n * HOUR for n in range(-2, overrides.MAX_AHEAD - 2)), hours=1)
    later = [now + (overrides.MAX_AHEAD + n) * HOUR for n in range(4)]
    for start, end in ((later[0], later[1]), (later[1], later[2])):
        overrides.create(world.principal, rota.id, overrides.Given(world.zoe.id, start, end))
    with pytest.raises(Rejected, match="1,000 overrides that are not yet over") as refused:
        overrides.create(world.principal, rota.id, overrides.Given(world.zoe.id, later[2], later[3]))
    assert refused.value.field == "startsAt"
    answer = Member(world.zoe).post(
        f"/oncall/schedules/{rota.id}/overrides",
        {"userId": str(world.zoe.id), "startsAt": later[2].isoformat(), "endsAt": later[3].isoformat()},
    )
    assert (answer.status, answer.fields) == (422, ["startsAt"])
