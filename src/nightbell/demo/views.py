"""The demo's own pages: who is who, everybody's mail, and the clock to move."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from nightbell.actions import escalations
from nightbell.data import wake
from nightbell.data.access.principal import Principal
from nightbell.data.models import Account
from nightbell.demo import clock, inbox, people
from nightbell.demo.workspace import WORKSPACE
from nightbell.web import session

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# A deadline is due once it has passed.
JUST_AFTER = timedelta(milliseconds=50)
STEPS = {"1": timedelta(minutes=1), "5": timedelta(minutes=5)}


@require_safe
def start(request: HttpRequest) -> HttpResponseBase:
    """What this is. Nobody yet? Then Ana: one click is all it takes."""
    if not request.user.is_authenticated:
        login(request, people.everybody()[0].account, BACKEND)
    return _start(request)


@session.member
def _start(request: HttpRequest, principal: Principal) -> HttpResponse:
    return session.page(request, principal, "demo/start.html", {"everybody": people.everybody()})


@require_POST
def be(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Be somebody else from now on."""
    for each in people.everybody():
        if each.account.id == user_id:
            login(request, each.account, BACKEND)
            messages.info(request, f"You are {each.account.name} now.")
            return _back(request)
    raise Http404


@require_safe
@session.member
def mails(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Everybody's mail, newest first; a part of the page, or how much there is, where the script asks for no more."""
    recipient = request.GET.get("to", "")
    found = inbox.INBOX.messages(recipient)
    if "count" in request.GET:
        return HttpResponse(str(len(found)), content_type="text/plain")
    if "part" in request.GET:
        return render(request, "demo/mails.html", {"mails": found})
    context = {"mails": found, "recipient": recipient, "everybody": people.everybody()}
    return session.page(request, principal, "demo/inbox.html", context)


@require_POST
def fast_forward(request: HttpRequest) -> HttpResponse:
    """Move the clock: by minutes, or to just after the next deadline."""
    by = STEPS.get(request.POST.get("by", "")) or _to_next()
    if by is None:
        messages.info(request, "No clock is running: nothing would happen.")
    else:
        WORKSPACE.run_ahead(clock.advance(by))
        wake.engines()
        messages.info(request, f"It is {_words(by)} later.")
    return _back(request)


def _to_next() -> timedelta | None:
    seconds = escalations.seconds_to_next()
    return None if seconds is None else timedelta(seconds=max(0.0, seconds)) + JUST_AFTER


def _words(by: timedelta) -> str:
    minutes, seconds = divmod(round(by.total_seconds()), 60)
    return " ".join(f"{count} {unit}" for count, unit in ((minutes, "min"), (seconds, "s")) if count) or "a moment"


def _back(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return redirect("demo")
    return redirect(target)


def bar(request: HttpRequest) -> dict[str, object]:
    """What the bar on every page shows; it is a template's context processor."""
    me, ahead = request.user if isinstance(request.user, Account) else None, clock.offset()
    # Whoever was added since is not in Slack.
    in_slack = me is not None and WORKSPACE.user(me.email) is not None
    return {
        "demo_me": me,
        "demo_everybody": people.everybody(),
        "demo_mails": len(inbox.INBOX.messages()),
        "demo_slack": len(WORKSPACE) if in_slack else None,
        "demo_ahead": _words(ahead) if ahead else "",
    }
