"""Schedules around changes of clocks, for hypothesis to draw from: any zone, any change, any rotation, overrides."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import UUID

from hypothesis import strategies as st

from nightbell.core import oncall
from tests.core.oncall import oracle, transitions

PEOPLE = tuple(UUID(int=number) for number in range(1, 7))
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Case:
    """A schedule and a stretch of time around a change of its zone's clocks, in UTC."""

    schedule: oncall.Schedule
    start: datetime
    end: datetime
    change: datetime


Edit = tuple[Case, oncall.Rotation, oncall.Rotation]


def minutes(low: int, high: int) -> st.SearchStrategy[timedelta]:
    return st.integers(low, high).map(lambda number: number * MINUTE)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, datetime, tuple[datetime, ...]]:
    """A zone, an instant at which its clocks change (any instant where they never do), and the walls of the change."""
    name = draw(st.sampled_from(transitions.NAMES))
    known = transitions.of(name)
    if not known:
        return name, transitions.FIRST + draw(minutes(100 * 1440, 14000 * 1440)), ()
    change = draw(st.sampled_from(known))
    return name, change.at, change.walls


def times(walls: tuple[datetime, ...]) -> st.SearchStrategy[time]:
    """Handoff times: any, or in and around what the change skips or repeats."""
    anyone = st.times().map(lambda at: at.replace(second=0, microsecond=0))
    around = [wall + extra * MINUTE for wall in walls for extra in (-30, -1, 0, 1, 15, 30)]
    return st.one_of(anyone, st.sampled_from(around).map(datetime.time)) if around else anyone


def zones() -> st.SearchStrategy[str]:
    """Any zone, and those furthest apart, where it is always another day."""
    return st.one_of(st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago"]), st.sampled_from(transitions.NAMES))


def lengths() -> st.SearchStrategy[int]:
    return st.one_of(st.sampled_from(list(oncall.LENGTH_DAYS.values())), st.integers(1, 20))


@st.composite
def rotations(draw: st.DrawFn, position: int, change: datetime, walls: tuple[datetime, ...]) -> oncall.Rotation:
    people = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True))
    start = change + draw(st.one_of(minutes(-30 * 1440, 1440), minutes(-90, 90)))
    until = draw(st.one_of(st.none(), minutes(1, 40 * 1440)))
    return oncall.Rotation(
        UUID(int=100 + position),
        position,
        draw(lengths()),
        draw(times(walls)),
        start,
        None if until is None else start + until,
        tuple(people),
        draw(st.integers(0, 5)),
    )


@st.composite
def overrides(draw: st.DrawFn, change: datetime, layers: tuple[oncall.Rotation, ...]) -> tuple[oncall.Override, ...]:
    """At most one a scope, since overlapping ones are refused."""
    scopes: list[UUID | None] = [None, *(layer.id for layer in layers)]
    found = []
    for number, scope in enumerate(scopes):
        if draw(st.booleans()):
            start = change + draw(minutes(-1440, 1440))
            end = start + draw(minutes(1, 2 * 1440))
            found.append(oncall.Override(UUID(int=200 + number), draw(st.sampled_from(PEOPLE)), start, end, scope))
    return tuple(draw(st.permutations(found)))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    name, change, walls = draw(changes())
    numbers = draw(st.sampled_from([(0,), (0, 1), (1, 0), (0, 1, 2), (1,), ()]))
    layers = tuple(draw(rotations(number, change, walls)) for number in numbers)
    inactive = draw(st.one_of(st.just(frozenset[UUID]()), st.frozensets(st.sampled_from(PEOPLE), max_size=3)))
    schedule = oncall.Schedule(UUID(int=99), name, layers, draw(overrides(change, layers)), inactive)
    start, end = change - draw(minutes(0, 3 * 1440)), change + draw(minutes(1, 7 * 1440))
    return Case(schedule, start, end, change)


def moved(other: Case, to: Case) -> oncall.Schedule:
    """The schedule of one case, brought to the time and zone of another."""
    layers = tuple(replace(layer, effective_from=to.start - DAY) for layer in other.schedule.layers)
    return replace(other.schedule, timezone=to.schedule.timezone, layers=layers)


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """A schedule, one of its layers, and what that layer is edited to: other people, order, length or handoff time."""
    name, change, walls = draw(changes())
    layer = draw(rotations(0, change, walls))
    people = draw(st.one_of(st.permutations(layer.participants), st.lists(st.sampled_from(PEOPLE), unique=True)))
    inactive = draw(st.frozensets(st.sampled_from(PEOPLE), max_size=3))
    schedule = oncall.Schedule(UUID(int=99), name, (layer,), (), inactive)
    edited = oncall.Rotation(
        layer.id,
        0,
        draw(st.one_of(st.just(layer.length_days), lengths())),
        draw(st.one_of(st.just(layer.handoff_time), times(walls))),
        layer.effective_from,
        layer.effective_until,
        tuple(people),
        layer.offset,
    )
    return Case(schedule, change, change + 14 * DAY, change), layer, edited


def instants(case: Case) -> st.SearchStrategy[datetime]:
    """In the case's stretch, its end aside."""
    length = int((case.end - case.start).total_seconds())
    return st.integers(0, length - 1).map(lambda seconds: case.start + timedelta(seconds=seconds))


def edges(case: Case) -> list[datetime]:
    """Where something begins or ends in the case's stretch, and the moments just before."""
    layers, overrides = case.schedule.layers, case.schedule.overrides
    found = {case.change, *(layer.effective_until for layer in layers if layer.effective_until)}
    found |= {edge for override in overrides for edge in (override.starts_at, override.ends_at)}
    for layer in layers:
        found |= set(oracle.handoffs(case.schedule.timezone, layer, case.end))
    both = {near for edge in found for near in (edge - MOMENT, edge)}
    return sorted(near for near in both if case.start <= near < case.end)
