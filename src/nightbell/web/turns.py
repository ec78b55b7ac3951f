"""What people do on a schedule's page: override, take the shift now, edit a layer after seeing what moves."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from nightbell.actions import calendars, overrides
from nightbell.actions import schedules as actions
from nightbell.core import zones
from nightbell.core.errors import Code, Rejected
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import on_call, people
from nightbell.data.reads import schedules as reads
from nightbell.web import rota_forms, schedules, session

OVERRIDE_FIELDS = {"userId": "user", "startsAt": "starts", "endsAt": "ends", "layerId": "layer"}
LAYER_FIELDS = {
    "rotationLengthDays": "length",
    "handoffTime": "handoff",
    "effectiveFrom": "starts",
    "effectiveUntil": "ends",
}


@session.member
def override(request: HttpRequest, principal: Principal, schedule_id: UUID) -> HttpResponse:
    """Put somebody else on call for a while; a click on a shift opens this form with its hours."""
    summary = _summary(principal, schedule_id)
    zone = zones.zone(summary.timezone)
    form = rota_forms.Override(zone, request.POST if request.method == "POST" else None, initial=_hours(request, zone))
    if request.method == "POST" and form.is_valid():
        try:
            overrides.create(principal, schedule_id, form.given())
        except Rejected as refused:
            form.add_error(OVERRIDE_FIELDS.get(refused.field or ""), refused.message)
        else:
            return redirect("schedule", schedule_id=schedule_id)
    layers = [(layer, schedules.kind_words(layer)) for layer in reads.layers(schedule_id)]
    members = people.active(principal)
    context = {"section": "schedules", "schedule": summary, "form": form, "layers": layers, "members": members}
    return session.page(request, principal, "web/override.html", context, 400 if form.errors else 200)


@require_POST
@session.member
def take(request: HttpRequest, principal: Principal, schedule_id: UUID) -> HttpResponse:
    """I take the shift that is under way."""
    user_id = principal.actor.user_id
    assert user_id is not None
    return _do(request, principal, schedule_id, lambda: overrides.take_now(principal, schedule_id, user_id))


@require_POST
@session.member
def take_back(request: HttpRequest, principal: Principal, schedule_id: UUID, override_id: UUID) -> HttpResponse:
    """Take an override back."""
    return _do(request, principal, schedule_id, lambda: overrides.delete(principal, schedule_id, override_id))


@require_POST
@session.member
def delete_layer(request: HttpRequest, principal: Principal, schedule_id: UUID, layer_id: UUID) -> HttpResponse:
    """Delete a layer."""
    return _do(request, principal, schedule_id, lambda: actions.delete_layer(principal, schedule_id, layer_id))


@require_POST
@session.member
def delete(request: HttpRequest, principal: Principal, schedule_id: UUID) -> HttpResponse:
    """Delete a schedule that no policy targets."""
    try:
        actions.delete(principal, schedule_id)
    except Rejected as refused:
        if refused.code is Code.NOT_FOUND:
            raise Http404 from None
        return schedules.show(request, principal, schedule_id, refused.message, 409)
    return redirect("schedules")


@session.member
def layer(request: HttpRequest, principal: Principal, schedule_id: UUID, layer_id: UUID | None = None) -> HttpResponse:
    """Make or edit a layer. The first button shows who gains and who loses which shift, the second saves."""
    summary = _summary(principal, schedule_id)
    row = next((each for each in reads.layers(schedule_id) if each.id == layer_id), None)
    if layer_id is not None and row is None:
        raise Http404
    zone = zones.zone(summary.timezone)
    form = rota_forms.Layer(zone, request.POST if request.method == "POST" else None, initial=_layer_initial(row, zone))
    chosen = request.POST.getlist("participant") if request.method == "POST" else _chosen(row)
    chosen = [each for each in chosen if each]
    moves: list[dict[str, Any]] | None = None
    if request.method == "POST" and form.is_valid():
        how = actions.How(preview="preview" in request.POST, keep_current=form.cleaned_data["keep"])
        try:
            edited = _edit(principal, schedule_id, layer_id, form.given(chosen), how)
        except Rejected as refused:
            form.add_error(LAYER_FIELDS.get(refused.field or ""), refused.message)
        else:
            if not how.preview:
                return redirect("schedule", schedule_id=schedule_id)
            moves = _moves(edited)
    members = people.active(principal)
    context = {
        "section": "schedules",
        "schedule": summary,
        "layer": row,
        "form": form,
        "members": members,
        "slots": _slots(chosen, len(members)),
        "kinds": rota_forms.KINDS,
        "moves": moves,
    }
    with timezone.override(zone):
        return session.page(request, principal, "web/layer.html", context, 400 if form.errors else 200)


@require_POST
@session.member
def calendar(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Make a calendar address, which is shown once, or revoke it."""
    if "revoke" in request.POST:
        calendars.revoke(principal)
        return redirect("shifts")
    # Shown in this answer and kept nowhere, not even in the session.
    return schedules.show_mine(request, principal, calendars.my_url(calendars.create(principal)))


