"""The pages that show who is on call: the list of schedules, the one schedule, and my shifts."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from nightbell.actions import schedules as actions
from nightbell.core import oncall, zones
from nightbell.core.errors import Rejected
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import gaps, on_call, people
from nightbell.data.reads import schedules as reads
from nightbell.web import rota, rota_forms, session

WEEKS = (1, 2, 4)
MINE_AHEAD = timedelta(days=90)


@require_GET
@session.member
def listing(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Every schedule: on call now, until when, then who."""
    now = clock.now()
    summaries = reads.listed(principal)
    loaded = reads.load((each.id for each in summaries), now)
    uncovered = {each.schedule_id: each.gaps for each in gaps.of_organization(principal, now)}
    turns = {schedule_id: _turns(schedule, now) for schedule_id, schedule in loaded.items()}
    names = on_call.names(shift.duty.user_id for found in turns.values() for shift in found if shift.duty)
    shown = [
        {
            "schedule": each,
            "now": _turn(turns[each.id], 0, names),
            "then": _turn(turns[each.id], 1, names),
            "gaps": uncovered.get(each.id, ()),
            "layers": len(loaded[each.id].layers),
        }
        for each in summaries
        if each.id in loaded
    ]
    return session.page(request, principal, "web/schedules.html", {"section": "schedules", "shown": shown})


@require_GET
@session.member
def schedule(request: HttpRequest, principal: Principal, schedule_id: UUID) -> HttpResponse:
    """One schedule, drawn."""
    return show(request, principal, schedule_id)


def show(
    request: HttpRequest, principal: Principal, schedule_id: UUID, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The page of a schedule, under what was refused."""
    summary = reads.one(principal, schedule_id)
    if summary is None:
        raise Http404
    now = clock.now()
    mine = request.GET.get("zone") == "mine"
    zone = ZoneInfo(timezone.get_current_timezone_name()) if mine else zones.zone(summary.timezone)
    weeks = next((each for each in WEEKS if request.GET.get("weeks") == str(each)), 2)
    first = _day(request.GET.get("from")) or now.astimezone(zone).date()
    found = on_call.timeline(principal, schedule_id, *rota.window(zone, first, weeks))
    if found is None:
        raise Http404
    layers = reads.layers(schedule_id)
    kinds = {layer.id: kind_words(layer) for layer in layers}
    named = {each.id: each.name for each in people.active(principal)}
    resolved = on_call.resolve(principal, schedule_id, now)
    context = {
        "section": "schedules",
        "schedule": summary,
        "picture": rota.picture(found, kinds, zone, now),
        "layers": [(layer, kinds[layer.id], [named.get(each) for each in layer.participant_ids]) for layer in layers],
        "overrides": reads.overrides(schedule_id, now),
        "current": resolved.current if resolved else (),
        "is_mine": bool(resolved and resolved.owner and resolved.owner.id == principal.actor.user_id),
        "weeks": weeks,
        "choices": WEEKS,
        "mine": mine,
        "zone": str(zone),
        "before": first - timedelta(weeks=weeks),
        "after": first + timedelta(weeks=weeks),
        "first": first,
        "now": now,
        "refusal": refusal,
    }
    with timezone.override(zone):
        return session.page(request, principal, "web/schedule.html", context, status)


@session.member
def new(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Make a schedule; its layers come next."""
    form = rota_forms.Schedule(
        request.POST if request.method == "POST" else None, initial={"timezone": timezone.get_current_timezone_name()}
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create(principal, form.given())
        except Rejected as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            return redirect("layer-new", schedule_id=made)
    context = {"section": "schedules", "form": form, "zones": sorted(zones.names())}
    return session.page(request, principal, "web/schedule_new.html", context, 400 if form.errors else 200)


@require_GET
@session.member
def mine(request: HttpRequest, principal: Principal) -> HttpResponse:
    """My shifts of the next 90 days, on every schedule."""
    return show_mine(request, principal)


def show_mine(request: HttpRequest, principal: Principal, calendar_url: str = "") -> HttpResponse:
    """The page of my shifts, with a calendar's address right after it was made, and never again."""
    now = clock.now()
    summaries = {each.id: each for each in reads.listed(principal)}
    loaded = reads.load(summaries, now)
    shifts = [
        (shift, summaries[schedule_id], position)
        for schedule_id, found in loaded.items()
        for position in oncall.positions(found)
        for shift in oncall.shifts(found, position, now, now + MINE_AHEAD)
        if shift.duty and shift.duty.user_id == principal.actor.user_id
    ]
    shifts.sort(key=lambda each: (each[0].start, each[1].name, each[2]))
    context = {"section": "shifts", "shifts": shifts, "now": now, "calendar_url": calendar_url}
    return session.page(request, principal, "web/shifts.html", context)


def kind_words(layer: reads.LayerRow) -> str:
    """`weekly at 09:00`, `every 3 days at 17:30`."""
    kind = oncall.Kind(layer.rotation_type)
    often = kind.value if kind is not oncall.Kind.CUSTOM else f"every {layer.rotation_length_days} days"
    return f"{often} at {layer.handoff_time}"


def _turns(found: oncall.Schedule, now: datetime) -> tuple[oncall.Shift, ...]:
    """What is under way, and what follows: as far ahead as it takes to see a change."""
    *near, farthest = on_call.AHEAD
    for ahead in near:
        line = oncall.final(found, now, now + ahead)
        if len(line) > 2:  # this turn, the next, and something after it
            return line
    return oncall.final(found, now, now + farthest)


def _turn(line: tuple[oncall.Shift, ...], place: int, names: Any) -> dict[str, Any] | None:
    if len(line) <= place:
        return None
    shift = line[place]
    last = place == len(line) - 1
    return {
        "name": names[shift.duty.user_id] if shift.duty else None,
        "start": shift.start,
        "end": None if last else shift.end,
    }


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
