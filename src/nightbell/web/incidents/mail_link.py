"""The page behind the link in a mail: looking changes nothing, one button acknowledges, nobody is signed in by it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from nightbell.actions import incidents as actions
from nightbell.actions import signed_links
from nightbell.core.incident import state
from nightbell.core.link_grants import AcknowledgeGrant
from nightbell.data import clock
from nightbell.data.access import grants
from nightbell.data.access.principal import Principal
from nightbell.data.reads import incidents
from nightbell.web import session
from nightbell.web.incidents import panel

_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


# Exempt because the signed token in the address is the authority: whoever could forge the request has the token and
# needs no forgery. No cookie is looked at, and none is set: browsers inside mail programs often keep none.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what would be acknowledged; only POST does it.

    A forged link is a 404, one of a member who has left since is refused, and one of long ago is gone.
    """
    grant = signed_links.read_acknowledge(token)
    if grant is None:
        raise Http404
    try:
        holder = grants.holder(grant)
    except grants.Expired:
        return _answer(request, "web/ack_expired.html", {"days": grants.OPEN_AFTER_RESOLVED.days}, 410)
    if holder is None:
        return _answer(request, "web/ack_refused.html", {}, 403)
    with timezone.override(session.zone(holder.timezone)):
        return _show(request, grant, holder.principal)


def _show(request: HttpRequest, grant: AcknowledgeGrant, principal: Principal) -> HttpResponse:
    if request.method == "POST":
        view = actions.acknowledge(principal, grant.incident_id)
    else:
        found = incidents.one(principal, grant.incident_id)
        assert found is not None  # its holder was found by it, and incidents are never deleted
        view = found
    view = incidents.foreseen(view)
    by, now = view.incident.acknowledged_by, clock.now()
    context = {
        "view": view,
        "incident": view.incident,
        "mine": by is not None and by.user_id == grant.user_id,
        "is_resolved": view.incident.state is state.State.CLOSED,
        "owns": view.incident.owner_id == grant.user_id,
        "panel": panel.of(view, grant.user_id, {}, now),
        "holder": principal.actor.name,
    }
    return _answer(request, "web/ack.html", context, 200)


def _answer(request: HttpRequest, template: str, context: dict[str, object], status: int) -> HttpResponse:
    response = render(request, template, context, status=status)
    for name, value in _HEADERS.items():
        response[name] = value
    return response
