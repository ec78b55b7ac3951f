"""The form that opens an incident, for a member or for whoever is on call."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from nightbell.actions import incidents as actions
from nightbell.core.errors import Rejected
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import incidents, on_call, people, policies
from nightbell.web import session, wording
from nightbell.web.incidents import forms

FIELDS = {"owner_id": "owner", "owner_schedule_id": "owner", "escalation_policy_id": "policy"}


@session.member
def new(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Open an incident."""
    form = forms.Open(request.POST if request.method == "POST" else None, initial=_defaults(principal))
    if request.method == "POST" and form.is_valid():
        try:
            view = _open(principal, form.cleaned_data)
        except Rejected as refused:
            form.add_error(FIELDS.get(refused.field or ""), refused.message)
        else:
            return redirect("incident", number=view.number)
    context = {
        "form": form,
        "members": people.active(principal),
        "on_call": _on_call(principal),
        "policies": policies.listed(principal),
        "severities": forms.SEVERITIES,
    }
    return session.page(request, principal, "web/new.html", context, 400 if form.errors else 200)


def _open(principal: Principal, given: Mapping[str, Any]) -> incidents.IncidentView:
    opening = actions.Opening(
        title=given["title"],
        severity=given["severity"],
        owner_id=None,
        description=given["description"] or None,
        policy_id=given["policy"],
    )
    return actions.open_for(principal, opening, given["owner"])


def _on_call(principal: Principal) -> list[tuple[str, str]]:
    """A choice for each schedule, with who that is now."""
    choices = []
    for each, resolved in on_call.everywhere(principal, clock.now()):
        who = wording.plain(resolved.owner.name, 100) if resolved.owner else "nobody now, so the first admin"
        choices.append((f"{forms.ON_CALL}{each.id}", f"{wording.plain(each.name, 100)} · {who}"))
    return choices


def _defaults(principal: Principal) -> dict[str, str]:
    return {"severity": state.Severity.HIGH.value, "owner": str(principal.actor.user_id)}
