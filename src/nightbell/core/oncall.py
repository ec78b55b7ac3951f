"""Who is on call: the one function that answers it for an instant, and the one that draws it for a stretch of time.

Paging, previews, the API, the pages, the calendar feeds and the reports call these and nothing else. Rotations are
counted in the schedule's wall time; where a handoff's wall time is repeated it happens at its first occurrence, and
where it is skipped it is read with the offset from before the gap, so that 02:30 happens at 03:30 (RFC 5545, 3.3.5).
Every interval is half-open.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Rotation:
    """One layer of a schedule: people taking turns.

    Shift 0 starts at `effective_from`; shift k ≥ 1 starts at `handoff_time`, by the wall clock of the schedule's zone,
    on the local date of `effective_from` plus k × `length_days` days. Shift k belongs to participant k + `offset`,
    counted round; `offset` is moved by edits that keep today's person, and never by a client.
    """

    id: UUID
    position: int
    length_days: int
    handoff_time: time
    effective_from: datetime
    effective_until: datetime | None
    participants: tuple[UUID, ...]
    offset: int = 0


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

    `inactive` are people who have left: their turns go to the next participant, their overrides to nobody.
    """

    id: UUID
    timezone: str
    layers: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()
    inactive: frozenset[UUID] = frozenset()


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
    """Who is on call at `at` (aware, any zone), in order of position, at most one a layer. Constant work a layer."""
    instant = at.astimezone(UTC)
    duties = (_on_line(schedule, line, instant) for line in _lines(schedule))
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
    line = next((line for line in _lines(schedule) if line.position == position), _Line(position, None))
    return _drawn(schedule, (line,), start, end)


def final(schedule: Schedule, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The line that counts from `start` to `end`: at each instant the duty of the schedule's owner."""
    return _drawn(schedule, _lines(schedule), start, end)


def gaps(schedule: Schedule, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """When nobody at all is on call."""
    return tuple((shift.start, shift.end) for shift in final(schedule, start, end) if shift.duty is None)


def positions(schedule: Schedule) -> tuple[int, ...]:
    """The positions that have a line: one a layer, and 0 for what the whole schedule is overridden with."""
    return tuple(line.position for line in _lines(schedule))


# Editing.


def keeping(before: Schedule, rotation: Rotation, edited: Rotation, timezone: str, now: datetime) -> Rotation:
    """`edited` with the offset at which whoever has the turn in `rotation` keeps it now.

    Somebody who is no longer a participant is followed by whoever came next in the old order and still is one.
    """
    shift = _shift_at(rotation, ZoneInfo(before.timezone), now.astimezone(UTC))
    new_shift = _shift_at(edited, ZoneInfo(timezone), now.astimezone(UTC))
    if shift is None or new_shift is None or not rotation.participants or not edited.participants:
        return edited
    count = len(rotation.participants)
    turn = (shift + rotation.offset) % count
    followers = (rotation.participants[(turn + step) % count] for step in range(count))
    keeper = next((user_id for user_id in followers if user_id in edited.participants), None)
    if keeper is None:
        return edited
    place = edited.participants.index(keeper)
    return replace(edited, offset=(place - new_shift) % len(edited.participants))


# How it is done.


@dataclass(frozen=True, slots=True)
class _Line:
    position: int
    rotation: Rotation | None


def _lines(schedule: Schedule) -> tuple[_Line, ...]:
    lines = tuple(_Line(rotation.position, rotation) for rotation in sorted(schedule.layers, key=_position))
    if lines and lines[0].position == 0:
        return lines
    return (_Line(0, None), *lines)


def _position(rotation: Rotation) -> int:
    return rotation.position


def _on_line(schedule: Schedule, line: _Line, at: datetime) -> Duty | None:
    """An override of the whole schedule comes first, then one of the layer, then the turn."""
    layer_id = line.rotation.id if line.rotation else None
    scopes: Collection[UUID | None] = (None, layer_id) if line.position == 0 else (layer_id,)
    for scope in dict.fromkeys(scopes):
        for override in schedule.overrides:
            if override.layer_id == scope and override.starts_at <= at < override.ends_at:
                if override.user_id not in schedule.inactive:
                    return Duty(override.user_id, line.position, layer_id, None, override.id)
    if line.rotation is None:
        return None
    return _turn(schedule, line.rotation, at)


def _turn(schedule: Schedule, rotation: Rotation, at: datetime) -> Duty | None:
    shift = _shift_at(rotation, ZoneInfo(schedule.timezone), at)
    if shift is None:
        return None
    count = len(rotation.participants)
    for step in range(count):
        user_id = rotation.participants[(shift + rotation.offset + step) % count]
        if user_id not in schedule.inactive:
            return Duty(user_id, rotation.position, rotation.id, shift, None)
    return None


def _shift_at(rotation: Rotation, zone: ZoneInfo, at: datetime) -> int | None:
    """The number of the shift at `at` (UTC): as many whole lengths as dates have passed, give or take one."""
    if at < rotation.effective_from or (rotation.effective_until is not None and at >= rotation.effective_until):
        return None
    days = (at.astimezone(zone).date() - _first_date(rotation, zone)).days
    guess = max(days // rotation.length_days, 0) + 1
    while _handoff(rotation, zone, guess) > at:
        guess -= 1
    return guess


def _handoff(rotation: Rotation, zone: ZoneInfo, shift: int) -> datetime:
    """When shift number `shift` starts, in UTC. `fold=0` is the first occurrence, and the offset from before a gap."""
    if shift <= 0:
        return rotation.effective_from.astimezone(UTC)
    day = _first_date(rotation, zone) + timedelta(days=shift * rotation.length_days)
    at = datetime.combine(day, rotation.handoff_time, tzinfo=zone).astimezone(UTC)
    return max(at, rotation.effective_from.astimezone(UTC))


def _first_date(rotation: Rotation, zone: ZoneInfo) -> date:
    return rotation.effective_from.astimezone(zone).date()


def _drawn(schedule: Schedule, lines: tuple[_Line, ...], start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Ask the point function at every edge, and join what is the same on both sides of one."""
    edges = sorted({edge for line in lines for edge in _edges(schedule, line, start, end)} | {start, end})
    drawn: list[Shift] = []
    for left, right in pairwise(edges):
        instant = left.astimezone(UTC)
        duty = next((duty for line in lines if (duty := _on_line(schedule, line, instant)) is not None), None)
        if drawn and drawn[-1].duty == duty:
            drawn[-1] = replace(drawn[-1], end=right)
        else:
            drawn.append(Shift(left, right, duty))
    return tuple(drawn)


def _edges(schedule: Schedule, line: _Line, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every instant strictly between `start` and `end` at which this line may change."""
    candidates: list[datetime] = []
    for override in schedule.overrides:
        candidates += (override.starts_at, override.ends_at)
    if line.rotation is not None:
        candidates += _handoffs(line.rotation, ZoneInfo(schedule.timezone), start, end)
        candidates += (line.rotation.effective_from, line.rotation.effective_until or end)
    return (edge for edge in candidates if start < edge < end)


def _handoffs(rotation: Rotation, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    first = max(start, rotation.effective_from)
    shift = _shift_at(replace(rotation, effective_until=None), zone, first.astimezone(UTC))
    assert shift is not None
    while (edge := _handoff(rotation, zone, shift)) < end:
        yield edge
        shift += 1
