"""The picture of a schedule: the only place that turns a timeline into boxes, and says the same in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from nightbell.core import oncall
from nightbell.data.reads import on_call
from nightbell.web import words

TONES = 6
# Narrower than this share of the picture a box has no room for a name.
ROOM_FOR_A_NAME = 0.035


@dataclass(frozen=True, slots=True)
class Box:
    """A shift, or a gap, in per cent of the picture; `link` opens the override form on it."""

    x: str
    width: str
    kind: str
    tone: int
    name: str
    words: str
    link: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture."""

    label: str
    note: str
    is_final: bool
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day's column; `change` says how the clocks change on it, if they do."""

    x: str
    width: str
    at: datetime
    is_today: bool
    is_weekend: bool
    change: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A row of the table that says what the picture shows."""

    line: str
    who: str
    start: datetime
    end: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A schedule from `start` to `end`; `now` is None where the present is outside."""

    start: datetime
    end: datetime
    rows: tuple[Row, ...]
    days: tuple[Day, ...]
    now: str | None
    table: tuple[Turn, ...]
    gaps: tuple[tuple[datetime, datetime], ...]


def window(zone: ZoneInfo, first: date, weeks: int) -> tuple[datetime, datetime]:
    """From the local midnight that begins `first` to the one that ends the last day."""
    return _midnight(zone, first), _midnight(zone, first + timedelta(weeks=weeks))


def picture(found: on_call.Timeline, kinds: Mapping[UUID, str], zone: ZoneInfo, now: datetime) -> Picture:
    """Draw a timeline, with the days of `zone`. `kinds` has each layer's kind of rotation, in words."""
    scale = _Scale(found.start, found.end)
    tones = {user_id: place % TONES for place, user_id in enumerate(sorted(found.names, key=found.names.__getitem__))}
    drawn = _Drawing(found, scale, tones)
    rows = [Row("On call", "what counts", True, drawn.boxes(found.final, None))]
    overrides = tuple(shift for shift in found.final if shift.duty and shift.duty.override_id)
    if overrides:
        rows.append(Row("Overrides", "", False, drawn.boxes(overrides, None)))
    table = list(drawn.turns("On call", found.final, kinds))
    for line in found.lines:
        if line.layer_id is None:
            continue
        label = f"Layer {line.position}"
        rows.append(Row(label, kinds.get(line.layer_id, ""), False, drawn.boxes(line.shifts, line.layer_id)))
        table += drawn.turns(label, line.shifts, kinds)
    return Picture(
        found.start,
        found.end,
        tuple(rows),
        tuple(_days(zone, scale, now)),
        scale.per_cent(now) if found.start <= now < found.end else None,
        tuple(table),
        tuple((shift.start, shift.end) for shift in found.final if shift.duty is None),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    start: datetime
    end: datetime

    def share(self, start: datetime, end: datetime) -> float:
        return (end - start) / (self.end - self.start)

    def per_cent(self, at: datetime) -> str:
        return f"{self.share(self.start, at) * 100:.3f}%"

    def width(self, start: datetime, end: datetime) -> str:
        return f"{self.share(start, end) * 100:.3f}%"


@dataclass(frozen=True, slots=True)
class _Drawing:
    found: on_call.Timeline
    scale: _Scale
    tones: Mapping[UUID, int]

    def boxes(self, shifts: tuple[oncall.Shift, ...], layer_id: UUID | None) -> tuple[Box, ...]:
        return tuple(self._box(shift, layer_id) for shift in shifts)

    def _box(self, shift: oncall.Shift, layer_id: UUID | None) -> Box:
        name = self._name(shift.duty)
        has_room = self.scale.share(shift.start, shift.end) >= ROOM_FOR_A_NAME
        return Box(
            self.scale.per_cent(shift.start),
            self.scale.width(shift.start, shift.end),
            _kind(shift.duty),
            self.tones[shift.duty.user_id] if shift.duty else 0,
            name if has_room else "",
            name,
            self._link(shift, layer_id),
        )

    def _link(self, shift: oncall.Shift, layer_id: UUID | None) -> str:
        given: dict[str, Any] = {"from": _plain(shift.start), "to": _plain(shift.end)}
        if layer_id is not None:
            given["layer"] = str(layer_id)
        return urlencode(given)

    def _name(self, duty: oncall.Duty | None) -> str:
        return words.plain(self.found.names[duty.user_id], 100) if duty else "Nobody"

    def turns(self, label: str, shifts: tuple[oncall.Shift, ...], kinds: Mapping[UUID, str]) -> Iterator[Turn]:
        for shift in shifts:
            yield Turn(label, self._name(shift.duty), shift.start, shift.end, _why(shift.duty, kinds))


def _kind(duty: oncall.Duty | None) -> str:
    if duty is None:
        return "gap"
    return "override" if duty.override_id else "turn"


def _why(duty: oncall.Duty | None, kinds: Mapping[UUID, str]) -> str:
    if duty is None:
        return "gap"
    if duty.override_id:
        return "override"
    kind = kinds.get(duty.layer_id, "") if duty.layer_id else ""
    return f"layer {duty.position}, {kind}".removesuffix(", ")


def _days(zone: ZoneInfo, scale: _Scale, now: datetime) -> Iterator[Day]:
    today = now.astimezone(zone).date()
    day = scale.start.astimezone(zone).date()
    while (at := _midnight(zone, day)) < scale.end:
        following = _midnight(zone, day + timedelta(days=1))
        yield Day(
            scale.per_cent(at),
            scale.width(at, following),
            at,
            day == today,
            day.isoweekday() > 5,
            _change(zone, at, following),
        )
        day += timedelta(days=1)


def _change(zone: ZoneInfo, start: datetime, end: datetime) -> str:
    before, after = (at.astimezone(zone).utcoffset() or timedelta() for at in (start, end))
    if before == after:
        return ""
    return f"clocks go {'forward' if after > before else 'back'} {words.span(abs(after - before))}"


def _midnight(zone: ZoneInfo, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _plain(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
