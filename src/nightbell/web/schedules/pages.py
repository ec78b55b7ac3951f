"""The pages that show who is on call: the list of schedules, the one schedule, and my shifts."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from nightbell.actions import calendars as feeds
from nightbell.actions import rotations
from nightbell.actions import schedules as actions
from nightbell.core import oncall, zones
from nightbell.core.errors import Rejected
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import calendars, gaps, on_call, people
from nightbell.data.reads import schedules as reads
from nightbell.web import session
from nightbell.web.schedules import forms, picture

WEEKS = (1, 2, 4)
MINE_AHEAD = timedelta(days=90)
# More gaps than these are counted; the table has them all.
MAX_GAPS = 4
# So many overrides are listed beyond those of the picture.
MORE_OVERRIDES = 20


@require_GET
@session.member
def listing(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Every schedule: on call now, until when, then who."""
    now = clock.now()
    summaries = reads.listed(principal)
    loaded = on_call.foreseen(
        (each.id for each in summaries), now, lambda found, end: _is_enough(oncall.final(found, now, end))
    )
    uncovered = {each.schedule_id: each.gaps for each in gaps.of_organization(principal, now)}
    turns = {schedule_id: _turns(schedule, now) for schedule_id, schedule in loaded.items()}
    names = on_call.names(shift.duty.user_id for found in turns.values() for shift in found if shift.duty)
    tones = picture.colours({**{each.id: each.name for each in people.active(principal)}, **names})
    shown = [
        {
            "schedule": each,
            "now": _turn(turns[each.id], 0, names, tones),
            "then": _turn(turns[each.id], 1, names, tones),
            "gaps": uncovered.get(each.id, ()),
            "layers": len(loaded[each.id].layers),
        }
        for each in summaries
        if each.id in loaded
    ]
    return session.page(request, principal, "web/schedules.html", {"section": "schedules", "shown": shown, "now": now})


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
    own = session.zone(timezone.get_current_timezone_name())
    mine = request.GET.get("zone") == "mine"
    zone = own if mine else zones.zone(summary.timezone)
    weeks = next((each for each in WEEKS if request.GET.get("weeks") == str(each)), 2)
    first = _day(request.GET.get("from")) or now.astimezone(zone).date()
    found = on_call.timeline(principal, schedule_id, *picture.window(zone, first, weeks))
    loaded = reads.load([schedule_id], now).get(schedule_id)
    if found is None or loaded is None:
        raise Http404
    layers = reads.layers(principal, schedule_id)
    rotations = {layer.id: picture.Rotation(layer.name, kind_words(layer)) for layer in layers}
    named = {each.id: each.name for each in people.active(principal)}
    drawn = picture.picture(found, rotations, named, zone, now)
    current = _current(loaded, rotations, drawn.tones, now)
    # All that the picture leads to, and some that come after it.
    listed = len(found.overrides) + MORE_OVERRIDES
    overrides = reads.overrides(principal, schedule_id, max(now, found.start), limit=listed + 1)
    context = {
        "section": "schedules",
        "schedule": summary,
        "picture": drawn,
        "last_day": drawn.days[-1].at,
        "days_height": 58 if any(day.change for day in drawn.days) else 42,
        "gaps": drawn.gaps[:MAX_GAPS],
        "more_gaps": max(0, len(drawn.gaps) - MAX_GAPS),
        "layers": [
            (layer, rotations[layer.id].kind, _faces(layer.participants, named, drawn.tones)) for layer in layers
        ],
        "overrides": [
            (each, each.user_id in named, rotations.get(each.layer_id) if each.layer_id else None)
            for each in overrides[:listed]
        ],
        "overrides_from": found.start if found.start > now else None,
        "more_overrides": len(overrides) > listed,
        "current": current,
        "owner": current[0] if current else None,
        "is_mine": bool(current and current[0]["user_id"] == principal.actor.user_id),
        "weeks": weeks,
        "choices": WEEKS,
        "mine": mine,
        "has_zones": str(own) != summary.timezone,
        "zone": str(zone),
        "before": first - timedelta(weeks=weeks),
        "after": first + timedelta(weeks=weeks),
        "first": first,
        "now": now,
        "refusal": refusal,
    }
    with timezone.override(zone):
        return session.page(request, principal, "web/schedule.html", context, status)


