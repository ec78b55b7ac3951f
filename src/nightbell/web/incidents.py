"""The pages that show incidents: the list, the one incident, and the form that opens one."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from nightbell.actions import incidents as actions
from nightbell.core.errors import Rejected
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import directory, incidents, people
from nightbell.data.reads import policies as policy_reads
from nightbell.web import forms, handing, panel, session, timeline, words

PAGE_SIZE = 50
IS_OPEN = {"open": True, "resolved": False, "all": None}
# The database's clock, on every answer to the script: countdowns follow it.
NOW = "X-Nightbell-Now"


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
    if request.headers.get(session.VERSION) == version:
        return unchanged(now)
    chosen = {name: str(value) for name, value in given.items() if value and name != "before"}
    context = {
        "section": "incidents",
        "rows": [(view, panel.short(view, stops.get(view.incident.id))) for view in views],
        "form": form,
        "show": show,
        "narrowed": bool(given.get("severity") or given.get("q")),
        "older": urlencode({**chosen, "before": cursor}) if cursor else "",
        "is_first": not given.get("before"),
        "live": request.get_full_path(),
        "version": version,
        "now": now,
    }
    return dated(session.page(request, principal, "web/list.html", context), now)


@require_GET
@session.member
def incident(request: HttpRequest, principal: Principal, number: int) -> HttpResponse:
    """One incident. The script asks here whether what it shows still holds."""
    asked = request.headers.get(session.VERSION)
    if asked:
        view = incidents.one(principal, number)
        now = clock.now()
        if view is not None and panel.version(view, incidents.next_stop(view), now) == asked:
            return unchanged(now)
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
    view = incidents.whole(principal, number)
    if view is None:
        raise Http404
    now = clock.now()
    members = people.active(principal)
    names = {each.id: each.name for each in members}
    steps = state.steps_after(view.incident.status)
    is_open = view.incident.state is not state.State.CLOSED
    context = {
        "view": view,
        "incident": view.incident,
        "panel": panel.of(view, view.next_stop, principal.actor.user_id, names, now),
        "lines": timeline.of(view),
        "offers": handing.offers(principal, view, members, now) if is_open else None,
        "can_escalate": _can_escalate(view),
        "next_status": (steps[0].value, words.STATUS[steps[0]]) if len(steps) > 1 else None,
        "status_word": words.STATUS[view.incident.status],
        "opened": opened,
        "typed": typed or {},
        "refusal": refusal,
        "live": f"/incidents/{view.number}",
        "version": panel.version(view, view.next_stop, now),
        "now": now,
    }
    if refusal and refusal.get("stale"):
        refusal["change"] = timeline.last_change(view)
    return dated(session.page(request, principal, "web/incident.html", context, status), now)


@session.member
def new(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Open an incident."""
    form = forms.Open(request.POST if request.method == "POST" else None, initial=_defaults(principal))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        opening = actions.Opening(
            title=given["title"],
            severity=given["severity"],
            owner_id=given["owner"],
            description=given["description"] or None,
            policy_id=given["policy"],
        )
        try:
            view, _ = actions.open_incident(principal, opening)
        except Rejected as refused:
            form.add_error(
                {"ownerId": "owner", "escalationPolicyId": "policy"}.get(refused.field or ""), refused.message
            )
        else:
            return redirect("incident", number=view.number)
    context = {
        "form": form,
        "members": people.active(principal),
        "policies": policy_reads.listed(principal),
        "severities": forms.SEVERITIES,
    }
    return session.page(request, principal, "web/new.html", context, 400 if form.errors else 200)


@require_GET
@session.member
def policies(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The organization's escalation policies, to read."""
    names = {each.id: each.name for each in people.active(principal)}
    shown = [(each, panel.layers(each.policy, names)) for each in directory.policies(principal)]
    return session.page(request, principal, "web/policies.html", {"section": "policies", "policies": shown})


def unchanged(now: datetime) -> HttpResponse:
    """What the script shows still holds."""
    return dated(HttpResponse(status=204), now)


def dated(response: HttpResponse, now: datetime) -> HttpResponse:
    """The same answer, with the database's time on it."""
    response[NOW] = str(int(now.timestamp() * 1000))
    return response


def _can_escalate(view: incidents.IncidentView) -> bool:
    if view.incident.state is state.State.PAGING:
        return True
    return view.incident.state is state.State.ACKNOWLEDGED and view.incident.layer_count > 0


def _defaults(principal: Principal) -> dict[str, str]:
    return {"severity": state.Severity.HIGH.value, "owner": str(principal.actor.user_id)}
