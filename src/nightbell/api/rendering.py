"""The one place that makes JSON of what is read."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from nightbell.core.incident import actor, paging
from nightbell.data import rows
from nightbell.data.reads import incidents, pages, people, policies

# Kinds of the audit trail that are steps of the status.
_OPENED = "incident_opened"
_STATUS_CHANGED = "status_changed"


def answer(data: Any, status: int = 200) -> HttpResponse:
    """A success."""
    return HttpResponse(json.dumps({"data": data}, ensure_ascii=False), status=status, content_type="application/json")


def nothing() -> HttpResponse:
    """A success with nothing to say."""
    response = HttpResponse(status=204)
    del response.headers["Content-Type"]
    return response


def incident(view: incidents.IncidentView) -> dict[str, Any]:
    """A single incident, as answers to writes have it."""
    shown = _incident(view)
    shown["escalation"]["notifiedResponders"] = [_notified(each) for each in view.notified]
    shown["escalation"]["nextLayer"] = (
        _next_layer(view.next_stop) if view.next_stop and not view.incident.held else None
    )
    return shown


def whole_incident(view: incidents.IncidentView) -> dict[str, Any]:
    """A single incident with its record."""
    shown = incident(view)
    shown["statusHistory"] = [_step(entry) for entry in view.audit_trail if entry.kind in {_OPENED, _STATUS_CHANGED}]
    shown["auditTrail"] = [_entry(entry) for entry in view.audit_trail]
    return shown


def incident_rows(views: Sequence[incidents.IncidentView], next_cursor: int | None) -> dict[str, Any]:
    """A page of a list of incidents."""
    return {
        "incidents": [_incident(view) for view in views],
        "nextCursor": None if next_cursor is None else str(next_cursor),
    }


def page(row: pages.PageRow) -> dict[str, Any]:
    """A page of an incident."""
    return {
        "id": str(row.id),
        "responder": {"id": str(row.user_id), "name": row.name},
        "channel": row.channel,
        "reason": row.reason,
        "round": row.round,
        "layerPosition": row.position or None,
        "state": row.state,
        "queuedAt": instant(row.queued_at),
        "settledAt": instant(row.settled_at),
        "attempts": row.attempts,
        "error": row.error,
    }


def policy_row(view: policies.PolicyView) -> dict[str, Any]:
    """A policy in a list."""
    return {
        "id": str(view.id),
        "name": view.name,
        "description": view.description,
        "repeatCount": view.repeat_count,
        "createdAt": instant(view.created_at),
        "updatedAt": instant(view.updated_at),
    }


def policy(view: policies.PolicyView) -> dict[str, Any]:
    """A policy with its layers."""
    return policy_row(view) | {"layers": [layer(each) for each in view.layers]}


def layer(view: policies.LayerView) -> dict[str, Any]:
    """A layer of a policy."""
    return {
        "id": str(view.id),
        "position": view.position,
        "ackTimeoutMinutes": view.ack_timeout_minutes,
        "target": rows.target_values(view.target),
    }


def user(member: people.Member) -> dict[str, Any]:
    """Somebody who can be named as an owner or a target."""
    return {
        "id": str(member.id),
        "firstName": member.first_name,
        "lastName": member.last_name,
        "email": member.email,
    }


def instant(at: datetime | None) -> str | None:
    """ISO 8601, UTC, milliseconds."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _incident(view: incidents.IncidentView) -> dict[str, Any]:
    now = view.incident
    policy_id = str(now.policy.id) if now.policy else None
    return {
        "id": str(now.id),
        "number": view.number,
        "orgId": str(view.organization_id),
        "title": view.title,
        "description": view.description,
        "severity": view.severity,
        "status": now.status,
        "ownerId": str(now.owner_id),
        "escalationPolicyId": policy_id,
        "affectedComponents": [],
        "createdBy": _actor(view.created_by),
        "createdAt": instant(view.created_at),
        "updatedAt": instant(view.updated_at),
        "resolvedAt": instant(now.resolved_at),
        "escalation": {
            "state": now.state,
            "policyId": policy_id,
            "policyName": now.policy.name if now.policy else None,
            "layerPosition": now.position or None,
            "layerCount": now.layer_count,
            "round": now.round,
            # The clock of a held incident does not run: nothing happens at its instant.
            "nextEscalationAt": None if now.held else instant(now.due_at),
            "acknowledgedBy": _actor(now.acknowledged_by) if now.acknowledged_by else None,
            "acknowledgedAt": instant(now.acknowledged_at),
        },
    }


def _notified(each: incidents.Notified) -> dict[str, Any]:
    return {
        "id": str(each.person.id),
        "name": each.person.name,
        "pagedAt": instant(each.paged_at),
        "channels": [
            {"channel": way.channel, "state": way.state, "at": instant(way.at), "error": way.error}
            for way in each.channels
        ],
    }


def _next_layer(stop: paging.Stop) -> dict[str, Any]:
    return {
        "position": stop.position if stop.layer else None,
        "target": rows.target_values(stop.target) if stop.target else {"type": "fallback"},
        "responders": [_person(member.id, member.name) for member, _ in stop.group],
    }


def _step(entry: incidents.Entry) -> dict[str, Any]:
    return {
        "id": str(entry.id),
        "status": entry.data["status"] if entry.kind == _STATUS_CHANGED else "investigating",
        "changedAt": instant(entry.at),
        "resolutionNote": entry.data.get("resolutionNote"),
    }


def _entry(entry: incidents.Entry) -> dict[str, Any]:
    return {
        "id": str(entry.id),
        "kind": entry.kind,
        "at": instant(entry.at),
        "actor": _actor(entry.actor) | {"via": entry.actor.via},
        "data": entry.data,
    }


def _actor(who: actor.Actor) -> dict[str, Any]:
    return {"type": who.type, "id": str(who.id) if who.id else None, "name": who.name}


def _person(user_id: UUID, name: str) -> dict[str, Any]:
    return {"id": str(user_id), "name": name}
