"""The pages that show incidents, the list and the one incident, and the policies that page for them."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import gaps, incidents, people
from nightbell.web import live, session, wording
from nightbell.web.incidents import forms, hand_off, panel, reasons, timeline
from nightbell.web.schedules import gap_words

PAGE_SIZE = 50
IS_OPEN = {"open": True, "resolved": False, "all": None}


@require_GET
@session.member
def listing(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Incidents, open ones unless asked otherwise, newest first."""
    form = forms.Filters(request.GET)
    form.is_valid()
    given = form.cleaned_data
    show = given.get("show") or "open"
    filters = incidents.Filters(severity=given.get("severity"), words=given.get("q") or None, is_open=IS_OPEN[show])
    views, cursor = incidents.listed(principal, filters, PAGE_SIZE, given.get("before"))
    stops = panel.stops(views)
    now = clock.now()
    version = panel.version_of_list(views, stops, now)
    if live.asked(request) == version:
        return live.unchanged(now)
    chosen = {name: str(value) for name, value in given.items() if value and name != "before"}
    context = {
        "section": "incidents",
        "rows": [(view, panel.short(view, stops.get(view.incident.id))) for view in views],
        "form": form,
        "show": show,
        "narrowed": bool(given.get("severity") or given.get("q")),
        "uncovered": gap_words.line(gaps.of_organization(principal, now), now),
        "older": urlencode({**chosen, "before": cursor}) if cursor else "",
        "is_first": not given.get("before"),
        "live": request.get_full_path(),
        "version": version,
        "now": now,
    }
    return live.dated(session.page(request, principal, "web/list.html", context), now)


@require_GET
@session.member
def incident(request: HttpRequest, principal: Principal, number: int) -> HttpResponse:
    """One incident. The script asks here whether what it shows still holds."""
    asked = live.asked(request)
    if asked:
        known = incidents.one(principal, number)
        now = clock.now()
        if known is not None and panel.version(incidents.foreseen(known), now) == asked:
            return live.unchanged(now)
    return show(request, principal, number)


def show(
    request: HttpRequest,
    principal: Principal,
    number: int,
    *,
    opened: str = "",
    typed: dict[str, str] | None = None,
    refusal: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of an incident, with the form `opened` open, filled with what was `typed`, under what was refused."""
    found = incidents.whole(principal, number)
    if found is None:
        raise Http404
    view = reasons.named(principal, found)
    now = clock.now()
    members = people.active(principal)
    names = {**(view.names or {}), **{each.id: each.name for each in members}}
    steps = state.steps_after(view.incident.status)
    is_open = view.incident.state is not state.State.CLOSED
    context = {
        "view": view,
        "incident": view.incident,
        "panel": panel.of(view, principal.actor.user_id, names, now),
        "lines": timeline.of(view),
        "offers": hand_off.offers(principal, view, members, now) if is_open else None,
        "can_escalate": view.incident.can_escalate,
        "next_status": (steps[0].value, wording.STATUS[steps[0]]) if len(steps) > 1 else None,
        "status_word": wording.STATUS[view.incident.status],
        "opened": opened,
        "typed": typed or {},
        "refusal": refusal,
        "live": f"/incidents/{view.number}",
        "version": panel.version(view, now),
        "now": now,
    }
    if refusal and refusal.get("stale"):
        refusal["change"] = timeline.last_change(view)
    return live.dated(session.page(request, principal, "web/incident.html", context, status), now)