def _summary(principal: Principal, schedule_id: UUID) -> reads.Summary:
    summary = reads.one(principal, schedule_id)
    if summary is None:
        raise Http404
    return summary


def _do(request: HttpRequest, principal: Principal, schedule_id: UUID, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except Rejected as refused:
        if refused.code is Code.NOT_FOUND:
            raise Http404 from None
        return schedules.show(request, principal, schedule_id, refused.message, 400)
    return redirect("schedule", schedule_id=schedule_id)


def _edit(
    principal: Principal, schedule_id: UUID, layer_id: UUID | None, given: actions.LayerGiven, how: actions.How
) -> actions.Edited:
    if layer_id is None:
        return actions.add_layer(principal, schedule_id, given, how)
    changes = actions.LayerChanges(
        rotation_type=given.rotation_type,
        rotation_length_days=given.rotation_length_days,
        handoff_time=given.handoff_time,
        effective_from=given.effective_from,
        effective_until=given.effective_until,
        participant_ids=given.participant_ids,
    )
    return actions.change_layer(principal, schedule_id, layer_id, changes, how)


def _moves(edited: actions.Edited) -> list[dict[str, Any]]:
    """What an edit moves, with names."""
    ids = {each for change in edited.changes for each in (change.loses, change.gains) if each is not None}
    names = on_call.names(ids)
    return [
        {
            "position": change.position,
            "start": change.start,
            "end": change.end,
            "loses": names[change.loses] if change.loses else None,
            "gains": names[change.gains] if change.gains else None,
        }
        for change in edited.changes
    ]


def _hours(request: HttpRequest, zone: Any) -> Mapping[str, Any]:
    """What a click on a shift chose: its hours, from now on where it has begun."""
    now = clock.now()
    initial: dict[str, Any] = {"starts": _wall(now, zone), "layer": request.GET.get("layer", "")}
    for field, name in (("starts", "from"), ("ends", "to")):
        at = rota_forms.instant(request.GET.get(name, ""))
        if at is not None:
            initial[field] = _wall(max(at, now), zone)
    return initial


def _layer_initial(row: reads.LayerRow | None, zone: Any) -> Mapping[str, Any]:
    if row is None:
        return {"kind": "weekly", "handoff": "09:00", "starts": _wall(clock.now(), zone), "keep": True}
    return {
        "kind": row.rotation_type,
        "length": row.rotation_length_days,
        "handoff": row.handoff_time,
        "starts": _wall(row.effective_from, zone),
        "ends": _wall(row.effective_until, zone) if row.effective_until else "",
        "keep": True,
    }


def _chosen(row: reads.LayerRow | None) -> list[str]:
    return [str(each) for each in row.participant_ids] if row else []


def _slots(chosen: list[str], members: int) -> list[str]:
    """One choice a participant, in order, and a few empty ones to grow into."""
    return [*chosen, *[""] * max(0, min(3, members - len(chosen)))]


def _wall(at: datetime, zone: Any) -> str:
    return at.astimezone(zone).strftime(rota_forms.LOCAL)