@session.editor
def new(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Make a schedule; its layers come next."""
    form = forms.Schedule(
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


def show_mine(request: HttpRequest, principal: Principal, token: str = "") -> HttpResponse:
    """The page of my shifts, with a calendar's addresses right after they were made, and never again."""
    now = clock.now()
    summaries = {each.id: each for each in reads.listed(principal)}
    loaded = reads.load(summaries, now, now + MINE_AHEAD)
    shifts = [
        (shift, summaries[schedule_id], position, shift.duty.layer_id)
        for schedule_id, found in loaded.items()
        for position in oncall.positions(found)
        for shift in oncall.shifts(found, position, now, now + MINE_AHEAD)
        if shift.duty and shift.duty.user_id == principal.actor.user_id
    ]
    shifts.sort(key=lambda each: (each[0].start, each[1].name, each[2]))
    names = reads.rotation_names(principal, (summary.id for _, summary, _, _ in shifts))
    addresses = [("My shifts", feeds.my_url(token))] if token else []
    addresses += [(each.name, feeds.schedule_url(token, each.id)) for each in summaries.values() if token]
    context = {
        "section": "shifts",
        "shifts": [
            (shift, summary, names.get(layer_id, "") if layer_id else "") for shift, summary, _, layer_id in shifts
        ],
        "has_schedules": bool(summaries),
        "now": now,
        "last": now + MINE_AHEAD,
        "addresses": addresses,
        "made_at": calendars.token_since(principal),
    }
    return session.page(request, principal, "web/shifts.html", context)


def kind_words(layer: oncall.Rotation) -> str:
    """`weekly at 09:00`, `every 3 days at 17:30`."""
    often = layer.kind.value if layer.kind is not oncall.Kind.CUSTOM else f"every {layer.length_days} days"
    return f"{often} at {layer.handoff_time:%H:%M}"


def _current(
    loaded: oncall.Schedule, rotations: Mapping[UUID, picture.Rotation], tones: Mapping[UUID, int], now: datetime
) -> list[dict[str, Any]]:
    """Whoever is on call now, one per rotation, until when, and who follows in it."""
    lines = {duty: _following(loaded, duty.position, now) for duty in oncall.on_call(loaded, now)}
    named = on_call.names(
        user_id
        for duty, (_, follower) in lines.items()
        for user_id in (duty.user_id, follower.duty.user_id if follower and follower.duty else None)
        if user_id
    )
    return [
        {
            "user_id": duty.user_id,
            "name": named[duty.user_id],
            "initials": picture.initials(named[duty.user_id]),
            "tone": tones.get(duty.user_id, 0),
            "rotation": rotations.get(duty.layer_id) if duty.layer_id else None,
            "is_override": duty.override_id is not None,
            "until": until,
            "then": named[follower.duty.user_id] if follower and follower.duty else "nobody",
        }
        for duty, (until, follower) in lines.items()
    ]


def _following(loaded: oncall.Schedule, position: int, now: datetime) -> tuple[datetime, oncall.Shift | None]:
    """Until when the shift under way in a layer goes, and the one after it."""
    until = on_call.until(loaded, position, now)
    return until, next(iter(oncall.shifts(loaded, position, until, until + timedelta(hours=1))), None)


def _faces(
    user_ids: Iterable[UUID], named: Mapping[UUID, str], tones: Mapping[UUID, int]
) -> list[tuple[str | None, int]]:
    """Participants by name and colour; None is somebody who has left."""
    return [(named.get(each), tones.get(each, 0)) for each in user_ids]


def _turns(found: oncall.Schedule, now: datetime) -> tuple[oncall.Shift, ...]:
    """What is under way, and what follows: as far ahead as it takes to see a change."""
    line: tuple[oncall.Shift, ...] = ()
    for ahead in on_call.AHEAD:
        line = oncall.final(found, now, now + ahead)
        if _is_enough(line):
            break
    return line


def _is_enough(line: tuple[oncall.Shift, ...]) -> bool:
    """Whether a line shows this turn, the next, and something after it."""
    return len(line) > 2


def _turn(
    line: tuple[oncall.Shift, ...], place: int, names: Mapping[UUID, str], tones: Mapping[UUID, int]
) -> dict[str, Any] | None:
    if len(line) <= place:
        return None
    shift = line[place]
    name = names[shift.duty.user_id] if shift.duty else None
    return {
        "name": name,
        "initials": picture.initials(name or ""),
        "tone": tones[shift.duty.user_id] if shift.duty else 0,
        "end": None if place == len(line) - 1 else shift.end,
    }


def _day(text: str | None) -> date | None:
    """A day that a calendar has room around."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if rotations.EARLIEST.year < found.year < rotations.LATEST.year else None
