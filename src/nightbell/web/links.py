"""The page behind the link in a mail: looking changes nothing, one button acknowledges, nobody is signed in by it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from nightbell.actions import incidents as actions
from nightbell.actions import links
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.access import grants
from nightbell.data.reads import incidents
from nightbell.web import panel

_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


# Exempt because the signed token in the address is the authority: whoever could forge the request has the token and
# needs no forgery. No cookie is looked at, and none is set: browsers inside mail programs often keep none.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what would be acknowledged; only POST does it. A forged link is a 404, a removed member's refused."""
    grant = links.read_acknowledge(token)
    if grant is None:
        raise Http404
    principal = grants.holder(grant)
    if principal is None:
        return _answer(request, "web/ack_refused.html", {}, 403)
    before = incidents.one(principal, grant.incident_id)
    if before is None:
        raise Http404
    acted = request.method == "POST"
    view = actions.acknowledge(principal, grant.incident_id) if acted else before
    stop = incidents.next_stop(view)
    mine = view.incident.acknowledged_by is not None and view.incident.acknowledged_by.user_id == grant.user_id
    now = clock.now()
    context = {
        "view": view,
        "incident": view.incident,
        "acted": acted and before.incident.unanswered and mine,
        "mine": mine,
        "is_resolved": view.incident.state is state.State.CLOSED,
        "owns": view.incident.owner_id == grant.user_id,
        "panel": panel.of(view, stop, grant.user_id, {}, now),
        "principal_name": principal.actor.name,
        "now": now,
    }
    return _answer(request, "web/ack.html", context, 200)


def _answer(request: HttpRequest, template: str, context: dict[str, object], status: int) -> HttpResponse:
    response = render(request, template, context, status=status)
    for name, value in _HEADERS.items():
        response[name] = value
    return response
