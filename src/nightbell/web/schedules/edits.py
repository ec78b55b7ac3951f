"""What people do on a schedule's page: override, take the shift now, edit a layer after seeing what moves."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from nightbell.actions import calendars, overrides, rotations
from nightbell.actions import schedules as actions
from nightbell.core import editing, oncall, zones
from nightbell.core.errors import Code, Rejected
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import on_call, people
from nightbell.data.reads import schedules as reads
from nightbell.web import session
from nightbell.web.schedules import forms, pages, participants

OVERRIDE_FIELDS = {"user_id": "user", "starts_at": "starts", "ends_at": "ends", "layer_id": "layer"}
LAYER_FIELDS = {
    "name": "name",
    "rotation_length_days": "length",
    "handoff_time": "handoff",
    "effective_from": "starts",
    "effective_until": "ends",
    "rotation_start": "first",
}


@session.member
def override(request: HttpRequest, principal: Principal, schedule_id: UUID) -> HttpResponse:
    """Put somebody else on call for a while; a click on a shift opens this form with its hours."""
    summary = _summary(principal, schedule_id)
    zone = zones.zone(summary.timezone)
    form = forms.Override(zone, request.POST if request.method == "POST" else None, initial=_hours(request, zone))
    if request.method == "POST" and form.is_valid():
        try:
            overrides.create(principal, schedule_id, form.given())
        except Rejected as refused:
            if refused.code is Code.NOT_FOUND and refused.field is None:
                raise Http404 from None
            form.add_error(OVERRIDE_FIELDS.get(refused.field or ""), refused.message)
        else:
            return redirect("schedule", schedule_id=schedule_id)
    context = {
        "section": "schedules",
        "schedule": summary,
        "form": form,
        "exact": form.exact(),
        "layers": [(layer, pages.kind_words(layer)) for layer in reads.layers(principal, schedule_id)],
        "members": people.active(principal),
    }
    return session.page(request, principal, "web/override.html", context, 400 if form.errors else 200)


@session.member
def take(request: HttpRequest, principal: Principal, schedule_id: UUID) -> HttpResponse:
    """I take the shift that is under way."""
    user_id = principal.actor.user_id
    assert user_id is not None
    return _do(request, principal, schedule_id, lambda: overrides.take_now(principal, schedule_id, user_id))


@session.member
def take_back(request: HttpRequest, principal: Principal, schedule_id: UUID, override_id: UUID) -> HttpResponse:
    """Take an override back."""
    return _do(request, principal, schedule_id, lambda: overrides.delete(principal, schedule_id, override_id))


@session.editor
def delete_layer(request: HttpRequest, principal: Principal, schedule_id: UUID, layer_id: UUID) -> HttpResponse:
    """Delete a layer."""
    return _do(request, principal, schedule_id, lambda: actions.delete_layer(principal, schedule_id, layer_id))


@session.editor
def delete(request: HttpRequest, principal: Principal, schedule_id: UUID) -> HttpResponse:
    """Delete a schedule that no policy targets."""
    if request.method != "POST":
        return redirect("schedule", schedule_id=schedule_id)
    try:
        actions.delete(principal, schedule_id)
    except Rejected as refused:
        if refused.code is Code.NOT_FOUND:
            raise Http404 from None
        return pages.show(request, principal, schedule_id, refused.message, 409)
    return redirect("schedules")


@session.editor
def edit(request: HttpRequest, principal: Principal, schedule_id: UUID) -> HttpResponse:
    """Change a schedule's own fields; another zone moves handoffs, and one button shows which."""
    summary = _summary(principal, schedule_id)
    own = {"name": summary.name, "timezone": summary.timezone, "description": summary.description}
    initial = {**own, "version": summary.version}
    form = forms.Schedule(request.POST if request.method == "POST" else None, initial=initial)
    keep = request.method != "POST" or "keep" in request.POST
    moves: list[dict[str, Any]] | None = None
    status = HTTPStatus.BAD_REQUEST
    if request.method == "POST" and form.is_valid():
        how = actions.How(keep, form.cleaned_data["version"])
        given = form.given()
        changes = actions.Changes(name=given.name, timezone=given.timezone, description=given.description)
        try:
            moves = _previewed_or_done(
                request, principal, schedule_id, lambda: actions.change(principal, schedule_id, changes, how)
            )
        except Rejected as refused:
            if refused.code is Code.NOT_FOUND:
                raise Http404 from None
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
            status = _status(refused)
        else:
            if moves is None:
                return redirect("schedule", schedule_id=schedule_id)
    context = {
        "section": "schedules",
        "schedule": summary,
        "version": _version(form, summary, status),
        "form": form,
        "zones": sorted(zones.names()),
        "keep": keep,
        "moves": moves,
        "now": clock.now(),
    }
    named = form.cleaned_data.get("timezone", "") if form.is_bound else ""
    with timezone.override(zones.zone(named or summary.timezone)):
        return session.page(request, principal, "web/schedule_new.html", context, status if form.errors else 200)


