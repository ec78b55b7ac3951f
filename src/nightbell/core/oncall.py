"""Who is on call: the one function that answers it for an instant, and the one that draws it for a stretch of time.

Paging, previews, the API, the pages, the calendar feeds and the reports call these and nothing else. Rotations are
counted in the schedule's wall time; where a handoff's wall time is repeated it happens at its first occurrence, and
where it is skipped it is read with the offset from before the gap, so that 02:30 happens at 03:30 (RFC 5545, 3.3.5).
Every interval is half-open. Instants come in any zone and are answered in UTC; one without a zone is a ValueError.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from nightbell.core import zones

MAX_LAYERS = 50
MAX_PARTICIPANTS = 200


class Kind(StrEnum):
    """How long a shift is called; a custom one has any number of days."""

    DAILY = "daily"
    WEEKLY = "weekly"
    CUSTOM = "custom"


LENGTH_DAYS = {Kind.DAILY: 1, Kind.WEEKLY: 7}
_UNNAMED = re.compile(r"rotation \d+", re.IGNORECASE)


def unnamed(number: int) -> str:
    """The name of a rotation that nobody named."""
    return f"Rotation {number}"


def called(name: str, kind: Kind, length_days: int) -> str:
    """What a sentence calls a rotation: by its name, or where nobody named it by its kind: `weekly rotation`."""
    if not _UNNAMED.fullmatch(name):
        return name
    return f"{kind.value if kind is not Kind.CUSTOM else f'{length_days}-day'} rotation"


@dataclass(frozen=True, slots=True)
class Rotation:
    """One layer of a schedule: people taking turns; `name` and `kind` are for readers.

    Shift 0 starts at `effective_from`; shift k ≥ 1 starts at `handoff_time`, by the wall clock of the schedule's zone,
    on the local date of `effective_from` plus k × `length_days` days. Shift k belongs to participant k + `offset`,
    counted round. Clients read and write the offset as an instant, the rotation's start: `editing.rotation_start`.
    """

    id: UUID
    position: int
    length_days: int
    handoff_time: time
    effective_from: datetime
    effective_until: datetime | None
    participants: tuple[UUID, ...]
    offset: int = 0
    name: str = ""
    kind: Kind = Kind.CUSTOM

    @property
    def called(self) -> str:
        """What a sentence calls it: by its name, or where nobody named it by its kind: `weekly rotation`."""
        return called(self.name, self.kind, self.length_days)


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else for a while: in one layer, or in the whole schedule, which displaces the layer at position 0."""

    id: UUID
    user_id: UUID
    starts_at: datetime
    ends_at: datetime
    layer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Layers in order of position, overrides in any order, and the IANA zone whose wall clock counts.

    `inactive` are people who have left: their turns go to the next participant, their overrides count for
    nothing. `past` is how the schedule was before it was edited, or somebody came or left; the earliest first.
    """

    id: UUID
    timezone: str
    layers: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()
    inactive: frozenset[UUID] = frozenset()
    past: tuple["Earlier", ...] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """How a schedule was, from the end of the one before it on, up to `until`."""

    until: datetime
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody on call in a layer, because of their turn (`shift`, counted from 0) or because of an override.

    `layer_id` is None only for an override of a schedule that has no layer at position 0.
    """

    user_id: UUID
    position: int
    layer_id: UUID | None
    shift: int | None
    override_id: UUID | None


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of one line of the timeline, `[start, end)`; `duty` is None in a gap."""

    start: datetime
    end: datetime
    duty: Duty | None


# The instant.


def on_call(schedule: Schedule, at: datetime) -> tuple[Duty, ...]:
    """Who is on call at `at`, in order of position, at most one a layer. Constant work a layer."""
    instant = utc(at)
    schedule = next((each.schedule for each in schedule.past if instant < each.until), schedule)
    duties = (_duty(line, instant) for line in _lines(schedule, instant, instant))
    return tuple(duty for duty in duties if duty is not None)


def owner(schedule: Schedule, at: datetime) -> UUID | None:
    """The participant of the lowest position that resolves; None in a gap."""
    return next((duty.user_id for duty in on_call(schedule, at)), None)


def paging_targets(schedule: Schedule, at: datetime) -> tuple[UUID, ...]:
    """Everybody on call in any layer, each once, in order of position."""
    return tuple(dict.fromkeys(duty.user_id for duty in on_call(schedule, at)))


# The timeline.


def shifts(schedule: Schedule, position: int, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The line of the layer at `position`: it leaves nothing out of `[start, end)`, and gaps are shifts of nobody."""
    return _joined(
        _drawn([line for line in _lines(each, since, until) if line.position == position], since, until)
        for each, since, until in _pieces(schedule, start, end)
    )


