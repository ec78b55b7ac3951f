"""Editing a rotation: today's person stays, and what changes is told before it is saved."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightbell.core import editing, oncall
from tests.core.oncall import drawing, laws
from tests.core.oncall.test_oncall_zones import ENOUGH

ANA, BO, CY, DI = drawing.PEOPLE[:4]
DAY = timedelta(days=1)
MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
LAYER = oncall.Rotation(UUID(int=10), 0, 7, time(9), MONDAY, None, (ANA, BO, CY))
SCHEDULE = oncall.Schedule(UUID(int=11), "UTC", (LAYER,))
# Bo's week.
NOW = MONDAY + 10 * DAY


@ENOUGH
@given(drawing.edits(), drawing.minutes(-2 * 1440, 20 * 1440), st.one_of(st.none(), drawing.zones()))
def test_an_edit_keeps_the_person_on_call_at_its_instant(
    drawn: drawing.Edit, later: timedelta, zone: str | None
) -> None:
    case, layer, edited = drawn
    laws.an_edit_keeps_todays_person(case, layer, edited, zone or case.schedule.timezone, case.change + later)


@ENOUGH
@given(drawing.edits(), drawing.minutes(-2 * 1440, 20 * 1440))
def test_an_edit_of_nothing_moves_nothing(drawn: drawing.Edit, later: timedelta) -> None:
    case, layer, _ = drawn
    laws.an_edit_of_nothing_moves_nothing(case, layer, case.change + later)


@ENOUGH
@given(drawing.edits())
def test_a_rotation_made_from_its_start_is_the_same(drawn: drawing.Edit) -> None:
    case, layer, _ = drawn
    laws.a_rotation_made_from_its_start_is_the_same(case, layer)


@ENOUGH
@given(drawing.edits(), st.integers(0, 40))
def test_a_start_before_the_rotation_counts_on_backwards(drawn: drawing.Edit, turns: int) -> None:
    case, layer, _ = drawn
    laws.a_start_before_the_rotation_counts_on_backwards(case, replace(layer, offset=0), turns)


@ENOUGH
@given(drawing.cases(), drawing.cases(), st.data())
def test_an_edit_leaves_the_past_as_it_was(one: drawing.Case, other: drawing.Case, data: st.DataObject) -> None:
    now = data.draw(drawing.instants(one).filter(lambda at: at > one.start))
    laws.an_edit_leaves_the_past_as_it_was(one.schedule, drawing.moved(other, one), one, now)


@settings(ENOUGH, max_examples=50)
@given(drawing.cases(), drawing.cases())
def test_a_difference_is_what_the_instants_on_both_sides_say(one: drawing.Case, other: drawing.Case) -> None:
    laws.a_difference_is_what_the_instants_say(one.schedule, drawing.moved(other, one), one.start, one.end)


@ENOUGH
@given(drawing.edits())
def test_the_difference_an_edit_makes_is_what_the_instants_say(drawn: drawing.Edit) -> None:
    case, _, edited = drawn
    after = replace(case.schedule, layers=(edited,))
    laws.a_difference_is_what_the_instants_say(case.schedule, after, case.start, case.end)


@pytest.mark.parametrize(
    ("participants", "today", "next_week"),
    [
        ((ANA, BO, CY), BO, CY),
        ((DI, ANA, BO, CY), BO, CY),
        ((CY, BO, ANA), BO, ANA),
        ((BO,), BO, BO),
        ((ANA, CY), CY, ANA),
        ((ANA, DI), ANA, DI),
    ],
    ids=["nothing", "one more", "another order", "only today's", "today's removed", "today's and the next removed"],
)
def test_a_rotation_goes_on_from_whoever_has_the_turn(
    participants: tuple[UUID, ...], today: UUID, next_week: UUID
) -> None:
    kept = editing.keeping(SCHEDULE, LAYER, replace(LAYER, participants=participants), "UTC", NOW)
    after = replace(SCHEDULE, layers=(kept,))
    assert oncall.owner(after, NOW) == today
    assert oncall.owner(after, NOW + 7 * DAY) == next_week


def test_a_turn_of_somebody_who_left_stays_theirs_while_it_goes_to_the_same_person() -> None:
    schedule = replace(SCHEDULE, inactive=frozenset({BO}))
    kept = editing.keeping(schedule, LAYER, replace(LAYER, participants=(DI, ANA, BO, CY)), "UTC", NOW)
    after = replace(schedule, layers=(kept,))
    assert [oncall.owner(after, NOW + weeks * 7 * DAY) for weeks in range(3)] == [CY, CY, DI]


def test_a_turn_of_somebody_who_left_does_not_go_to_another_by_a_new_order() -> None:
    schedule = replace(SCHEDULE, inactive=frozenset({BO}))
    kept = editing.keeping(schedule, LAYER, replace(LAYER, participants=(CY, BO, ANA)), "UTC", NOW)
    after = replace(schedule, layers=(kept,))
    assert [oncall.owner(after, NOW + weeks * 7 * DAY) for weeks in range(3)] == [CY, ANA, ANA]


@pytest.mark.parametrize("participants", [(), (DI,)])
def test_where_nobody_stays_the_edit_is_taken_as_it_is(participants: tuple[UUID, ...]) -> None:
    edited = replace(LAYER, participants=participants, offset=3)
    assert editing.keeping(SCHEDULE, LAYER, edited, "UTC", NOW) == edited


def test_where_no_turn_is_under_way_the_edit_is_taken_as_it_is() -> None:
    edited = replace(LAYER, participants=(CY, ANA, BO), offset=1)
    assert editing.keeping(SCHEDULE, LAYER, edited, "UTC", MONDAY - DAY) == edited
    later = replace(edited, effective_from=NOW + DAY)
    assert editing.keeping(SCHEDULE, LAYER, later, "UTC", NOW) == later


def test_another_zone_keeps_todays_person() -> None:
    daily = replace(LAYER, length_days=1)
    before = replace(SCHEDULE, layers=(daily,))
    # In Kiritimati it is tomorrow, and after its handoff.
    evening = datetime(2026, 6, 11, 20, tzinfo=UTC)
    kept = editing.keeping(before, daily, daily, "Pacific/Kiritimati", evening)
    after = replace(before, layers=(kept,), timezone="Pacific/Kiritimati")
    assert oncall.owner(before, evening) == oncall.owner(after, evening) == BO
    assert kept.offset != 0


def test_a_difference_names_who_gains_and_who_loses_which_stretch() -> None:
    after = replace(SCHEDULE, layers=(replace(LAYER, participants=(ANA, CY, BO)),))
    ends_week = MONDAY + 14 * DAY
    assert editing.difference(SCHEDULE, after, NOW, NOW + 14 * DAY) == (
        editing.Change(NOW, ends_week, 0, BO, CY),
        editing.Change(ends_week, MONDAY + 21 * DAY, 0, CY, BO),
    )


def test_a_stretch_over_several_shifts_that_changes_hands_alike_is_one_change() -> None:
    before = replace(SCHEDULE, layers=(replace(LAYER, participants=(ANA,)),))
    after = replace(SCHEDULE, layers=(replace(LAYER, participants=(BO,), length_days=1),))
    assert editing.difference(before, after, NOW, NOW + 28 * DAY) == (editing.Change(NOW, NOW + 28 * DAY, 0, ANA, BO),)


def test_a_layer_that_is_added_or_removed_is_a_change_from_or_to_nobody() -> None:
    second = replace(LAYER, id=UUID(int=12), position=1, participants=(DI,))
    both = replace(SCHEDULE, layers=(LAYER, second))
    assert editing.difference(SCHEDULE, both, NOW, NOW + DAY) == (editing.Change(NOW, NOW + DAY, 1, None, DI),)
    assert editing.difference(both, SCHEDULE, NOW, NOW + DAY) == (editing.Change(NOW, NOW + DAY, 1, DI, None),)
    assert editing.difference(both, SCHEDULE, NOW, NOW) == ()


@pytest.mark.parametrize(
    ("name", "kind", "days", "called"),
    [
        ("Weekdays", oncall.Kind.WEEKLY, 7, "Weekdays"),
        ("Rotation 1", oncall.Kind.WEEKLY, 7, "weekly rotation"),
        ("rotation 12", oncall.Kind.DAILY, 1, "daily rotation"),
        ("Rotation 2", oncall.Kind.CUSTOM, 3, "3-day rotation"),
        ("Rotation 1 of nights", oncall.Kind.DAILY, 1, "Rotation 1 of nights"),
    ],
)
def test_x14_a_rotation_is_called_by_its_name_where_somebody_named_it(
    name: str, kind: oncall.Kind, days: int, called: str
) -> None:
    assert oncall.called(name, kind, days) == called
