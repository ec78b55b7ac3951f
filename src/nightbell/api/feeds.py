"""Calendar feeds: the only place that makes iCalendar (RFC 5545) of shifts, and where calendars read it."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import icalendar
from django import db
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from nightbell.actions import signed_links
from nightbell.api import errors, parsing
from nightbell.api.schedules.routes import not_found
from nightbell.core import message
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import calendars

REFRESH = timedelta(hours=1)
MAX_NAME = 100
# Counted up when `rendered` makes something else of the same shifts.
_FORM = 1


def schedule(request: HttpRequest, schedule_id: str) -> HttpResponse:
    """Every shift of a schedule."""

    def read(who: Principal) -> calendars.Feed | None:
        found: UUID | None = parsing.uuid(schedule_id)
        return calendars.of_schedule(who, found, clock.now()) if found else None

    return _answer(request, read)


def mine(request: HttpRequest) -> HttpResponse:
    """Every shift of the token's owner."""
    return _answer(request, lambda who: calendars.of_person(who, clock.now()))


def rendered(feed: calendars.Feed) -> bytes:
    """The calendar. The same shifts are the same bytes, at whatever instant they are asked for."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Nightbell//On call//EN")
    calendar.add("version", "2.0")
    # Said to be text: what the library does not know it would not escape.
    calendar.add("x-wr-calname", icalendar.vText(message.clean(feed.name, MAX_NAME)))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for each in feed.events:
        calendar.add_component(_event(each))
    content: bytes = calendar.to_ical()
    return content


def _event(each: calendars.Event) -> icalendar.Event:
    layer = f", layer {each.duty.position}" if each.duty.position else ""
    override = " (override)" if each.duty.override_id else ""
    event = icalendar.Event()
    event.add("uid", each.uid)
    event.add("dtstamp", each.schedule.updated_at.replace(microsecond=0))
    event.add("dtstart", each.start)
    event.add("dtend", each.end)
    event.add(
        "summary",
        f"{message.clean(each.name, MAX_NAME)} on call: {message.clean(each.schedule.name, MAX_NAME)}{layer}{override}",
    )
    event.add("url", signed_links.schedule_url(each.schedule.id))
    # Being on call is not being busy.
    event.add("transp", "TRANSPARENT")
    return event


def _answer(request: HttpRequest, read: Callable[[Principal], calendars.Feed | None]) -> HttpResponse:
    try:
        parsing.refuse_unknown(request, ["token"])
        who = calendars.holder(request.GET.get("token", ""))
        if who is None:
            problem = errors.Problem("not_authorized", "The calendar token is missing, unknown or revoked.")
            return errors.of_problem(request, problem)
        feed = read(who)
    except errors.Problem as problem:
        return errors.of_problem(request, problem)
    except db.Error as error:
        answer = errors.of_database(request, error)
        if answer is None:
            raise
        return answer
    return errors.of_rejected(request, not_found()) if feed is None else _as_response(request, feed)


def _as_response(request: HttpRequest, feed: calendars.Feed) -> HttpResponse:
    # Of the shifts and not of the calendar made of them, so that what has not changed need not be made.
    etag = f'"{hashlib.sha256(f"{_FORM} {signed_links.schedules_url()} {feed!r}".encode()).hexdigest()}"'
    answer = get_conditional_response(request, etag=etag)
    if answer is None:
        answer = HttpResponse(rendered(feed), content_type="text/calendar; charset=utf-8")
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


urlpatterns = [
    path("oncall/me.ics", require_safe(mine)),
    path("oncall/schedules/<str:schedule_id>.ics", require_safe(schedule)),
]


def _described(operation: str, summary: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    token = {"in": "query", "name": "token", "required": True, "schema": {"type": "string"}}
    content = {"text/calendar": {"schema": {"type": "string"}}}
    get = {
        "operationId": operation,
        "summary": summary,
        "tags": ["On call"],
        "parameters": [*parameters, token],
        "responses": {"200": {"description": "OK", "content": content}, "304": {"description": "As it was."}},
        "security": [],
    }
    return {"get": get}


# For the reference: these are no operations of the library's, because a token in the address is the way in.
DESCRIPTION = {
    "/v1/oncall/me.ics": _described("readMyCalendar", "Every shift of the token's owner, as iCalendar."),
    "/v1/oncall/schedules/{id}.ics": _described(
        "readScheduleCalendar",
        "Every shift of a schedule, as iCalendar.",
        {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}},
    ),
}
