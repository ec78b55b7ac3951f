"""Overrides, who is on call and when, and incidents for whoever is, through the API."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from nightbell.data import clock
from nightbell.data.models import Notice, Override
from tests.api.caller import Answer, Caller, queries
from tests.api.member import Member
from tests.rota import Rota
from tests.world import Person, World

ON_CALL_FIELDS = {"id", "name", "layerId", "position", "overrideId", "until"}


def at(**later: float) -> str:
    return (clock.now() + timedelta(**later)).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def path(rota: Rota, rest: str = "") -> str:
    return f"/oncall/schedules/{rota.id}{rest}"


def overrides(api: Caller, rota: Rota, by: Person | str, start: str, end: str, **more: Any) -> Answer:
    user_id = by if isinstance(by, str) else str(by.id)
    query = "?preview=true" if more.pop("preview", False) else ""
    return api.post(path(rota, f"/overrides{query}"), {"userId": user_id, "startsAt": start, "endsAt": end} | more)


def resolved(api: Caller, rota: Rota, query: str = "") -> Any:
    return api.get(path(rota, f"/resolve{query}")).data


def names(people: Any) -> list[str]:
    return [each["name"] for each in people]


@pytest.fixture
def rota(world: World) -> Rota:
    """Bo and Cy take weekly turns, with Di behind them and Bo behind her."""
    bo, cy, di = world.members("Bo", "Cy", "Di")
    made = Rota(world)
    made.layer(bo, cy, handoff_time=time(9))
    made.layer(di)
    made.layer(bo)
    return made


def test_resolve_says_who_why_and_until_when(world: World, api: Caller, rota: Rota) -> None:
    found = resolved(api, rota)
    assert set(found) == {"owner", "pagingTargets", "currentOnCall", "at"}
    assert names(found["currentOnCall"]) == ["Bo", "Di", "Bo"]
    assert names(found["pagingTargets"]) == ["Bo", "Di"]
    owner = found["owner"]
    assert set(owner) == ON_CALL_FIELDS
    assert (owner["name"], owner["position"], owner["overrideId"]) == ("Bo", 0, None)
    assert owner["layerId"] == str(rota.layers[0])
    later = resolved(api, rota, f"?at={owner['until']}")
    assert (later["at"], later["owner"]["name"]) == (owner["until"], "Cy")
    handoff = datetime.fromisoformat(owner["until"])
    assert (handoff.hour, handoff.minute) == (9, 0)
    assert timedelta(days=6) <= handoff - clock.now() <= timedelta(days=8)
    long_before = resolved(api, rota, "?at=2001-01-01T00:00:00Z")
    assert (long_before["owner"], long_before["pagingTargets"], long_before["currentOnCall"]) == (None, [], [])
    assert resolved(api, rota, "?at=2190-01-01T00:00:00Z")["owner"]["name"] in {"Bo", "Cy"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("/resolve?at=now", "at"),
        ("/resolve?at=2026-W48-1", "at"),
        ("/resolve?at=2026-11-23T10:00:00", "at"),
        ("/resolve?at=9999-12-31T23:59:59Z", "at"),
        ("/resolve?when=2026-11-23T10:00:00Z", "when"),
        ("/shifts?from=2026-11-23T10:00:00Z&to=2026-11-23T10:00:00Z", "to"),
        ("/shifts?from=2026-11-23T10:00:00Z&to=2027-12-29T10:00:00Z", "to"),
        ("/shifts?since=2026-11-23T10:00:00Z", "since"),
        ("/overrides?until=2026-11-23T10:00:00Z", "until"),
        ("/overrides?to=soon", "to"),
    ],
)
def test_a_question_that_is_none_is_refused_by_field(api: Caller, rota: Rota, query: str, field: str) -> None:
    answer = api.get(path(rota, query))
    assert (answer.status, answer.fields) == (422, [field])


def test_shifts_are_the_timeline_with_its_gaps(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    rota = Rota(world, timezone="Europe/Berlin")
    rota.layer(
        bo,
        cy,
        since=datetime(2027, 3, 1, 8, tzinfo=UTC),
        effective_until=datetime(2027, 3, 22, 8, tzinfo=UTC),
    )
    rota.override(bo, hours=24, days=0)
    world.settles()
    world.forgets_mail()
    found = api.get(path(rota, "/shifts?from=2027-02-22T08:00:00Z&to=2027-03-29T07:00:00Z")).data
    assert (found["startsAt"], found["endsAt"]) == ("2027-02-22T08:00:00.000Z", "2027-03-29T07:00:00.000Z")
    assert found["timezone"] == "Europe/Berlin"
    (line,) = found["layers"]
    assert (line["position"], line["layerId"]) == (0, str(rota.layers[0]))
    shown = [(each["startsAt"][:10], each["person"] and each["person"]["name"]) for each in line["shifts"]]
    assert shown == [
        ("2027-02-22", None),
        ("2027-03-01", "Bo"),
        ("2027-03-08", "Cy"),
        ("2027-03-15", "Bo"),
        ("2027-03-22", None),
    ]
    assert found["final"] == line["shifts"]
    assert [each["startsAt"][:10] for each in found["gaps"]] == ["2027-02-22", "2027-03-22"]
    assert set(line["shifts"][1]) == {"startsAt", "endsAt", "person", "position", "layerId", "overrideId"}
    edges = [each["startsAt"] for each in line["shifts"][1:]]
    assert edges == [each["endsAt"] for each in line["shifts"][:-1]]
    assert found["overrides"] == []


def test_shifts_are_28_days_from_now_if_nothing_is_said(api: Caller, rota: Rota) -> None:
    found = api.get(path(rota, "/shifts")).data
    length = datetime.fromisoformat(found["endsAt"]) - datetime.fromisoformat(found["startsAt"])
    assert length == timedelta(days=28)
    assert [line["position"] for line in found["layers"]] == [0, 1, 2]


def test_an_override_is_made_listed_and_taken_back(world: World, api: Caller, rota: Rota) -> None:
    di = rota.people["Di"]
    answer = overrides(api, rota, di, at(hours=1), at(hours=3))
    assert answer.status == 201
    made = answer.data
    assert made | {"startsAt": 0, "endsAt": 0, "createdAt": 0} == {
        "id": made["id"],
        "scheduleId": str(rota.id),
        "layerId": None,
        "userId": str(di.id),
        "userName": "Di",
        "startsAt": 0,
        "endsAt": 0,
        "createdBy": {"type": "apiKey", "id": made["createdBy"]["id"], "name": "ci"},
        "createdAt": 0,
    }
    assert api.get(path(rota, "/overrides")).data["overrides"] == [made]
    under_way = resolved(api, rota, f"?at={made['startsAt']}")["owner"]
    assert (under_way["name"], under_way["overrideId"], under_way["until"]) == ("Di", made["id"], made["endsAt"])
    assert resolved(api, rota)["owner"]["until"] == made["startsAt"]
    assert api.call("DELETE", path(rota, f"/overrides/{made['id']}")).status == 204
    assert api.get(path(rota, "/overrides")).data["overrides"] == []
    assert api.call("DELETE", path(rota, f"/overrides/{made['id']}")).code == "not_found"
    world.settles()
    world.forgets_mail()


def test_an_override_that_has_begun_ends_now_and_stays_on_the_record(world: World, api: Caller, rota: Rota) -> None:
    made = overrides(api, rota, rota.people["Di"], at(hours=-1), at(hours=3)).data
    assert resolved(api, rota)["owner"]["name"] == "Di"
    assert api.call("DELETE", path(rota, f"/overrides/{made['id']}")).status == 204
    assert resolved(api, rota)["owner"]["name"] == "Bo"
    assert api.get(path(rota, "/overrides")).data["overrides"] == []
    (past,) = api.get(path(rota, f"/overrides?from={made['startsAt']}")).data["overrides"]
    assert past["id"] == made["id"]
    assert past["endsAt"] < made["endsAt"]
    assert api.call("DELETE", path(rota, f"/overrides/{made['id']}")).fields == ["overrideId"]
    world.settles()
    world.forgets_mail()


def test_an_override_of_one_layer_leaves_the_others_alone(world: World, api: Caller, rota: Rota) -> None:
    cy = rota.people["Cy"]
    made = overrides(api, rota, cy, at(hours=-1), at(hours=3), layerId=str(rota.layers[1])).data
    assert made["layerId"] == str(rota.layers[1])
    assert names(resolved(api, rota)["currentOnCall"]) == ["Bo", "Cy", "Bo"]
    world.settles()
    world.forgets_mail()


@pytest.mark.parametrize(
    ("start", "end", "more", "status", "field"),
    [
        ({"hours": 3}, {"hours": 1}, {}, 422, "endsAt"),
        ({"hours": -3}, {"hours": -1}, {}, 422, "endsAt"),
        ({"hours": 1}, {"days": 367}, {}, 422, "endsAt"),
        ({"hours": 1}, {"hours": 3}, {"layerId": "none"}, 404, ""),
        ({"hours": 1}, {"hours": 3}, {"layerId": str(uuid4())}, 404, ""),
        ({"hours": 1}, {"hours": 3}, {"note": "x"}, 422, "note"),
    ],
)
def test_an_override_that_is_none_is_refused_by_field(
    world: World, api: Caller, rota: Rota, start: Any, end: Any, more: Any, status: int, field: str
) -> None:
    answer = overrides(api, rota, world.zoe, at(**start), at(**end), **more)
    assert answer.status == status, answer.text
    assert answer.code == ("not_found" if status == 404 else "validation_error")
    assert status == 404 or answer.fields == [field]
    assert (Override.objects.count(), Notice.objects.count()) == (0, 0)


def test_only_an_active_member_takes_over(world: World, api: Caller, stranger: Caller, rota: Rota) -> None:
    gone = rota.people["Di"]
    world.ends_membership(gone)
    lara = stranger.get("/users").data["users"][0]["id"]
    for wrong in (gone, lara, str(uuid4()), "nobody"):
        answer = overrides(api, rota, wrong, at(hours=1), at(hours=3))
        assert (answer.status, answer.code) == (400, "invalid_target_user")
    assert Override.objects.count() == 0


def test_overlapping_overrides_of_one_scope_are_refused(world: World, api: Caller, rota: Rota) -> None:
    assert overrides(api, rota, world.zoe, at(hours=1), at(hours=3)).status == 201
    refused = overrides(api, rota, rota.people["Cy"], at(hours=2), at(hours=4))
    assert (refused.status, refused.fields) == (422, ["startsAt"])
    layer = {"layerId": str(rota.layers[0])}
    assert overrides(api, rota, rota.people["Cy"], at(hours=2), at(hours=4), **layer).status == 201
    assert overrides(api, rota, rota.people["Di"], at(hours=3), at(hours=5), **layer).fields == ["startsAt"]
    end = api.get(path(rota, "/overrides")).data["overrides"][0]["endsAt"]
    assert overrides(api, rota, rota.people["Di"], end, at(hours=9)).status == 201
    world.settles()
    world.forgets_mail()


def test_an_override_by_somebody_who_left_is_in_nobodys_way(world: World, api: Caller, rota: Rota) -> None:
    di = rota.people["Di"]
    assert overrides(api, rota, di, at(hours=-1), at(hours=3)).status == 201
    world.ends_membership(di)
    assert resolved(api, rota)["owner"]["name"] == "Bo"
    assert overrides(api, rota, rota.people["Cy"], at(hours=-1), at(hours=3)).status == 201
    assert resolved(api, rota)["owner"]["name"] == "Cy"
    world.settles()
    world.forgets_mail()


def test_a_preview_of_an_override_tells_nobody_and_saves_nothing(world: World, api: Caller, rota: Rota) -> None:
    di = rota.people["Di"]
    answer = overrides(api, rota, di, at(hours=1), at(hours=3), preview=True)
    assert answer.status == 200
    (change,) = answer.data["changes"]
    assert (change["position"], change["loses"]["name"], change["gains"]["name"]) == (0, "Bo", "Di")
    taken = api.post(path(rota, "/overrides/take?preview=true"), {"userId": str(di.id)})
    assert names([taken.data["changes"][0]["gains"]]) == ["Di"]
    assert (Override.objects.count(), Notice.objects.count()) == (0, 0)
    made = overrides(api, rota, di, at(hours=1), at(hours=3)).data
    back = api.call("DELETE", path(rota, f"/overrides/{made['id']}?preview=true"))
    assert names([back.data["changes"][0]["loses"]]) == ["Di"]
    assert Override.objects.count() == 1
    world.settles()
    world.forgets_mail()


def test_a_member_takes_the_shift_until_it_ends(world: World, api: Caller, rota: Rota) -> None:
    cy = rota.people["Cy"]
    until = resolved(api, rota)["owner"]["until"]
    answer = Member(cy).post(path(rota, "/overrides/take"))
    assert answer.status == 201
    assert (answer.data["userId"], answer.data["endsAt"], answer.data["layerId"]) == (str(cy.id), until, None)
    assert resolved(api, rota)["owner"]["name"] == "Cy"
    assert Member(cy).post(path(rota, "/overrides/take")).fields == ["userId"]
    assert api.post(path(rota, "/overrides/take")).fields == ["userId"]
    assert api.post(path(rota, "/overrides/take"), {"userId": "nobody"}).code == "invalid_target_user"
    again = api.post(path(rota, "/overrides/take"), {"userId": str(rota.people["Di"].id)})
    assert again.data["endsAt"] == until
    assert names(resolved(api, rota)["currentOnCall"]) == ["Di", "Di", "Bo"]
    past, present = api.get(path(rota, "/overrides?from=2001-01-01T00:00:00Z")).data["overrides"]
    assert (past["userName"], past["endsAt"], present["userName"]) == ("Cy", present["startsAt"], "Di")
    world.settles()
    world.forgets_mail()


def test_nobody_takes_a_shift_that_nobody_has(world: World, api: Caller) -> None:
    empty = Rota(world, "Empty")
    assert api.post(path(empty, "/overrides/take"), {"userId": str(world.zoe.id)}).fields == ["startsAt"]


def test_an_incident_opens_for_whoever_is_on_call_with_the_policy_of_the_schedule(
    world: World, api: Caller, rota: Rota
) -> None:
    policy_id = rota.policy()
    given = {"title": "DB pool exhausted", "severity": "critical", "ownerScheduleId": str(rota.id)}
    answer = api.post("/incidents", given)
    assert answer.status == 201
    bo = rota.people["Bo"]
    assert (answer.data["ownerId"], answer.data["escalationPolicyId"]) == (str(bo.id), str(policy_id))
    named = api.post("/incidents", given | {"ownerId": str(world.zoe.id)}).data
    assert (named["ownerId"], named["escalationPolicyId"]) == (str(world.zoe.id), str(policy_id))
    other = str(world.policy([([world.zoe], 5)]))
    explicit = api.post("/incidents", given | {"escalationPolicyId": other}).data
    assert (explicit["ownerId"], explicit["escalationPolicyId"]) == (str(bo.id), other)


def test_an_incident_cannot_open_by_a_schedule_that_is_not_there(world: World, api: Caller, stranger: Caller) -> None:
    theirs = stranger.post("/oncall/schedules", {"name": "x", "timezone": "UTC"}).data["id"]
    for wrong in (theirs, str(uuid4()), "none"):
        for more in ({}, {"ownerId": str(world.zoe.id)}):
            given = {"title": "x", "severity": "low", "ownerScheduleId": wrong} | more
            answer = api.post("/incidents", given)
            assert (answer.status, answer.code) == (404, "not_found")
    none = api.post("/incidents", {"title": "x", "severity": "low"})
    assert none.code == "owner_required"
    wrong_owner = api.post(
        "/incidents", {"title": "x", "severity": "low", "ownerId": "nobody", "ownerScheduleId": str(Rota(world).id)}
    )
    assert wrong_owner.code == "invalid_owner"


def test_asking_who_is_on_call_takes_as_many_statements_for_many_layers_as_for_one(
    world: World, api: Caller, rota: Rota
) -> None:
    for rest in ("/resolve", "/shifts"):
        with queries() as few:
            api.get(path(rota, rest))
        for _ in range(3):
            rota.layer(world.zoe)
        with queries() as many:
            api.get(path(rota, rest))
        assert len(many) == len(few)


def test_the_timeline_and_the_question_of_an_instant_agree_at_every_edge(world: World, api: Caller, rota: Rota) -> None:
    rota.override(rota.people["Cy"], hours=30, days=3)
    rota.override(world.zoe, hours=50, layer=rota.layers[0], days=2)
    found = api.get(path(rota, "/shifts")).data
    edges = [shift for line in found["layers"] for shift in line["shifts"]]
    assert len(edges) > 8
    for shift in edges:
        current = resolved(api, rota, f"?at={shift['startsAt']}")["currentOnCall"]
        (there,) = [each for each in current if each["position"] == shift["position"]]
        assert (there["id"], there["name"]) == (shift["person"]["id"], shift["person"]["name"])
        assert (there["layerId"], there["overrideId"]) == (shift["layerId"], shift["overrideId"])
        assert there["until"] == shift["endsAt"] or shift["endsAt"] == found["endsAt"]
    for shift in found["final"]:
        owner = resolved(api, rota, f"?at={shift['startsAt']}")["owner"]
        assert owner["id"] == shift["person"]["id"]
    world.settles()
    world.forgets_mail()
