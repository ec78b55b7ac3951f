"""Who is looking: the only place that turns an account into a member, and sends everybody else where they belong."""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from nightbell.core import drafts, zones
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.data.access import principal as access
from nightbell.data.access import sessions
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.models import Account
from nightbell.data.reads import directory
from nightbell.web import health, live, once

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Principal, P], HttpResponse]
Page = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

_ORGANIZATION = "organization"


def member(view: View[P]) -> Page[P]:
    """A page for members: asked anew on every request, so that whoever was removed is out at once."""

    @wraps(view)
    def run(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        account = request.user
        if not isinstance(account, Account):
            return _sign_in(request)
        chosen, since = _uuid(request.session.get(_ORGANIZATION)), sessions.since(request.session)
        principal = access.of_user(account.pk, actor.Via.WEB, chosen, since=since)
        if principal is None:
            return render(request, "web/no_member.html", status=403)
        with timezone.override(zone(account.timezone)):
            try:
                return once.acting(request, principal, lambda: view(request, principal, *args, **kwargs))
            except Rejected as refusal:
                if refusal.code is not Code.NOT_AUTHORIZED:
                    raise
                return page(request, principal, "web/not_admin.html", {}, status=403)

    return cast(Page[P], never_cache(run))


def admin(view: View[P]) -> Page[P]:
    """A page for admins; a member is told whom to ask."""
    return _for_whoever(Needs.ADMINISTRATION, view)


def editor(view: View[P]) -> Page[P]:
    """A page for whoever may change schedules and policies."""
    return _for_whoever(Needs.EDITING, view)


def _for_whoever(needs: Needs, view: View[P]) -> Page[P]:
    @wraps(view)
    def run(request: HttpRequest, principal: Principal, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        principal.require(needs)
        return view(request, principal, *args, **kwargs)

    return member(cast(View[P], run))


def page(
    request: HttpRequest, principal: Principal, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """A whole page, with what its frame shows: who is signed in, and where."""
    assert isinstance(request.user, Account)
    belongings = directory.organizations(request.user.pk)
    frame = {
        "principal": principal,
        "organizations": belongings,
        "paging_troubles": health.troubles() if principal.is_admin else [],
        "organization": next((each for each in belongings if each.id == principal.organization_id), None),
    }
    return render(request, template, {**frame, **context}, status=status)


@require_POST
def switch(request: HttpRequest) -> HttpResponseBase:
    """Look at another organization from now on. One they are not in changes nothing: `member` asks again."""
    if not request.user.is_authenticated:
        return _sign_in(request)
    chosen = _uuid(request.POST.get("organization"))
    if chosen is not None:
        request.session[_ORGANIZATION] = str(chosen)
    return redirect("incidents")


def take_draft(request: HttpRequest) -> dict[str, str]:
    """What was in the form that met a signed-out session, once."""
    return drafts.take(request.session, request.path)


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    """To sign in and then back to the action. The script is only told.

    What was typed goes along in the browser's own form, because nobody who is signed out writes into our database.
    """
    if live.asked(request) is not None:
        return HttpResponse(status=401)
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    answer = redirect_to_login(request.path)
    if drafts.typed(request.POST):
        answer.status_code = HTTPStatus.TEMPORARY_REDIRECT
    return answer


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def zone(name: str) -> ZoneInfo:
    """The zone of this name; UTC for one that does not exist."""
    try:
        return zones.zone(name)
    except ValueError:
        return zones.zone("UTC")
