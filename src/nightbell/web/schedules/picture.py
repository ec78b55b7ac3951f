"""The picture of a schedule: the only place that turns a timeline into boxes, and says the same in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from nightbell.core import instants, oncall
from nightbell.data.reads import on_call, schedules
from nightbell.web import wording
from nightbell.web.schedules import forms

TONES = 6
NOBODY = "Nobody"
# Narrower than these shares of the picture a box has room for a first name, for initials, for nothing.
ROOM_FOR_A_NAME = 0.1
ROOM_FOR_A_FIRST_NAME = 0.05
ROOM_FOR_INITIALS = 0.02


@dataclass(frozen=True, slots=True)
class Label:
    """What a box has room for; in the shift under way it stands where the line of the present leaves most of it."""

    x: str
    width: str
    text: str
    is_short: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A shift, or a gap, in per cent of the picture.

    `link` leads to the form that overrides it, or to the override that it is; the past has none.
    """

    x: str
    width: str
    kind: str
    tone: int
    words: str
    link: str
    label: Label


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation's name, and in words how often its turns change."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture."""

    label: str
    note: str
    is_final: bool
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day's column; `change` says how the clocks change on it, if they do, and `sign` says it as short as can be."""

    x: str
    width: str
    at: datetime
    is_today: bool
    is_weekend: bool
    change: str
    sign: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A row of the table that says what the picture shows; it may have begun before, or go on after, what is shown."""

    line: str
    who: str
    start: datetime
    end: datetime
    began_before: bool
    goes_on: bool
    why: str
    link: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A schedule from `start` to `end`; `now` is None where the present is outside, `tones` are people's colours."""

    start: datetime
    end: datetime
    rows: tuple[Row, ...]
    days: tuple[Day, ...]
    now: str | None
    table: tuple[Turn, ...]
    gaps: tuple[tuple[datetime, datetime], ...]
    tones: Mapping[UUID, int]


def window(zone: ZoneInfo, first: date, weeks: int) -> tuple[datetime, datetime]:
    """From the local midnight that begins `first` to the one that ends the last day."""
    return _midnight(zone, first), _midnight(zone, first + timedelta(weeks=weeks))


def picture(
    found: on_call.Timeline,
    rotations: Mapping[UUID, Rotation],
    members: Mapping[UUID, str],
    zone: ZoneInfo,
    now: datetime,
) -> Picture:
    """Draw a timeline, with the days of `zone`. `rotations` has the name and the kind of each by its id."""
    scale = _Scale(found.start, found.end)
    names = {**members, **found.names}
    tones = colours(names)
    drawn = _Drawing(found, scale, tones, rotations, now)
    rows = [Row("On call", "what counts", True, drawn.boxes(found.final, None))]
    for place, lane in enumerate(_lanes([each for each in found.overrides if each.user_id in members])):
        rows.append(Row("" if place else "Overrides", "", False, tuple(drawn.override(each) for each in lane)))
    table = list(drawn.turns("On call", found.final, None))
    for line in found.lines:
        if line.layer_id is None:
            continue
        # One that was added since the names were read has none yet.
        rotation = rotations.get(line.layer_id) or Rotation(oncall.unnamed(line.position + 1), "")
        label = wording.plain(rotation.name, 100)
        rows.append(Row(label, rotation.kind, False, drawn.boxes(line.shifts, line.layer_id)))
        table += drawn.turns(label, line.shifts, line.layer_id)
    return Picture(
        found.start,
        found.end,
        tuple(rows),
        tuple(_days(zone, scale, now)),
        scale.per_cent(now) if found.start <= now < found.end else None,
        tuple(table),
        tuple((shift.start, shift.end) for shift in found.final if shift.duty is None),
        tones,
    )


def colours(names: Mapping[UUID, str]) -> Mapping[UUID, int]:
    """A colour for each of these people, the same wherever the same people are."""
    return {user_id: place % TONES for place, user_id in enumerate(sorted(names, key=lambda each: (names[each], each)))}


def initials(name: str) -> str:
    """`Bo Lind` as `BL`."""
    return "".join(word[0] for word in wording.plain(name, 100).split()[:2]).upper()


@dataclass(frozen=True, slots=True)
class _Scale:
    start: datetime
    end: datetime

    def share(self, start: datetime, end: datetime) -> float:
        return (end - start) / (self.end - self.start)

    def per_cent(self, at: datetime) -> str:
        return self.width(self.start, at)

    def width(self, start: datetime, end: datetime) -> str:
        return f"{self.share(start, end) * 100:.4f}%"


