"""The addresses of overrides and of who is on call."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Path, Query, Router

from nightbell.actions import calendars, overrides
from nightbell.api import errors, parsing
from nightbell.api.access import Request
from nightbell.api.schedules import bodies, shapes
from nightbell.api.schedules.bodies import At, Between, Previewing, Span
from nightbell.api.schedules.routes import ScheduleId, identified, not_found, previewed
from nightbell.api.shapes import Data, answer, nothing
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import on_call
from nightbell.data.reads import schedules as reads

router = Router(tags=["On call"])

OverrideId = Annotated[str, Path(..., alias="overrideId")]
MADE: dict[int, Any] = {201: Data[shapes.OverrideRow], 200: Data[shapes.Preview]}
SHOWN = timedelta(days=28)
MAX_SHOWN = timedelta(days=400)


@router.get("/oncall/schedules/{id}/resolve", response={200: Data[shapes.Resolved]})
def resolve_schedule(request: Request, schedule_id: ScheduleId, query: Query[At]) -> HttpResponse:
    """Who is on call at an instant. The past is answered from the schedule as it is now."""
    found = on_call.resolve(request.principal, identified(schedule_id), query.at or clock.now())
    if found is None:
        raise not_found()
    return answer(shapes.resolved(found))


@router.get("/oncall/schedules/{id}/shifts", response={200: Data[shapes.Timeline]})
def list_shifts(request: Request, schedule_id: ScheduleId, query: Query[Between]) -> HttpResponse:
    """The timeline, gaps included: at most 400 days of it."""
    start = query.start or clock.now()
    end = query.end or start + SHOWN
    if not timedelta() < end - start <= MAX_SHOWN:
        raise errors.invalid("to", f"This must be after `from`, by up to {MAX_SHOWN.days} days.")
    found = on_call.timeline(request.principal, identified(schedule_id), start, end)
    if found is None:
        raise not_found()
    return answer(shapes.timeline(found))


@router.get("/oncall/schedules/{id}/overrides", response={200: Data[shapes.Overrides]})
def list_overrides(request: Request, schedule_id: ScheduleId, query: Query[Span]) -> HttpResponse:
    """Those that have not ended, or had not at `from`, and start before `to`; the earliest first."""
    found = identified(schedule_id)
    if reads.one(request.principal, found) is None:
        raise not_found()
    rows = reads.overrides(request.principal, found, query.since or clock.now(), query.until)
    return answer(shapes.overrides(found, rows))


@router.post("/oncall/schedules/{id}/overrides", response=MADE)
def create_override(
    request: Request, schedule_id: ScheduleId, body: bodies.OverrideGiven, how: Query[Previewing]
) -> HttpResponse:
    """Put somebody else on call. Any member may; whoever is displaced and whoever takes over are told by mail."""
    found, layer_id = identified(schedule_id), parsing.uuid(body.layer_id)
    if body.layer_id is not None and layer_id is None:
        raise Rejected(Code.NOT_FOUND, "There is no such layer in this schedule.", "layer_id")
    given = overrides.Given(parsing.uuid(body.user_id), body.starts_at, body.ends_at, layer_id)
    if how.preview:
        return previewed(overrides.preview(request.principal, found, given))
    return _made(request, found, overrides.create(request.principal, found, given))


@router.post("/oncall/schedules/{id}/overrides/take", response=MADE)
def take_shift(request: Request, schedule_id: ScheduleId, body: bodies.Taking, how: Query[Previewing]) -> HttpResponse:
    """Take the shift that is under way, from now until it ends. A key says for whom."""
    found, user_id = identified(schedule_id), _taker(request, body)
    if how.preview:
        return previewed(overrides.preview_taking(request.principal, found, user_id))
    return _made(request, found, overrides.take_now(request.principal, found, user_id))


@router.delete("/oncall/schedules/{id}/overrides/{overrideId}", response={204: None, 200: Data[shapes.Preview]})
def delete_override(
    request: Request, schedule_id: ScheduleId, override_id: OverrideId, how: Query[Previewing]
) -> HttpResponse:
    """Take it back; one that has begun ends now."""
    # An id that is none is of no override either.
    found, leaving = identified(schedule_id), parsing.uuid(override_id) or UUID(int=0)
    if how.preview:
        return previewed(overrides.preview_deleting(request.principal, found, leaving))
    overrides.delete(request.principal, found, leaving)
    return nothing()


@router.post("/oncall/calendar-token", response={201: Data[shapes.CalendarToken]})
def create_calendar_token(request: Request) -> HttpResponse:
    """A new token for one's own calendar; the one before is revoked. Only who is signed in has one."""
    token = calendars.create(_person(request))
    return answer(shapes.calendar_token(token, calendars.my_url(token)), 201)


@router.delete("/oncall/calendar-token", response={204: None})
def revoke_calendar_token(request: Request) -> HttpResponse:
    """No calendar reads anything by it from now on."""
    calendars.revoke(_person(request))
    return nothing()


def _made(request: Request, schedule_id: UUID, override_id: UUID) -> HttpResponse:
    (row,) = reads.overrides_by_id(request.principal, schedule_id, [override_id])
    return answer(shapes.override(schedule_id, row), 201)


def _taker(request: Request, body: bodies.Taking) -> UUID | None:
    who = request.principal.actor
    if body.user_id is not None:
        return parsing.uuid(body.user_id)
    if who.type is not actor.Type.USER:
        raise errors.invalid("userId", "A key says who takes the shift.")
    return who.id


def _person(request: Request) -> Principal:
    if request.principal.actor.type is not actor.Type.USER:
        raise errors.Problem("not_authorized", "A calendar belongs to a person, who must be signed in.")
    return request.principal
