"""Who is on call, and when, with names: what a page, the API and the command line show of a schedule."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from nightbell.core import oncall
from nightbell.data import schedule_history
from nightbell.data.access.principal import Principal
from nightbell.data.reads import schedules

# A shift and an override are at most 366 days long; most end within the first of these.
AHEAD = (timedelta(days=8), timedelta(days=40), timedelta(days=400))

NAMES = "select a.id, trim(a.first_name || ' ' || a.last_name) from account a where a.id = any(%(ids)s::uuid[])"


@dataclass(frozen=True, slots=True)
class OnCall:
    """Somebody on call, with the layer and the override that put them there, and until when without a change."""

    id: UUID
    name: str
    position: int
    layer_id: UUID | None
    override_id: UUID | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who is on call at `at`: one a layer; the targets are each person once, and the owner is the first of them."""

    at: datetime
    current: tuple[OnCall, ...]

    @property
    def owner(self) -> OnCall | None:
        """Whoever would own an incident; None in a gap."""
        return self.current[0] if self.current else None

    @property
    def paging_targets(self) -> tuple[OnCall, ...]:
        """Whom a layer that targets the schedule pages."""
        targets: dict[UUID, OnCall] = {}
        for each in self.current:
            targets.setdefault(each.id, each)
        return tuple(targets.values())


@dataclass(frozen=True, slots=True)
class Line:
    """A layer's line of the timeline; `layer_id` is None where overrides have position 0 to themselves."""

    position: int
    layer_id: UUID | None
    shifts: tuple[oncall.Shift, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A schedule from `start` to `end`: each layer's line, the line that counts, and the names of everybody in them."""

    schedule: schedules.Summary
    start: datetime
    end: datetime
    lines: tuple[Line, ...]
    final: tuple[oncall.Shift, ...]
    overrides: tuple[schedules.OverrideRow, ...]
    names: Mapping[UUID, str]


def resolve(principal: Principal, schedule_id: UUID, at: datetime) -> Resolved | None:
    """Who is on call on this schedule of the organization at an instant; None where there is no such schedule."""
    if schedules.one(principal, schedule_id) is None:
        return None
    return of_schedules([schedule_id], at).get(schedule_id)


def everywhere(principal: Principal, at: datetime) -> list[tuple[schedules.Summary, Resolved]]:
    """Every schedule of the organization by name, with who is on call there at an instant."""
    listed = schedules.listed(principal)
    resolved = of_schedules((each.id for each in listed), at)
    return [(each, resolved.get(each.id, Resolved(at, ()))) for each in listed]


def of_schedules(schedule_ids: Iterable[UUID], at: datetime) -> Mapping[UUID, Resolved]:
    """Who is on call on each of these schedules."""
    ahead = foreseen(schedule_ids, at, lambda schedule, end: _hands_over(schedule, at, end))
    loaded = schedule_history.with_past(ahead, at)
    duties = {schedule_id: oncall.on_call(schedule, at) for schedule_id, schedule in loaded.items()}
    called = names(duty.user_id for found in duties.values() for duty in found)
    return {
        schedule_id: Resolved(
            at,
            tuple(
                OnCall(
                    duty.user_id,
                    called[duty.user_id],
                    duty.position,
                    duty.layer_id,
                    duty.override_id,
                    until(loaded[schedule_id], duty.position, at),
                )
                for duty in found
            ),
        )
        for schedule_id, found in duties.items()
    }


def timeline(principal: Principal, schedule_id: UUID, start: datetime, end: datetime) -> Timeline | None:
    """A schedule of the organization from `start` to `end`; None where there is no such schedule."""
    summary = schedules.one(principal, schedule_id)
    found = schedules.load_with_past([schedule_id], start, end).get(schedule_id)
    if summary is None or found is None:
        return None
    layer_ids = {rotation.position: rotation.id for rotation in found.layers}
    lines = tuple(
        Line(position, layer_ids.get(position), oncall.shifts(found, position, start, end))
        for position in oncall.positions(found)
    )
    people = {shift.duty.user_id for line in lines for shift in line.shifts if shift.duty}
    overrides = tuple(schedules.overrides(principal, schedule_id, start, end))
    return Timeline(summary, start, end, lines, oncall.final(found, start, end), overrides, names(people))


def foreseen(
    schedule_ids: Iterable[UUID], at: datetime, enough: Callable[[oncall.Schedule, datetime], bool]
) -> Mapping[UUID, oncall.Schedule]:
    """Schedules from `at` on, each read only as far ahead as it takes `enough` (of it, and up to when) to hold.

    None is read farther than the longest stretch of `AHEAD`.
    """
    found: dict[UUID, oncall.Schedule] = {}
    left = set(schedule_ids)
    for ahead in AHEAD:
        loaded = schedules.load(left, at, at + ahead)
        last = ahead == AHEAD[-1]
        found |= {each.id: each for each in loaded.values() if last or enough(each, at + ahead)}
        left = loaded.keys() - found.keys()
    return found


def _hands_over(schedule: oncall.Schedule, at: datetime, end: datetime) -> bool:
    """Whether everybody who is on call at `at` has handed over before `end`."""
    return all(len(oncall.shifts(schedule, duty.position, at, end)) > 1 for duty in oncall.on_call(schedule, at))


def until(schedule: oncall.Schedule, position: int | None, at: datetime) -> datetime:
    """When the shift under way at `at` ends, in the layer at `position`, or without one in the line that counts."""
    line: tuple[oncall.Shift, ...] = ()
    for ahead in AHEAD:
        end = at + ahead
        line = oncall.final(schedule, at, end) if position is None else oncall.shifts(schedule, position, at, end)
        if len(line) > 1:
            break
    return line[0].end


def names(user_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """What these people are called, whether they are members still or not."""
    wanted = list(set(user_ids))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(NAMES, {"ids": wanted})
        return dict(cursor.fetchall())
