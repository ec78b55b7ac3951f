"""The one place that makes JSON of schedules and who is on call."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from nightbell.api.rendering import instant
from nightbell.core import oncall
from nightbell.data.reads import on_call, schedules


def schedule_row(summary: schedules.Summary) -> dict[str, Any]:
    """A schedule in a list."""
    return {
        "id": str(summary.id),
        "name": summary.name,
        "description": summary.description,
        "timezone": summary.timezone,
        "createdAt": instant(summary.created_at),
        "updatedAt": instant(summary.updated_at),
    }


def schedule(summary: schedules.Summary, layers: Iterable[schedules.LayerRow]) -> dict[str, Any]:
    """A schedule with its layers."""
    return schedule_row(summary) | {"layers": [layer(each) for each in layers]}


def layer(row: schedules.LayerRow) -> dict[str, Any]:
    """A rotation layer, as it was written."""
    return {
        "id": str(row.id),
        "name": row.name,
        "position": row.position,
        "rotationType": row.rotation_type,
        "rotationLengthDays": row.rotation_length_days,
        "handoffTime": row.handoff_time,
        "effectiveFrom": instant(row.effective_from),
        "effectiveUntil": instant(row.effective_until),
        "participantIds": [str(user_id) for user_id in row.participant_ids],
    }


def override(schedule_id: UUID, row: schedules.OverrideRow) -> dict[str, Any]:
    """An override."""
    by = row.created_by
    return {
        "id": str(row.id),
        "scheduleId": str(schedule_id),
        "layerId": _id(row.layer_id),
        "userId": str(row.user_id),
        "userName": row.name,
        "startsAt": instant(row.starts_at),
        "endsAt": instant(row.ends_at),
        "createdBy": {"type": by.type, "id": _id(by.id), "name": by.name},
        "createdAt": instant(row.created_at),
    }


def resolved(found: on_call.Resolved) -> dict[str, Any]:
    """Who is on call."""
    return {
        "at": instant(found.at),
        "owner": _on_call(found.owner) if found.owner else None,
        "pagingTargets": [_on_call(each) for each in found.paging_targets],
        "currentOnCall": [_on_call(each) for each in found.current],
    }


def timeline(found: on_call.Timeline) -> dict[str, Any]:
    """Who is on call when."""
    return {
        "startsAt": instant(found.start),
        "endsAt": instant(found.end),
        "timezone": found.schedule.timezone,
        "layers": [
            {
                "position": line.position,
                "layerId": _id(line.layer_id),
                "shifts": _shifts(line.shifts, found.names),
            }
            for line in found.lines
        ],
        "overrides": [override(found.schedule.id, row) for row in found.overrides],
        "final": _shifts(found.final, found.names),
        "gaps": [
            {"startsAt": instant(shift.start), "endsAt": instant(shift.end)}
            for shift in found.final
            if shift.duty is None
        ],
    }


def preview(changes: Iterable[oncall.Change], names: Mapping[UUID, str]) -> dict[str, Any]:
    """What an edit would do."""
    return {
        "changes": [
            {
                "startsAt": instant(change.start),
                "endsAt": instant(change.end),
                "position": change.position,
                "loses": _person(change.loses, names),
                "gains": _person(change.gains, names),
            }
            for change in changes
        ]
    }


def _shifts(shifts: Sequence[oncall.Shift], names: Mapping[UUID, str]) -> list[dict[str, Any]]:
    return [
        {
            "startsAt": instant(shift.start),
            "endsAt": instant(shift.end),
            "person": _person(shift.duty.user_id, names) if shift.duty else None,
            "position": shift.duty.position if shift.duty else None,
            "layerId": _id(shift.duty.layer_id) if shift.duty else None,
            "overrideId": _id(shift.duty.override_id) if shift.duty else None,
        }
        for shift in shifts
    ]


def _on_call(each: on_call.OnCall) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "name": each.name,
        "layerId": _id(each.layer_id),
        "position": each.position,
        "overrideId": _id(each.override_id),
        "until": instant(each.until),
    }


def _person(user_id: UUID | None, names: Mapping[UUID, str]) -> dict[str, Any] | None:
    return None if user_id is None else {"id": str(user_id), "name": names[user_id]}


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None
