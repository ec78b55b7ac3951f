"""Uncovered time in words: the only place that says on a page for how long nobody is on call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from nightbell.core import instants
from nightbell.data.reads import gaps

MAX_SCHEDULES = 3


@dataclass(frozen=True, slots=True)
class GapSummary:
    """A schedule and how much of the next two weeks nobody has; `first` is when that begins, None if it has."""

    schedule_id: UUID
    name: str
    length: str
    first: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """What the dashboard says; `more` schedules are only counted."""

    uncovered: tuple[GapSummary, ...]
    more: int


def line(found: Iterable[gaps.ScheduleGaps], now: datetime) -> Line | None:
    """The one line about every schedule with gaps; None where everything is covered."""
    told = [_told(each, now) for each in found]
    return Line(tuple(told[:MAX_SCHEDULES]), max(0, len(told) - MAX_SCHEDULES)) if told else None


def by_schedule(found: Iterable[gaps.ScheduleGaps], now: datetime) -> Mapping[UUID, GapSummary]:
    """The same for each schedule."""
    return {each.schedule_id: _told(each, now) for each in found}


def _told(found: gaps.ScheduleGaps, now: datetime) -> GapSummary:
    total = sum((end - start for start, end in found.gaps), timedelta())
    first = found.gaps[0][0]
    return GapSummary(found.schedule_id, found.name, instants.span(total), first if first > now else None)
