"""Lists and pictures read only their span, and say the same as if they had read everything."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client

from nightbell.core import oncall
from nightbell.data import clock
from nightbell.data.models import Account
from nightbell.data.reads import calendars, gaps, on_call, rosters, schedules
from tests.rota import Rota
from tests.world import World

DAY = timedelta(days=1)
MANY = 400


@pytest.fixture
def rota(world: World) -> Rota:
    """Bo and Cy by turns, and somebody else for the morning of every day to come, but for the first hundred days."""
    bo, cy = world.members("Bo", "Cy")
    made = Rota(world)
    made.layer(bo, cy, length_days=300, kind=oncall.Kind.CUSTOM)
    first = clock.now() + 100 * DAY
    made.overrides(world.zoe, (first + day * DAY for day in range(MANY)), hours=4)
    return made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many overrides each look at schedules has read."""
    counted: list[int] = []
    whole = schedules.load

    def counting(
        schedule_ids: Iterable[UUID], since: datetime, until: datetime | None = None
    ) -> Mapping[UUID, oncall.Schedule]:
        found = whole(schedule_ids, since, until)
        counted.extend(len(each.overrides) for each in found.values())
        return found

    monkeypatch.setattr(schedules, "load", counting)
    return counted


LOOKS: dict[str, tuple[Callable[[World, Rota], object], int]] = {
    "who is paged": (lambda _, rota: rosters._on_call({rota.id}), 0),
    "gaps of two weeks": (lambda world, _: gaps.of_organization(world.principal, clock.now()), 0),
    # As far as the first that ends the turn under way: 400 days, of which 100 have none.
    "who is on call until when": (lambda world, _: on_call.everywhere(world.principal, clock.now()), 301),
    "a picture": (
        lambda world, rota: on_call.timeline(world.principal, rota.id, clock.now(), clock.now() + 9 * DAY),
        0,
    ),
    "a calendar": (lambda world, rota: calendars.of_schedule(world.principal, rota.id, clock.now()), MANY),
}


@pytest.mark.parametrize("look", LOOKS)
def test_x8_a_look_reads_the_overrides_of_its_span(world: World, rota: Rota, read: list[int], look: str) -> None:
    run, most = LOOKS[look]
    run(world, rota)
    assert read
    assert max(read) <= most


def test_x8_a_turn_that_ends_soon_is_seen_without_reading_far(world: World, rota: Rota, read: list[int]) -> None:
    rota.override(world.zoe, hours=4)
    read.clear()
    ((_, found),) = on_call.everywhere(world.principal, clock.now())
    assert [(each.name, each.until - clock.now() < timedelta(hours=4)) for each in found.current] == [("Zoe", True)]
    assert read == [1]


def test_x8_what_is_said_of_a_turn_is_what_the_whole_schedule_says(world: World, rota: Rota) -> None:
    now = clock.now()
    whole = schedules.load([rota.id], now)[rota.id]
    found = on_call.of_schedules([rota.id], now)[rota.id]
    assert [each.until for each in found.current] == [on_call.until(whole, 0, now)]
    assert found.current[0].until - now > 99 * DAY


def test_x8_the_page_of_a_schedule_lists_its_picture_and_what_comes_next(world: World, rota: Rota) -> None:
    signed_in = Client()
    signed_in.force_login(Account.objects.get(id=world.zoe.id))
    now = signed_in.get(f"/schedules/{rota.id}").content.decode()
    assert now.count('id="override-') == 20
    assert "More follow: move the picture on" in now
    day = (clock.now() + 110 * DAY).date()
    later = signed_in.get(f"/schedules/{rota.id}?from={day}&weeks=1").content.decode()
    assert 26 <= later.count('id="override-') <= 28
    last = (clock.now() + (100 + MANY - 5) * DAY).date()
    assert "More follow" not in signed_in.get(f"/schedules/{rota.id}?from={last}").content.decode()