def final(schedule: Schedule, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The line that counts from `start` to `end`: at each instant the duty of the schedule's owner."""
    return _joined(
        _drawn(_lines(each, since, until), since, until) for each, since, until in _pieces(schedule, start, end)
    )


def gaps(schedule: Schedule, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """When nobody at all is on call."""
    return tuple((shift.start, shift.end) for shift in final(schedule, start, end) if shift.duty is None)


def positions(schedule: Schedule) -> tuple[int, ...]:
    """The positions that have a line: one a layer, and 0 for what the whole schedule is overridden with."""
    everything = (schedule, *(each.schedule for each in schedule.past))
    return tuple(sorted({0, *(rotation.position for each in everything for rotation in each.layers)}))


# How it is done.


@dataclass(frozen=True, slots=True)
class Turns:
    """A rotation, with what every question about it needs worked out once."""

    rotation: Rotation
    inactive: frozenset[UUID]
    zone: ZoneInfo
    start: datetime
    until: datetime | None
    first_day: int

    def duty(self, at: datetime) -> Duty | None:
        """Whose turn it is: if they are inactive, the next one's who is not."""
        shift = self.number(at)
        if shift is None:
            return None
        queue = counted_round(self.rotation.participants, shift + self.rotation.offset)
        user_id = first_active(queue, self.inactive)
        return None if user_id is None else Duty(user_id, self.rotation.position, self.rotation.id, shift, None)

    def number(self, at: datetime) -> int | None:
        """The number of the shift at `at`; None before the first and after the end."""
        return None if at < self.start or (self.until and at >= self.until) else self._number(at)

    def handoffs(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """When a shift starts, from the one under way at `start`, or else the first, to the last before `end`."""
        shift = self._number(max(start, self.start))
        while (at := self.handoff(shift)) < end:
            yield at
            shift += 1

    def handoff(self, shift: int) -> datetime:
        """When shift number `shift` starts."""
        if shift <= 0:
            return self.start
        # Where clocks go back over midnight (St. John's until 2011), the next day's handoff may come before the start.
        return max(self._planned(shift), self.start)

    def counted(self, at: datetime) -> int:
        """The number of the shift at `at`, counted on where the rotation is not in force: below 0 before its start."""
        if at >= self.start:
            return self._number(at)
        shift = min(self._dates(at), 0)
        while self._planned(shift) > at:
            shift -= 1
        return shift

    def _planned(self, shift: int) -> datetime:
        day = date.fromordinal(self.first_day + shift * self.rotation.length_days)
        # Without a fold: the first occurrence of a repeated time, and the offset from before a gap.
        return datetime.combine(day, self.rotation.handoff_time, self.zone).replace(fold=0).astimezone(UTC)

    def _number(self, at: datetime) -> int:
        guess = self._dates(at)
        while self.handoff(guess) > at:
            guess -= 1
        return guess

    def _dates(self, at: datetime) -> int:
        """As many whole lengths as dates have passed; one more where clocks go back over midnight, or a few less."""
        return (at.astimezone(self.zone).toordinal() - self.first_day) // self.rotation.length_days + 1


def turns_of(rotation: Rotation, timezone: str, inactive: frozenset[UUID]) -> Turns:
    zone, start = zones.zone(timezone), utc(rotation.effective_from)
    until = None if rotation.effective_until is None else utc(rotation.effective_until)
    return Turns(rotation, inactive, zone, start, until, start.astimezone(zone).toordinal())


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the timeline: overrides, those that come first first, and turns, if it has a layer."""

    position: int
    layer_id: UUID | None
    overrides: list[Override]
    turns: Turns | None


def _lines(schedule: Schedule, start: datetime, end: datetime) -> tuple[_Line, ...]:
    """The lines in order of position, to be asked about instants from `start` to `end`."""
    # Two times of one zone are compared by their wall clocks, also where clocks go back between them.
    start, end = utc(start), utc(end)
    scopes: dict[UUID | None, list[Override]] = {None: []}
    for override in schedule.overrides:
        if override.starts_at <= end and start < override.ends_at and override.user_id not in schedule.inactive:
            scopes.setdefault(override.layer_id, []).append(override)
    whole = scopes[None]
    lines: list[_Line] = []
    for rotation in sorted(schedule.layers, key=lambda each: each.position):
        turns = turns_of(rotation, schedule.timezone, schedule.inactive)
        # An override of the whole schedule comes first, then one of the layer, then the turn.
        overrides = (whole if rotation.position == 0 else []) + scopes.get(rotation.id, [])
        lines.append(_Line(rotation.position, rotation.id, overrides, turns))
    if not lines or lines[0].position != 0:
        lines.insert(0, _Line(0, None, whole, None))
    return tuple(lines)


def _duty(line: _Line, at: datetime) -> Duty | None:
    for override in line.overrides:
        if override.starts_at <= at < override.ends_at:
            return Duty(override.user_id, line.position, line.layer_id, None, override.id)
    return line.turns.duty(at) if line.turns else None


def _drawn(lines: Sequence[_Line], start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Ask the point function at every edge, and join what is the same on both sides of one."""
    between = {edge for line in lines for edge in _edges(line, start, end) if start < edge < end}
    edges = sorted(between | {start, end})
    drawn: list[Shift] = []
    for left, right in pairwise(edges):
        duty = next((duty for line in lines if (duty := _duty(line, left)) is not None), None)
        if drawn and drawn[-1].duty == duty:
            drawn[-1] = Shift(drawn[-1].start, right, duty)
        else:
            drawn.append(Shift(left, right, duty))
    return tuple(drawn)


def _pieces(schedule: Schedule, start: datetime, end: datetime) -> Iterator[tuple[Schedule, datetime, datetime]]:
    """The stretches of `[start, end)`, each with the schedule as it is or was in it."""
    since, end = utc(start), utc(end)
    for each in schedule.past:
        if since < min(each.until, end):
            until = min(utc(each.until), end)
            yield each.schedule, since, until
            since = until
    if since < end:
        yield schedule, since, end


def _joined(pieces: Iterable[tuple[Shift, ...]]) -> tuple[Shift, ...]:
    """One line of several. Somebody who stays through an edit, for the same reason, stays in one shift."""
    joined: list[Shift] = []
    for piece in pieces:
        for shift in piece:
            last = joined[-1] if joined else None
            if last and shift is piece[0] and _is_same(last.duty, shift.duty):
                joined[-1] = Shift(last.start, shift.end, last.duty)
            else:
                joined.append(shift)
    return tuple(joined)


def _is_same(one: Duty | None, other: Duty | None) -> bool:
    """The same but for the number of the shift, which an edit may count from another start."""
    if one is None or other is None:
        return one is other
    return (one.user_id, one.layer_id, one.override_id) == (other.user_id, other.layer_id, other.override_id)


def _edges(line: _Line, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every instant between `start` and `end` at which this line may change, and maybe others."""
    for override in line.overrides:
        yield utc(override.starts_at)
        yield utc(override.ends_at)
    if line.turns:
        last = min(line.turns.until or end, end)
        yield last
        yield from line.turns.handoffs(start, last)


def counted_round(participants: Sequence[UUID], turn: int) -> Iterator[UUID]:
    """The participants in order of their turns, from turn number `turn` on, each once."""
    count = len(participants)
    return (participants[(turn + step) % count] for step in range(count))


def first_active(queue: Iterable[UUID], inactive: frozenset[UUID]) -> UUID | None:
    return next((user_id for user_id in queue if user_id not in inactive), None)


def utc(at: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError for one without a zone."""
    # Python would read an instant without a zone by the machine's own.
    if at.utcoffset() is None:
        raise ValueError("An instant has a time zone.")
    return at.astimezone(UTC)
