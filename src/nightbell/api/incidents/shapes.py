"""What is answered about incidents."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from nightbell.api import shapes
from nightbell.api.shapes import Actor, Id, Instant, Person, ScheduleTarget, UsersTarget
from nightbell.core import delivery
from nightbell.core.incident import actor, effects, paging, state
from nightbell.data.reads import incidents, pages

# Kinds of the audit trail that are steps of the status.
_OPENED = "incident_opened"
_STATUS_CHANGED = "status_changed"

Via = Annotated[str, shapes.words(actor.Via)]
EscalationState = Annotated[str, shapes.words(state.State)]
PageState = Annotated[str, shapes.words(delivery.State)]
PageReason = Annotated[str, shapes.words(effects.Reason)]
Severity = Annotated[str, shapes.words(state.Severity)]
Status = Annotated[str, shapes.words(state.Status)]


class ActorVia(Actor):
    """Who did something, and through which door."""

    via: Via | None


class Component(TypedDict):
    """A part of what the organization runs."""

    id: Id
    name: str


class FallbackTarget(TypedDict):
    """The organization's last resort."""

    type: Literal["fallback"]


NextTarget = Annotated[UsersTarget | ScheduleTarget | FallbackTarget, Field(discriminator="type")]


class ChannelState(TypedDict):
    """What became of the newest page to somebody over one channel."""

    channel: str
    state: PageState
    at: Instant
    error: str | None


class NotifiedResponder(Person):
    """Somebody who was paged since the opening or the last handoff."""

    pagedAt: Instant
    channels: list[ChannelState]


class NextLayer(TypedDict):
    """What would really be paged if nobody answers."""

    position: int | None
    target: NextTarget
    responders: list[Person]


class EscalationRow(TypedDict):
    """How far paging has gone; `paging` without `nextEscalationAt` is held since a restore: nobody is paged."""

    state: EscalationState
    policyId: Id | None
    policyName: str | None
    layerPosition: int | None
    layerCount: int
    round: int
    nextEscalationAt: Instant | None
    acknowledgedBy: Actor | None
    acknowledgedAt: Instant | None


class Escalation(EscalationRow):
    """How far paging has gone, whom it woke and who is next; `nextLayer` is null in answers to writes."""

    notifiedResponders: list[NotifiedResponder]
    nextLayer: NextLayer | None


class _Incident(TypedDict):
    id: Id
    number: int
    orgId: Id
    title: str
    description: str | None
    severity: Severity
    status: Status
    ownerId: Id
    escalationPolicyId: Id | None
    affectedComponents: list[Component]
    createdBy: Actor
    createdAt: Instant
    updatedAt: Instant
    resolvedAt: Instant | None


class IncidentRow(_Incident):
    """An incident in a list."""

    escalation: EscalationRow


class Incident(_Incident):
    """An incident."""

    escalation: Escalation


class Step(TypedDict):
    """A status the incident reached."""

    id: Id
    status: Status
    changedAt: Instant
    resolutionNote: str | None


class Entry(TypedDict):
    """One thing that happened."""

    id: Id
    kind: str
    at: Instant
    actor: ActorVia
    data: Mapping[str, Any]


class WholeIncident(Incident):
    """An incident with its record, oldest first."""

    statusHistory: list[Step]
    auditTrail: list[Entry]


class Incidents(TypedDict):
    """A page of incidents, newest first; `nextCursor` is null on the last one."""

    incidents: list[IncidentRow]
    nextCursor: str | None


class Page(TypedDict):
    """One message to one person over one channel for one reason."""

    id: Id
    responder: Person
    channel: str
    reason: PageReason
    round: int
    layerPosition: int | None
    state: PageState
    queuedAt: Instant
    settledAt: Instant | None
    attempts: int
    error: str | None


class Pages(TypedDict):
    """Every page of an incident, oldest first."""

    pages: list[Page]


def incident(view: incidents.IncidentView) -> Incident:
    """A single incident, as answers to writes have it."""
    ahead = view.next_stop if not view.incident.held else None
    return {
        **_fields(view),
        "escalation": {
            **_escalation(view),
            "notifiedResponders": [_notified(each) for each in view.notified],
            "nextLayer": _next_layer(ahead) if ahead else None,
        },
    }


