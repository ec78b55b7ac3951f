"""Who is on call: the changes of clocks known by name, overrides, and work that does not grow with time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest

from nightbell.core import editing, oncall, zones
from tests.core.oncall.drawing import PEOPLE

ANA, BO, CY, DI = PEOPLE[:4]
DAY = timedelta(days=1)
LAYER = oncall.Rotation(UUID(int=10), 0, 1, time(9), datetime(2026, 6, 1, tzinfo=UTC), None, (ANA, BO, CY))
SCHEDULE = oncall.Schedule(UUID(int=11), "UTC", (LAYER,))

# Zone, the day, the handoff's wall time, when it happens (UTC), and what the clocks then show.
NAMED = [
    ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:30", "03:30"),
    ("America/New_York", "2026-03-08", "01:30", "2026-03-08T06:30", "01:30"),
    ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30", "01:30"),
    ("America/New_York", "2026-11-01", "02:30", "2026-11-01T07:30", "02:30"),
    ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45", "01:45"),
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:45", "02:45"),
    ("Antarctica/Troll", "2026-03-29", "02:30", "2026-03-29T02:30", "04:30"),
    ("Antarctica/Troll", "2026-10-25", "01:30", "2026-10-24T23:30", "01:30"),
    ("Africa/Cairo", "2026-04-24", "00:00", "2026-04-23T22:00", "01:00"),
    ("Africa/Cairo", "2026-04-24", "00:30", "2026-04-23T22:30", "01:30"),
    ("Africa/Cairo", "2026-10-29", "23:30", "2026-10-29T20:30", "23:30"),
    ("Africa/Cairo", "2026-10-30", "00:00", "2026-10-29T22:00", "00:00"),
    ("Asia/Beirut", "2026-03-29", "00:00", "2026-03-28T22:00", "01:00"),
    ("Asia/Beirut", "2026-10-24", "23:15", "2026-10-24T20:15", "23:15"),
    ("America/Santiago", "2026-09-06", "00:00", "2026-09-06T04:00", "01:00"),
    ("America/Santiago", "2026-04-04", "23:30", "2026-04-05T02:30", "23:30"),
    ("America/Asuncion", "2023-10-01", "00:00", "2023-10-01T04:00", "01:00"),
    ("America/Asuncion", "2024-03-23", "23:30", "2024-03-24T02:30", "23:30"),
    ("America/Asuncion", "2026-03-22", "00:00", "2026-03-22T03:00", "00:00"),
    ("America/Havana", "2026-03-08", "00:00", "2026-03-08T05:00", "01:00"),
    ("America/Havana", "2026-11-01", "00:00", "2026-11-01T04:00", "00:00"),
    ("Atlantic/Azores", "2026-03-29", "00:30", "2026-03-29T01:30", "01:30"),
    ("Atlantic/Azores", "2026-10-25", "00:30", "2026-10-25T00:30", "00:30"),
    ("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30T19:00", "09:00"),
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "day", "wall", "at", "shown"), NAMED)
@pytest.mark.parametrize("length", [1, 7, 12])
def test_a_handoff_on_a_day_that_changes_clocks(
    zone: str, day: str, wall: str, at: str, shown: str, length: int
) -> None:
    # Noon in UTC is the same date in all of these zones.
    start = datetime.combine(date.fromisoformat(day), time(12), tzinfo=UTC) - 2 * length * DAY
    layer = replace(LAYER, length_days=length, handoff_time=time.fromisoformat(wall), effective_from=start)
    schedule = oncall.Schedule(UUID(int=12), zone, (layer,))
    line = oncall.shifts(schedule, 0, start, utc(at) + timedelta(hours=6))
    handed_over = line[-1]
    assert handed_over.start == utc(at)
    assert f"{handed_over.start.astimezone(zones.zone(zone)):%H:%M}" == shown
    assert oncall.owner(schedule, utc(at) - timedelta(seconds=1)) != oncall.owner(schedule, utc(at))


def test_a_repeated_hour_hands_over_once() -> None:
    layer = replace(LAYER, handoff_time=time(1, 30), effective_from=utc("2026-10-30T12:00"))
    schedule = oncall.Schedule(UUID(int=12), "America/New_York", (layer,))
    line = oncall.shifts(schedule, 0, utc("2026-10-31T12:00"), utc("2026-11-02T12:00"))
    assert [shift.start for shift in line[1:]] == [utc("2026-11-01T05:30"), utc("2026-11-02T06:30")]


def test_an_override_in_the_repeated_hour_counts_when_all_is_given_in_that_zone() -> None:
    # From 01:59 before the clocks go back to 03:00: by the wall clock the override ends before that stretch starts.
    zone = zones.zone("America/New_York")
    start, end = utc("2026-11-01T05:59").astimezone(zone), utc("2026-11-01T08:00").astimezone(zone)
    begins, ends = utc("2026-11-01T06:10"), utc("2026-11-01T06:20")
    override = oncall.Override(UUID(int=13), DI, begins.astimezone(zone), ends.astimezone(zone))
    schedule = oncall.Schedule(UUID(int=12), "America/New_York", (LAYER,), (override,))
    line = oncall.shifts(schedule, 0, start, end)
    found = [shift.duty.override_id if shift.duty else None for shift in line]
    assert [shift.start for shift in line[1:]] == [begins, ends]
    assert found == [None, override.id, None]


def test_a_handoff_time_that_names_the_second_occurrence_still_means_the_first() -> None:
    layer = replace(LAYER, handoff_time=time(1, 30, fold=1), effective_from=utc("2026-10-31T12:00"))
    schedule = oncall.Schedule(UUID(int=12), "America/New_York", (layer,))
    line = oncall.shifts(schedule, 0, utc("2026-10-31T12:00"), utc("2026-11-01T12:00"))
    assert line[1].start == utc("2026-11-01T05:30")


def test_the_shift_of_a_day_that_never_was_takes_no_time() -> None:
    layer = replace(LAYER, effective_from=utc("2011-12-28T19:00"))
    schedule = oncall.Schedule(UUID(int=12), "Pacific/Apia", (layer,))
    line = oncall.shifts(schedule, 0, utc("2011-12-28T19:00"), utc("2012-01-01T00:00"))
    found = [(shift.start, shift.duty.shift, shift.duty.user_id) for shift in line if shift.duty]
    # 28 December, 29 December; the 30th is skipped, and its handoff happens when the 31st's does.
    assert found == [
        (utc("2011-12-28T19:00"), 0, ANA),
        (utc("2011-12-29T19:00"), 1, BO),
        (utc("2011-12-30T19:00"), 3, ANA),
        (utc("2011-12-31T19:00"), 4, BO),
    ]


def test_a_handoff_repeated_from_the_day_before_never_comes_before_the_first_shift() -> None:
    # In St. John's 00:01 became 23:01 of the day before, so that midnight came twice.
    start = utc("2010-11-07T03:00")
    layer = replace(LAYER, handoff_time=time(0), effective_from=start)
    schedule = oncall.Schedule(UUID(int=12), "America/St_Johns", (layer,))
    line = oncall.shifts(schedule, 0, start - DAY, start + 30 * timedelta(hours=1))
    found = [(shift.start, shift.duty and shift.duty.shift) for shift in line]
    assert found == [(start - DAY, None), (start, 1), (utc("2010-11-08T03:30"), 2)]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every handoff that is worked out from now on."""
    computed: list[int] = []
    real = oncall.Turns.handoff

    def counting(turns: oncall.Turns, shift: int) -> datetime:
        computed.append(shift)
        return real(turns, shift)

    monkeypatch.setattr(oncall.Turns, "handoff", counting)
    return computed