@dataclass(frozen=True, slots=True)
class _Drawing:
    found: on_call.Timeline
    scale: _Scale
    tones: Mapping[UUID, int]
    rotations: Mapping[UUID, Rotation]
    now: datetime

    def boxes(self, shifts: tuple[oncall.Shift, ...], layer_id: UUID | None) -> tuple[Box, ...]:
        return tuple(
            self._box(
                shift.start,
                shift.end,
                _kind(shift.duty),
                shift.duty.user_id if shift.duty else None,
                self._link(shift, layer_id),
            )
            for shift in shifts
        )

    def override(self, row: schedules.OverrideRow) -> Box:
        start, end = max(row.starts_at, self.found.start), min(row.ends_at, self.found.end)
        link = f"#override-{row.id}" if row.ends_at > self.now else ""
        return self._box(start, end, "override", row.user_id, link, row.name)

    def turns(self, label: str, shifts: tuple[oncall.Shift, ...], layer_id: UUID | None) -> Iterator[Turn]:
        for shift in shifts:
            duty = shift.duty
            yield Turn(
                label,
                self._name(duty.user_id if duty else None),
                shift.start,
                shift.end,
                shift.start == self.found.start,
                shift.end == self.found.end,
                _why(duty, self.rotations),
                self._link(shift, layer_id),
            )

    def _box(
        self, start: datetime, end: datetime, kind: str, user_id: UUID | None, link: str, name: str | None = None
    ) -> Box:
        name = wording.plain(name, 100) if name else self._name(user_id)
        tone = self.tones.get(user_id, 0) if user_id else 0
        x, width = self.scale.per_cent(start), self.scale.width(start, end)
        return Box(x, width, kind, tone, name, link, self._label(start, end, name))

    def _label(self, start: datetime, end: datetime, name: str) -> Label:
        if start < self.now < end:
            start, end = max((start, self.now), (self.now, end), key=lambda each: each[1] - each[0])
        share = self.scale.share(start, end)
        if share >= ROOM_FOR_A_NAME:
            text = name
        elif name == NOBODY:
            text = ""  # the hatching says it
        elif share >= ROOM_FOR_A_FIRST_NAME:
            text = (name.split() or [""])[0]
        else:
            text = initials(name) if share >= ROOM_FOR_INITIALS else ""
        return Label(self.scale.per_cent(start), self.scale.width(start, end), text, share < ROOM_FOR_A_FIRST_NAME)

    def _link(self, shift: oncall.Shift, layer_id: UUID | None) -> str:
        if shift.end <= self.now:
            return ""
        if shift.duty and shift.duty.override_id:
            return f"#override-{shift.duty.override_id}"
        return forms.override_query(shift.start, shift.end, layer_id)

    def _name(self, user_id: UUID | None) -> str:
        return wording.plain(self.found.names[user_id], 100) if user_id else NOBODY


def _lanes(overrides: Sequence[schedules.OverrideRow]) -> list[list[schedules.OverrideRow]]:
    """Overrides by start, those of different scopes at the same time one below the other."""
    lanes: list[list[schedules.OverrideRow]] = []
    for each in overrides:
        free = next((lane for lane in lanes if lane[-1].ends_at <= each.starts_at), None)
        if free is None:
            lanes.append([each])
        else:
            free.append(each)
    return lanes


def _kind(duty: oncall.Duty | None) -> str:
    if duty is None:
        return "gap"
    return "override" if duty.override_id else "turn"


def _why(duty: oncall.Duty | None, rotations: Mapping[UUID, Rotation]) -> str:
    if duty is None:
        return "gap"
    if duty.override_id:
        return "override"
    rotation = rotations.get(duty.layer_id) if duty.layer_id else None
    return f"{wording.plain(rotation.name, 100)}, {rotation.kind}" if rotation else ""


def _days(zone: ZoneInfo, scale: _Scale, now: datetime) -> Iterator[Day]:
    today = now.astimezone(zone).date()
    day = scale.start.astimezone(zone).date()
    while (at := _midnight(zone, day)) < scale.end:
        following = _midnight(zone, day + timedelta(days=1))
        if following > at:  # or the zone has left this day out, as Apia did
            yield Day(
                scale.per_cent(at),
                scale.width(at, following),
                at,
                day == today,
                day.isoweekday() > 5,
                *_change(zone, at, following),
            )
        day += timedelta(days=1)


def _change(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[str, str]:
    before, after = (at.astimezone(zone).utcoffset() or timedelta() for at in (start, end))
    if before == after:
        return "", ""
    by = instants.span(abs(after - before))
    return (f"clocks go forward {by}", f"+{by}") if after > before else (f"clocks go back {by}", f"−{by}")


def _midnight(zone: ZoneInfo, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