def whole_incident(view: incidents.IncidentView) -> WholeIncident:
    """A single incident with its record."""
    steps = (entry for entry in view.audit_trail if entry.kind in {_OPENED, _STATUS_CHANGED})
    return {
        **incident(view),
        "statusHistory": [_step(entry) for entry in steps],
        "auditTrail": [_entry(entry) for entry in view.audit_trail],
    }


def incidents_from(views: Sequence[incidents.IncidentView], next_cursor: int | None) -> Incidents:
    """A page of a list of incidents."""
    return {
        "incidents": [{**_fields(view), "escalation": _escalation(view)} for view in views],
        "nextCursor": None if next_cursor is None else str(next_cursor),
    }


def pages_of(rows: Iterable[pages.PageRow]) -> Pages:
    """Every page of an incident."""
    return {"pages": [_page(row) for row in rows]}


def _page(row: pages.PageRow) -> Page:
    return {
        "id": str(row.id),
        "responder": shapes.person(row.user_id, row.name),
        "channel": row.channel,
        "reason": row.reason,
        "round": row.round,
        "layerPosition": row.position or None,
        "state": row.state,
        "queuedAt": shapes.instant(row.queued_at),
        "settledAt": shapes.instant_if(row.settled_at),
        "attempts": row.attempts,
        "error": row.error,
    }


def _fields(view: incidents.IncidentView) -> _Incident:
    now = view.incident
    return {
        "id": str(now.id),
        "number": view.number,
        "orgId": str(view.organization_id),
        "title": view.title,
        "description": view.description,
        "severity": view.severity,
        "status": now.status,
        "ownerId": str(now.owner_id),
        "escalationPolicyId": str(now.policy.id) if now.policy else None,
        "affectedComponents": [],
        "createdBy": shapes.by(view.created_by),
        "createdAt": shapes.instant(view.created_at),
        "updatedAt": shapes.instant(view.updated_at),
        "resolvedAt": shapes.instant_if(now.resolved_at),
    }


def _escalation(view: incidents.IncidentView) -> EscalationRow:
    now = view.incident
    return {
        "state": now.state,
        "policyId": str(now.policy.id) if now.policy else None,
        "policyName": now.policy.name if now.policy else None,
        "layerPosition": now.position or None,
        "layerCount": now.layer_count,
        "round": now.round,
        # The clock of a held incident does not run: nothing happens at its instant.
        "nextEscalationAt": None if now.held else shapes.instant_if(now.due_at),
        "acknowledgedBy": shapes.by(now.acknowledged_by) if now.acknowledged_by else None,
        "acknowledgedAt": shapes.instant_if(now.acknowledged_at),
    }


def _notified(each: incidents.Notified) -> NotifiedResponder:
    return {
        **shapes.person(each.person.id, each.person.name),
        "pagedAt": shapes.instant(each.paged_at),
        "channels": [
            {"channel": way.channel, "state": way.state, "at": shapes.instant(way.at), "error": way.error}
            for way in each.channels
        ],
    }


def _next_layer(stop: paging.Stop) -> NextLayer:
    return {
        "position": stop.position if stop.layer else None,
        "target": shapes.target(stop.target) if stop.target else {"type": "fallback"},
        "responders": [shapes.person(member.id, member.name) for member, _ in stop.group],
    }


def _step(entry: incidents.Entry) -> Step:
    return {
        "id": str(entry.id),
        "status": entry.data["status"] if entry.kind == _STATUS_CHANGED else "investigating",
        "changedAt": shapes.instant(entry.at),
        "resolutionNote": entry.data.get("resolutionNote"),
    }


def _entry(entry: incidents.Entry) -> Entry:
    return {
        "id": str(entry.id),
        "kind": entry.kind,
        "at": shapes.instant(entry.at),
        "actor": {**shapes.by(entry.actor), "via": entry.actor.via},
        "data": entry.data,
    }
