"""What is answered about schedules and who is on call."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated
from uuid import UUID

from typing_extensions import TypedDict

from nightbell.api import shapes
from nightbell.api.shapes import Actor, Id, Instant, Person
from nightbell.core import editing, oncall
from nightbell.data.reads import on_call, schedules

RotationType = Annotated[str, shapes.words(oncall.Kind)]


class Rotation(TypedDict):
    """A rotation layer, as it was written; position 0 bears ownership."""

    id: Id
    name: str
    position: int
    rotationType: RotationType
    rotationLengthDays: int
    rotationStart: Instant
    handoffTime: str
    effectiveFrom: Instant
    effectiveUntil: Instant | None
    participantIds: list[Id]


class ScheduleRow(TypedDict):
    """A schedule in a list."""

    id: Id
    name: str
    description: str | None
    timezone: str
    createdAt: Instant
    updatedAt: Instant
    version: int


class Schedule(ScheduleRow):
    """A schedule."""

    layers: list[Rotation]


class Schedules(TypedDict):
    """Every schedule, by name."""

    schedules: list[ScheduleRow]


class OverrideRow(TypedDict):
    """Somebody else for a while; without a layer, in the whole schedule."""

    id: Id
    scheduleId: Id
    layerId: Id | None
    userId: Id
    userName: str
    startsAt: Instant
    endsAt: Instant
    createdBy: Actor
    createdAt: Instant


class Overrides(TypedDict):
    """Overrides, the earliest first."""

    overrides: list[OverrideRow]


class OnCall(Person):
    """Somebody on call, with the layer and the override that put them there, and until when without a change."""

    layerId: Id | None
    position: int
    overrideId: Id | None
    until: Instant


class Resolved(TypedDict):
    """Who is on call: one a layer; whom a page reaches, each once; and who would own an incident."""

    at: Instant
    owner: OnCall | None
    pagingTargets: list[OnCall]
    currentOnCall: list[OnCall]


class Shift(TypedDict):
    """A stretch of one line; in a gap there is nobody."""

    startsAt: Instant
    endsAt: Instant
    person: Person | None
    position: int | None
    layerId: Id | None
    overrideId: Id | None


class Line(TypedDict):
    """A layer's line; `layerId` is null where overrides have position 0 to themselves."""

    position: int
    layerId: Id | None
    shifts: list[Shift]


class Gap(TypedDict):
    """A stretch in which nobody is on call."""

    startsAt: Instant
    endsAt: Instant


class Timeline(TypedDict):
    """Who is on call when: each layer's line, and `final`, the one that counts for ownership."""

    startsAt: Instant
    endsAt: Instant
    timezone: str
    layers: list[Line]
    overrides: list[OverrideRow]
    final: list[Shift]
    gaps: list[Gap]


class ShiftChange(TypedDict):
    """A stretch of a layer that changes hands; null is nobody."""

    startsAt: Instant
    endsAt: Instant
    position: int
    loses: Person | None
    gains: Person | None


class Preview(TypedDict):
    """What an edit would do in the next 28 days."""

    changes: list[ShiftChange]


class CalendarToken(TypedDict):
    """Shown once; the address is that of one's own feed."""

    token: str
    url: str


def schedules_by_name(found: Iterable[schedules.Summary]) -> Schedules:
    """A list of schedules."""
    return {"schedules": [_row(summary) for summary in found]}


def schedule(summary: schedules.Summary, layers: Iterable[oncall.Rotation]) -> Schedule:
    """A schedule with its layers."""
    return {**_row(summary), "layers": [layer(each, summary.timezone) for each in layers]}


def layer(row: oncall.Rotation, timezone: str) -> Rotation:
    """A rotation layer, as it was written, of a schedule in this zone."""
    return {
        "id": str(row.id),
        "name": row.name,
        "position": row.position,
        "rotationType": row.kind.value,
        "rotationLengthDays": row.length_days,
        "rotationStart": shapes.instant(editing.rotation_start(row, timezone)),
        "handoffTime": f"{row.handoff_time:%H:%M}",
        "effectiveFrom": shapes.instant(row.effective_from),
        "effectiveUntil": shapes.instant_if(row.effective_until),
        "participantIds": [str(user_id) for user_id in row.participants],
    }


