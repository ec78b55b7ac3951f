"""The addresses of incidents."""

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Path, Query, Router

from nightbell.actions import incidents
from nightbell.api import brake, errors, parsing
from nightbell.api.access import Request
from nightbell.api.incidents import bodies, shapes
from nightbell.api.shapes import Data, answer
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.data.reads import incidents as reads
from nightbell.data.reads import pages

router = Router(tags=["Incidents"])

Ref = Annotated[str, Path(..., alias="id", description="The id or the number.")]
ONE = {200: Data[shapes.Incident]}


@router.post("/incidents", response={201: Data[shapes.Incident], **ONE})
def open_incident(request: Request, body: bodies.Opening) -> HttpResponse:
    """Open an incident. 201, or 200 with the one that is open where `dedupKey` names it already."""
    given = _opening(body)
    if body.owner_schedule_id is None:
        view, new = incidents.open_incident(request.principal, given)
    else:
        schedule_id = parsing.uuid(body.owner_schedule_id)
        named = body.owner_id is not None
        view, new = incidents.open_by_schedule(request.principal, given, schedule_id, owner_named=named)
    return answer(shapes.incident(view), 201 if new else 200)


@router.get("/incidents", response={200: Data[shapes.Incidents]})
def list_incidents(request: Request, filters: Query[bodies.Filters]) -> HttpResponse:
    """The newest first. `from` and `to` are about when it was opened."""
    owner_id = parsing.uuid(filters.owner_id)
    if filters.owner_id is not None and owner_id is None:
        raise Rejected(Code.INVALID_OWNER, "This is nobody's id.", "owner_id")
    narrowed = reads.Filters(
        status=filters.status,
        severity=filters.severity,
        owner_id=owner_id,
        escalation_state=filters.escalation_state,
        since=filters.since,
        until=filters.until,
        words=filters.words,
    )
    views, more = reads.listed(request.principal, narrowed, filters.limit, _cursor(filters))
    return answer(shapes.incidents_from(views, more))


@router.get("/incidents/{id}", response={200: Data[shapes.WholeIncident]})
def get_incident(request: Request, ref: Ref) -> HttpResponse:
    """With its record, and with who is paged next."""
    view = reads.whole(request.principal, _reference(ref))
    if view is None:
        raise _not_found()
    return answer(shapes.whole_incident(view))


@router.post("/incidents/{id}/acknowledge", response=ONE)
@brake.never
def acknowledge_incident(request: Request, ref: Ref, body: bodies.Acknowledging) -> HttpResponse:
    """I am on it: the clock stops. A key may name the member it speaks for."""
    return _answer(incidents.acknowledge(request.principal, _reference(ref), _spoken_for(request, body)))


@router.post("/incidents/{id}/handoff", response=ONE)
@brake.never
def hand_off_incident(request: Request, ref: Ref, body: bodies.HandingOff) -> HttpResponse:
    """Not me, her: the target owns the incident, and is paged with a fresh clock."""
    target_id = parsing.uuid(body.target_user_id)
    return _answer(incidents.hand_off(request.principal, _reference(ref), target_id, body.note))


@router.post("/incidents/{id}/resolve", response=ONE)
@brake.never
def resolve_incident(request: Request, ref: Ref, body: bodies.Resolving) -> HttpResponse:
    """It is over: every status that is left is walked, and nobody is paged any more."""
    return _answer(incidents.resolve(request.principal, _reference(ref), body.resolution_note))


@router.post("/incidents/{id}/escalate", response=ONE)
def escalate_incident(request: Request, ref: Ref, body: bodies.Nothing) -> HttpResponse:  # noqa: ARG001 -- it has no field
    """Page the next layer now."""
    return _answer(incidents.escalate(request.principal, _reference(ref)))


@router.patch("/incidents/{id}/status", response=ONE)
@brake.never
def change_incident_status(request: Request, ref: Ref, body: bodies.ChangingStatus) -> HttpResponse:
    """One step forward."""
    return _answer(incidents.change_status(request.principal, _reference(ref), body.status, body.resolution_note))


@router.get("/incidents/{id}/pages", response={200: Data[shapes.Pages]})
def list_incident_pages(request: Request, ref: Ref) -> HttpResponse:
    """Every page, with its attempts and its reason."""
    view = reads.one(request.principal, _reference(ref))
    if view is None:
        raise _not_found()
    return answer(shapes.pages_of(pages.of_incident(request.principal, view.incident.id)))


def _answer(view: reads.IncidentView) -> HttpResponse:
    return answer(shapes.incident(view))


def _opening(body: bodies.Opening) -> incidents.Opening:
    if body.owner_id is None and body.owner_schedule_id is None:
        raise Rejected(Code.OWNER_REQUIRED, "An incident needs an owner.", "owner_id")
    if body.component_ids:
        raise errors.Problem("invalid_component_id", "componentIds: There is no such component.")
    policy_id = parsing.uuid(body.escalation_policy_id)
    if body.escalation_policy_id is not None and policy_id is None:
        raise Rejected(Code.NOT_FOUND, "There is no such escalation policy.", "escalation_policy_id")
    return incidents.Opening(
        title=body.title,
        severity=body.severity,
        owner_id=parsing.uuid(body.owner_id),
        description=body.description,
        policy_id=policy_id,
        dedup_key=body.dedup_key,
    )


def _cursor(filters: bodies.Filters) -> int | None:
    if filters.cursor is None:
        return None
    cursor = parsing.reference(filters.cursor)
    if not isinstance(cursor, int):
        raise errors.invalid("cursor", "This is not a cursor of this list.")
    return cursor


def _spoken_for(request: Request, body: bodies.Acknowledging) -> UUID | None:
    if body.user_id is None:
        return None
    user_id = parsing.uuid(body.user_id)
    who = request.principal.actor
    if who.type is actor.Type.USER:
        if user_id != who.id:
            raise errors.invalid("userId", "Only an API key acknowledges for somebody else.")
        return None
    if user_id is None:
        raise incidents.not_a_member("user_id")
    return user_id


def _reference(text: str) -> UUID | int:
    found = parsing.reference(text)
    if found is None:
        raise _not_found()
    return found


def _not_found() -> Rejected:
    return Rejected(Code.NOT_FOUND, "There is no such incident.")
