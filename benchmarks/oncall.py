"""How long it takes to say who is on call, and to draw four weeks of it: pure functions, in this process."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from benchmarks.installation import Installation
from benchmarks.results import Row
from nightbell.core import oncall

AT = datetime(2026, 10, 20, 12, tzinfo=UTC)
AHEAD = timedelta(days=28)
LAYERS = 10
SECONDS = 1.0


def measure(_here: Installation) -> list[Row]:
    """A schedule of ten layers in a zone whose clocks change within those weeks, with an override a week."""
    schedule = _schedule()
    one = oncall.Schedule(schedule.id, schedule.timezone, schedule.layers[:1], schedule.overrides)
    end = AT + AHEAD

    def timeline() -> None:
        for position in oncall.positions(schedule):
            oncall.shifts(schedule, position, AT, end)
        oncall.final(schedule, AT, end)

    return [
        Row("who is on call, one layer", "", f"{_seconds(lambda: oncall.on_call(one, AT)) * 1e6:.1f} µs"),
        Row("who is on call, ten layers", "", f"{_seconds(lambda: oncall.on_call(schedule, AT)) * 1e6:.1f} µs"),
        Row("28-day timeline of ten layers", "", f"{_seconds(timeline) * 1e3:.2f} ms"),
    ]


def _schedule() -> oncall.Schedule:
    people = tuple(UUID(int=number) for number in range(8))
    layers = tuple(
        oncall.Rotation(
            UUID(int=100 + position),
            position,
            (1, 7, 3)[position % 3],
            datetime(2026, 1, 1, 9, tzinfo=UTC).time(),
            datetime(2016, 1, 4, 8, tzinfo=UTC),
            None,
            people,
        )
        for position in range(LAYERS)
    )
    overrides = tuple(
        oncall.Override(UUID(int=200 + week), people[week], start, start + timedelta(hours=8))
        for week in range(4)
        for start in [AT + timedelta(days=7 * week + 1)]
    )
    return oncall.Schedule(UUID(int=1), "Europe/Berlin", layers, overrides)


def _seconds(act: Callable[[], object]) -> float:
    """Processor seconds a call, over about a second of calls."""
    act()
    calls, began = 0, time.process_time()
    while (spent := time.process_time() - began) < SECONDS:
        act()
        calls += 1
    return spent / calls