def override(schedule_id: UUID, row: schedules.OverrideRow) -> OverrideRow:
    """An override."""
    return {
        "id": str(row.id),
        "scheduleId": str(schedule_id),
        "layerId": shapes.id_if(row.layer_id),
        "userId": str(row.user_id),
        "userName": row.name,
        "startsAt": shapes.instant(row.starts_at),
        "endsAt": shapes.instant(row.ends_at),
        "createdBy": shapes.by(row.created_by),
        "createdAt": shapes.instant(row.created_at),
    }


def overrides(schedule_id: UUID, rows: Iterable[schedules.OverrideRow]) -> Overrides:
    """A list of overrides."""
    return {"overrides": [override(schedule_id, row) for row in rows]}


def resolved(found: on_call.Resolved) -> Resolved:
    """Who is on call."""
    return {
        "at": shapes.instant(found.at),
        "owner": _on_call(found.owner) if found.owner else None,
        "pagingTargets": [_on_call(each) for each in found.paging_targets],
        "currentOnCall": [_on_call(each) for each in found.current],
    }


def timeline(found: on_call.Timeline) -> Timeline:
    """Who is on call when."""
    return {
        "startsAt": shapes.instant(found.start),
        "endsAt": shapes.instant(found.end),
        "timezone": found.schedule.timezone,
        "layers": [
            {
                "position": line.position,
                "layerId": shapes.id_if(line.layer_id),
                "shifts": _shifts(line.shifts, found.names),
            }
            for line in found.lines
        ],
        "overrides": [override(found.schedule.id, row) for row in found.overrides],
        "final": _shifts(found.final, found.names),
        "gaps": [
            {"startsAt": shapes.instant(shift.start), "endsAt": shapes.instant(shift.end)}
            for shift in found.final
            if shift.duty is None
        ],
    }


def preview(changes: Iterable[editing.Change], names: Mapping[UUID, str]) -> Preview:
    """What an edit would do."""
    return {
        "changes": [
            {
                "startsAt": shapes.instant(change.start),
                "endsAt": shapes.instant(change.end),
                "position": change.position,
                "loses": _person(change.loses, names),
                "gains": _person(change.gains, names),
            }
            for change in changes
        ]
    }


def calendar_token(token: str, url: str) -> CalendarToken:
    """A new token, and where it leads."""
    return {"token": token, "url": url}


def _row(summary: schedules.Summary) -> ScheduleRow:
    return {
        "id": str(summary.id),
        "name": summary.name,
        "description": summary.description,
        "timezone": summary.timezone,
        "createdAt": shapes.instant(summary.created_at),
        "updatedAt": shapes.instant(summary.updated_at),
        "version": summary.version,
    }


def _shifts(shifts: Sequence[oncall.Shift], names: Mapping[UUID, str]) -> list[Shift]:
    return [
        {
            "startsAt": shapes.instant(shift.start),
            "endsAt": shapes.instant(shift.end),
            "person": _person(shift.duty.user_id, names) if shift.duty else None,
            "position": shift.duty.position if shift.duty else None,
            "layerId": shapes.id_if(shift.duty.layer_id) if shift.duty else None,
            "overrideId": shapes.id_if(shift.duty.override_id) if shift.duty else None,
        }
        for shift in shifts
    ]


def _on_call(each: on_call.OnCall) -> OnCall:
    return {
        "id": str(each.id),
        "name": each.name,
        "layerId": shapes.id_if(each.layer_id),
        "position": each.position,
        "overrideId": shapes.id_if(each.override_id),
        "until": shapes.instant(each.until),
    }


def _person(user_id: UUID | None, names: Mapping[UUID, str]) -> Person | None:
    return None if user_id is None else shapes.person(user_id, names[user_id])
