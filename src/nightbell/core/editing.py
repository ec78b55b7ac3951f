"""Editing a schedule: what an edit keeps as it is, and who gains and who loses which stretch by it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from uuid import UUID

from nightbell.core import oncall


@dataclass(frozen=True, slots=True)
class Draft:
    """A rotation as it is asked for.

    `position` None is last, `name` None is *Rotation N*, `length_days` None is what the kind says. The first
    participant has the shift that holds `rotation_start`; None is the first shift. A None among the participants is
    nobody's id.
    """

    kind: oncall.Kind
    handoff_time: time
    effective_from: datetime
    participants: tuple[UUID | None, ...]
    length_days: int | None = None
    effective_until: datetime | None = None
    position: int | None = None
    name: str | None = None
    rotation_start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of a layer that changes hands in an edit; None is nobody."""

    start: datetime
    end: datetime
    position: int
    loses: UUID | None
    gains: UUID | None


def rotation_start(rotation: oncall.Rotation, timezone: str) -> datetime:
    """When the first shift of the first participant starts, which says whose turn every other shift is."""
    turns = oncall.turns_of(rotation, timezone, frozenset())
    return turns.handoff(-rotation.offset % len(rotation.participants))


def starting(rotation: oncall.Rotation, timezone: str, start: datetime) -> oncall.Rotation:
    """`rotation` with the offset at which the first participant has the shift that holds `start`, in force or not."""
    shift = oncall.turns_of(rotation, timezone, frozenset()).counted(oncall.utc(start))
    if (shift + rotation.offset) % len(rotation.participants) == 0:
        return rotation
    return replace(rotation, offset=-shift % len(rotation.participants))


def keeping(
    before: oncall.Schedule, rotation: oncall.Rotation, edited: oncall.Rotation, timezone: str, now: datetime
) -> oncall.Rotation:
    """`edited` with the offset at which whoever takes the turn in `rotation` takes it now as well.

    Somebody who is no longer a participant is followed by whoever came next in the old order and still is one. A turn
    of somebody inactive stays theirs where it goes to the same person, so that nobody's later shifts move.
    """
    now = oncall.utc(now)
    shift = oncall.turns_of(rotation, before.timezone, before.inactive).number(now)
    new_shift = oncall.turns_of(edited, timezone, before.inactive).number(now)
    if shift is None or new_shift is None:
        return edited
    queue = oncall.counted_round(rotation.participants, shift + rotation.offset)
    staying = [user_id for user_id in queue if user_id in edited.participants]
    keeper = oncall.first_active(staying, before.inactive)
    for user_id in staying:
        place = edited.participants.index(user_id)
        if oncall.first_active(oncall.counted_round(edited.participants, place), before.inactive) == keeper:
            return replace(edited, offset=(place - new_shift) % len(edited.participants))
    return edited


def difference(before: oncall.Schedule, after: oncall.Schedule, start: datetime, end: datetime) -> tuple[Change, ...]:
    """Who gains and who loses which stretch of `[start, end)`, layer by layer, when `before` becomes `after`."""
    changes: list[Change] = []
    for position in sorted({*oncall.positions(before), *oncall.positions(after)}):
        old, new = oncall.shifts(before, position, start, end), oncall.shifts(after, position, start, end)
        for left, right, loser, gainer in _side_by_side(old, new):
            last = changes[-1] if changes else None
            if loser == gainer:
                continue
            # Never the last of another layer: that one ends where all of them end.
            if last and (last.end, last.loses, last.gains) == (left, loser, gainer):
                changes[-1] = replace(last, end=right)
            else:
                changes.append(Change(left, right, position, loser, gainer))
    return tuple(changes)


def _side_by_side(
    old: Sequence[oncall.Shift], new: Sequence[oncall.Shift]
) -> Iterator[tuple[datetime, datetime, UUID | None, UUID | None]]:
    """The stretches, and who has them in either of two lines over the same time."""
    was, becomes = 0, 0
    while was < len(old):
        one, other = old[was], new[becomes]
        end = min(one.end, other.end)
        yield max(one.start, other.start), end, _holder(one), _holder(other)
        was += one.end == end
        becomes += other.end == end


def _holder(shift: oncall.Shift) -> UUID | None:
    return shift.duty.user_id if shift.duty else None