def the_work_for_an_instant_is_constant(handoffs: list[int], years: int) -> None:
    layer = replace(LAYER, effective_from=utc("1990-01-01T00:00"))
    schedule = oncall.Schedule(UUID(int=12), "America/New_York", (layer,))
    at = utc("2026-03-20T00:00") + years * 365 * DAY
    assert oncall.on_call(schedule, at)
    assert 1 <= len(handoffs) <= 3
    handoffs.clear()
    oncall.shifts(schedule, 0, at, at + 28 * DAY)
    assert len(handoffs) <= 28 * 5


@pytest.mark.parametrize("years", [0, 1, 10, 100, 1000])
def test_the_work_for_an_instant_does_not_grow_with_its_distance(monkeypatch: pytest.MonkeyPatch, years: int) -> None:
    the_work_for_an_instant_is_constant(counted(monkeypatch), years)


def test_the_far_past_and_ten_years_ahead_are_right() -> None:
    layer = replace(LAYER, effective_from=utc("1970-01-01T00:00"), length_days=7)
    schedule = oncall.Schedule(UUID(int=12), "UTC", (layer,))
    for weeks in (1, 3, 2958, 3479):
        at = utc("1970-01-01T09:00") + weeks * 7 * DAY
        assert oncall.owner(schedule, at) == (ANA, BO, CY)[weeks % 3]
        assert oncall.owner(schedule, at - timedelta(seconds=1)) == (ANA, BO, CY)[(weeks - 1) % 3]


