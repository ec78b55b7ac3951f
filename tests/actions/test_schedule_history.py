"""What has been stays as it was: edits of a schedule take effect at an instant, and whoever was on call was."""

from datetime import timedelta

import pytest
from django.db import connection

from nightbell.actions import overrides, people, schedules
from nightbell.core import oncall
from nightbell.data import clock
from nightbell.data.models import EarlierSchedule, Role
from nightbell.data.reads import calendars, on_call
from tests.rota import Rota
from tests.world import World

WEEK = timedelta(days=7)


@pytest.fixture
def rota(world: World) -> Rota:
    """Ana, Bo and Cy take weekly turns; it is the middle of Bo's."""
    made = Rota(world)
    made.layer(*world.members("Ana", "Bo", "Cy"))
    world.sleeps(days=10)
    return made


def past(rota: Rota) -> list[tuple[str, ...]]:
    """Who was on call in the middle of each of the last days."""
    return [tuple(rota.on_call(days=-day)) for day in (9, 8, 4, 2, 1)]


def drawn(rota: Rota) -> list[tuple[object, str | None]]:
    """The line that counts, up to now, as the picture and the feed have it."""
    now = clock.now()
    found = on_call.timeline(rota.world.principal, rota.id, now - 2 * WEEK, now)
    assert found is not None
    return [(shift.start, found.names[shift.duty.user_id] if shift.duty else None) for shift in found.final]


def edits(rota: Rota, what: str) -> None:
    layer, everybody = rota.layers[0], [person.id for person in rota.people.values()]
    by, here = rota.world.principal, rota.id
    match what:
        case "people":
            schedules.change_layer(by, here, layer, {"participants": (everybody[2],)})
        case "length":
            schedules.change_layer(by, here, layer, {"length_days": 3, "kind": oncall.Kind.CUSTOM})
        case "start":
            schedules.change_layer(by, here, layer, {"rotation_start": clock.now()})
        case "later":
            schedules.change_layer(by, here, layer, {"effective_from": clock.now() + WEEK})
        case "zone":
            schedules.change(by, here, {"timezone": "Asia/Tokyo"}, schedules.How(keep_current=False))
        case _:
            schedules.delete_layer(by, here, layer)


@pytest.mark.parametrize("what", ["people", "length", "start", "later", "zone", "deleted"])
def test_an_edit_leaves_the_past_as_it_was(world: World, rota: Rota, what: str) -> None:
    before = past(rota)
    line = drawn(rota)[1:]
    rota.override(world.zoe, hours=1, layer=rota.layers[0])
    world.sleeps(hours=2)
    edits(rota, what)
    world.sleeps(days=1)
    assert [tuple(rota.on_call(days=-day - 1, hours=-2)) for day in (9, 8, 4, 2, 1)] == before
    assert [each for each in drawn(rota) if each in line] == line
    # The override began in a layer that may be gone, and was.
    assert rota.on_call(days=-1, hours=-1.5) == ["Zoe"]
    feed = calendars.of_schedule(world.principal, rota.id, clock.now())
    assert feed is not None
    began = clock.now() - timedelta(days=1, hours=2)
    assert {event.name for event in feed.events if event.end <= began} == {"Ana", "Bo"}


def test_several_edits_leave_each_its_own_past(world: World, rota: Rota) -> None:
    ana, _, cy = rota.people.values()
    for person in (ana, cy, world.zoe):
        schedules.change_layer(world.principal, rota.id, rota.layers[0], {"participants": (person.id,)})
        world.sleeps(days=1)
    assert [rota.on_call(days=-day, hours=-1) for day in (3, 2, 1, 0)] == [["Bo"], ["Ana"], ["Cy"], ["Zoe"]]


def test_what_is_added_last_and_what_is_said_again_keep_no_past(world: World, rota: Rota) -> None:
    schedules.change(world.principal, rota.id, {"timezone": "UTC", "name": "Another"})
    rota.layer(world.zoe, since=clock.now() - WEEK)
    assert rota.on_call(days=-2) == ["Bo", "Zoe"], "a layer is in force from when it says"
    assert not EarlierSchedule.objects.exists()


def test_somebody_who_left_was_on_call_and_is_no_more(world: World, rota: Rota) -> None:
    before = past(rota)
    world.ends_membership(rota.people["Bo"])
    assert rota.on_call() == ["Cy"]
    world.sleeps(hours=1)
    assert [tuple(rota.on_call(days=-day, hours=-1)) for day in (9, 8, 4, 2, 1)] == before


def test_somebody_who_came_back_was_away_in_between(world: World, rota: Rota) -> None:
    bo = rota.people["Bo"]
    world.ends_membership(bo)
    world.sleeps(days=1)
    people.join(world.operator, people.Person(bo.email, "Bo"), Role.MEMBER)
    assert rota.on_call() == ["Bo"]
    assert rota.on_call(hours=-1) == ["Cy"]
    assert rota.on_call(days=-1, hours=-1) == ["Bo"]


def test_p3_a_version_that_knows_no_past_deletes_a_schedule_with_one(world: World, rota: Rota) -> None:
    edits(rota, "people")
    with connection.cursor() as cursor:
        cursor.execute("delete from rotation_layer where schedule_id = %s", [rota.id])
        cursor.execute("delete from schedule where id = %s", [rota.id])
    assert on_call.resolve(world.principal, rota.id, clock.now() - WEEK) is None


def test_a_schedule_is_deleted_with_its_past(world: World, rota: Rota) -> None:
    edits(rota, "people")
    assert EarlierSchedule.objects.exists()
    schedules.delete(world.principal, rota.id)
    assert not EarlierSchedule.objects.exists()


def test_a_taken_back_override_was_there_until_then(world: World, rota: Rota) -> None:
    made = rota.override(world.zoe, hours=9)
    world.sleeps(hours=3)
    overrides.delete(world.principal, rota.id, made)
    assert [rota.on_call(hours=hours) for hours in (-4, -1, 1)] == [["Bo"], ["Zoe"], ["Bo"]]