@session.editor
def layer(request: HttpRequest, principal: Principal, schedule_id: UUID, layer_id: UUID | None = None) -> HttpResponse:
    """Make or edit a layer. One button shows who gains and who loses which shift, another saves."""
    summary = _summary(principal, schedule_id)
    row = next((each for each in reads.layers(principal, schedule_id) if each.id == layer_id), None)
    if layer_id is not None and row is None:
        raise Http404
    zone = zones.zone(summary.timezone)
    members = people.active(principal)
    arranged = request.method == "POST" and participants.is_arranging(request.POST)
    asked = request.method == "POST" and not arranged
    initial = request.POST.dict() if arranged else _layer_initial(row, summary, zone)
    form = forms.Layer(zone, request.POST if asked else None, initial=initial)
    given = participants.of(request.POST, members) if request.method == "POST" else participants.shown(row, members)
    moves: list[dict[str, Any]] | None = None
    status = HTTPStatus.BAD_REQUEST
    mistake = participants.mistake(given, members) if asked else ""
    if asked and form.is_valid() and not mistake:
        how = actions.How(form.cleaned_data["keep"] or row is None, form.cleaned_data["version"])
        draft = form.draft([each for each in given if each])
        try:
            moves = _previewed_or_done(
                request, principal, schedule_id, lambda: _save(principal, schedule_id, layer_id, draft, how)
            )
        except Rejected as refused:
            if refused.code is Code.NOT_FOUND:
                raise Http404 from None
            mistake = refused.message if refused.field == "participant_ids" else ""
            if not mistake:
                form.add_error(LAYER_FIELDS.get(refused.field or ""), refused.message)
            status = _status(refused)
        else:
            if moves is None:
                return redirect("schedule", schedule_id=schedule_id)
    context = {
        "section": "schedules",
        "schedule": summary,
        "layer": row,
        "first": editing.rotation_start(row, summary.timezone) if row else None,
        "version": _version(form, summary, status),
        "form": form,
        "exact": form.exact(),
        "slots": participants.choices(given, members),
        "members": members,
        "mistake": mistake,
        "kinds": forms.KINDS,
        "moves": moves,
        "now": clock.now(),
    }
    with timezone.override(zone):
        return session.page(request, principal, "web/layer.html", context, status if form.errors or mistake else 200)


@session.member
def calendar(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Make a calendar address, which is shown once, or revoke it."""
    if request.method != "POST":
        return redirect("shifts")
    if "revoke" in request.POST:
        calendars.revoke(principal)
        return redirect("shifts")
    # Shown in this answer and kept nowhere, not even in the session.
    return pages.show_mine(request, principal, calendars.create(principal))


def _summary(principal: Principal, schedule_id: UUID) -> reads.Summary:
    summary = reads.one(principal, schedule_id)
    if summary is None:
        raise Http404
    return summary


def _do(request: HttpRequest, principal: Principal, schedule_id: UUID, act: Callable[[], object]) -> HttpResponse:
    """Act, or only show the schedule to whoever comes back from signing in."""
    if request.method != "POST":
        return redirect("schedule", schedule_id=schedule_id)
    try:
        act()
    except Rejected as refused:
        if refused.code is Code.NOT_FOUND:
            raise Http404 from None
        return pages.show(request, principal, schedule_id, refused.message, 400)
    return redirect("schedule", schedule_id=schedule_id)


def _previewed_or_done(
    request: HttpRequest, principal: Principal, schedule_id: UUID, act: Callable[[], object]
) -> list[dict[str, Any]] | None:
    """What an edit would move; None where it was to be saved, and is."""
    if "save" in request.POST:
        act()
        return None
    return _moves(principal, actions.preview(principal, schedule_id, act), schedule_id)


def _version(form: forms.Schedule | forms.Layer, summary: reads.Summary, status: HTTPStatus) -> object:
    """The version that the form is made of: what it came with, or, once it has said what changed since, the newest."""
    return summary.version if status is HTTPStatus.CONFLICT else form["version"].value()


def _status(refused: Rejected) -> HTTPStatus:
    return HTTPStatus.CONFLICT if refused.code is Code.STALE_CONFIGURATION else HTTPStatus.BAD_REQUEST


def _save(
    principal: Principal, schedule_id: UUID, layer_id: UUID | None, draft: editing.Draft, how: actions.How
) -> None:
    if layer_id is None:
        actions.add_layer(principal, schedule_id, draft, how)
        return
    # The form has no place for a position.
    changes = rotations.whole(draft)
    del changes["position"]
    actions.change_layer(principal, schedule_id, layer_id, changes, how)


def _moves(principal: Principal, changes: tuple[editing.Change, ...], schedule_id: UUID) -> list[dict[str, Any]]:
    """What an edit moves, with names."""
    ids = {each for change in changes for each in (change.loses, change.gains) if each is not None}
    names = on_call.names(ids)
    rotations = {each.position: each.name for each in reads.layers(principal, schedule_id)}
    return [
        {
            "rotation": rotations.get(change.position, "New rotation"),
            "start": change.start,
            "end": change.end,
            "loses": names[change.loses] if change.loses else None,
            "gains": names[change.gains] if change.gains else None,
        }
        for change in changes
    ]


def _hours(request: HttpRequest, zone: ZoneInfo) -> Mapping[str, Any]:
    """What a click on a shift chose: its hours, from now on where it has begun."""
    now = clock.now()
    start = forms.instant(request.GET.get("from", ""))
    end = forms.instant(request.GET.get("to", ""))
    return {
        "layer": request.GET.get("layer", ""),
        **_shown("starts", max(start or now, now), zone),
        **(_shown("ends", end, zone) if end else {}),
    }


def _layer_initial(row: oncall.Rotation | None, summary: reads.Summary, zone: ZoneInfo) -> Mapping[str, Any]:
    if row is None:
        starts = forms.wall(clock.now(), zone)
        return {"version": summary.version, "kind": "weekly", "handoff": "09:00", "starts": starts}
    return {
        "version": summary.version,
        "name": row.name,
        "kind": row.kind.value,
        "length": row.length_days if row.kind is oncall.Kind.CUSTOM else "",
        "handoff": f"{row.handoff_time:%H:%M}",
        "keep": True,
        **_shown("starts", row.effective_from, zone),
        **(_shown("ends", row.effective_until, zone) if row.effective_until else {}),
    }


def _shown(field: str, at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """What a field for an instant shows, and the instant itself."""
    return {field: forms.wall(at, zone), f"{field}-exact": forms.exact(at)}