def test_before_the_first_shift_and_from_the_end_on_nobody_has_the_turn() -> None:
    end = LAYER.effective_from + 2 * DAY
    schedule = replace(SCHEDULE, layers=(replace(LAYER, effective_until=end),))
    first = LAYER.effective_from
    assert oncall.owner(schedule, first - timedelta(microseconds=1)) is None
    assert oncall.owner(schedule, first) == ANA
    assert oncall.owner(schedule, end - timedelta(microseconds=1)) == BO
    assert oncall.owner(schedule, end) is None
    assert oncall.gaps(schedule, first - DAY, end + DAY) == ((first - DAY, first), (end, end + DAY))
    assert oncall.shifts(schedule, 0, end + DAY, end + 2 * DAY) == (oncall.Shift(end + DAY, end + 2 * DAY, None),)


OVERRIDES = {
    "whole": oncall.Override(UUID(int=20), CY, utc("2026-06-03T10:00"), utc("2026-06-03T12:00")),
    "first": oncall.Override(UUID(int=21), DI, utc("2026-06-03T09:00"), utc("2026-06-03T13:00"), LAYER.id),
    "second": oncall.Override(UUID(int=22), ANA, utc("2026-06-03T11:00"), utc("2026-06-03T14:00"), UUID(int=13)),
}
SECOND = replace(LAYER, id=UUID(int=13), position=1, participants=(BO,))


def test_an_override_of_the_schedule_displaces_the_first_layer_only_and_comes_before_the_layers_own() -> None:
    schedule = replace(SCHEDULE, layers=(SECOND, LAYER), overrides=tuple(OVERRIDES.values()))
    hours = {hour: utc(f"2026-06-03T{hour:02}:00") for hour in range(8, 15)}
    found = {hour: [duty.user_id for duty in oncall.on_call(schedule, at)] for hour, at in hours.items()}
    assert found == {
        8: [BO, BO],
        9: [DI, BO],
        10: [CY, BO],
        11: [CY, ANA],
        12: [DI, ANA],
        13: [CY, ANA],
        14: [CY, BO],
    }
    duty = oncall.on_call(schedule, hours[10])[0]
    assert duty == oncall.Duty(CY, 0, LAYER.id, None, UUID(int=20))


def test_somebody_on_call_twice_is_paged_once() -> None:
    schedule = replace(SCHEDULE, layers=(SECOND, LAYER))
    at = utc("2026-06-02T10:00")
    assert oncall.paging_targets(schedule, at) == (BO,)
    assert len(oncall.on_call(schedule, at)) == 2


def test_an_override_of_somebody_who_left_counts_for_nothing() -> None:
    schedule = replace(SCHEDULE, overrides=(OVERRIDES["whole"],), inactive=frozenset({CY}))
    assert oncall.owner(schedule, utc("2026-06-02T10:00")) == BO
    assert oncall.owner(schedule, utc("2026-06-03T11:00")) == ANA


def test_a_layer_whose_people_all_left_is_a_gap() -> None:
    schedule = replace(SCHEDULE, inactive=frozenset({ANA, BO, CY}))
    assert oncall.on_call(schedule, utc("2026-06-03T11:00")) == ()


def test_a_schedule_without_a_first_layer_can_still_be_overridden() -> None:
    schedule = replace(SCHEDULE, layers=(SECOND,), overrides=(OVERRIDES["whole"],))
    assert oncall.positions(schedule) == (0, 1)
    assert oncall.on_call(schedule, utc("2026-06-03T11:00"))[0] == oncall.Duty(CY, 0, None, None, UUID(int=20))
    line = oncall.shifts(schedule, 0, utc("2026-06-03T00:00"), utc("2026-06-04T00:00"))
    assert [shift.duty and shift.duty.user_id for shift in line] == [None, CY, None]


@pytest.mark.parametrize(
    "ask",
    [
        lambda at: oncall.on_call(SCHEDULE, at),
        lambda at: oncall.shifts(SCHEDULE, 0, at, utc("2026-06-04T00:00")),
        lambda at: oncall.final(SCHEDULE, utc("2026-06-04T00:00"), at),
        lambda at: editing.keeping(SCHEDULE, LAYER, LAYER, "UTC", at),
        lambda at: oncall.owner(
            replace(SCHEDULE, layers=(replace(LAYER, effective_from=at),)), utc("2026-06-04T00:00")
        ),
    ],
    ids=["on_call", "shifts", "final", "keeping", "effective_from"],
)
def test_an_instant_without_a_zone_is_refused(ask: Callable[[datetime], object]) -> None:
    with pytest.raises(ValueError, match="time zone"):
        ask(datetime(2026, 6, 3))  # noqa: DTZ001


def test_a_schedule_of_an_unknown_zone_says_so() -> None:
    with pytest.raises(ValueError, match="'Mars/Olympus' is not an IANA time zone"):
        oncall.owner(replace(SCHEDULE, timezone="Mars/Olympus"), utc("2026-06-03T11:00"))
