"""The demo's Slack in the browser: who wrote what to whom, buttons that work, and a line to type commands in."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from nightbell.data.access.principal import Principal
from nightbell.data.models import Account
from nightbell.demo import drawing
from nightbell.demo.slack.fake import FakeSlack
from nightbell.demo.slack.records import Ephemeral, Message, Reply, User
from nightbell.demo.workspace import WORKSPACE
from nightbell.web import session

PARTS = {"places": "demo/slack/places.html", "said": "demo/slack/said.html", "modal": "demo/slack/modal.html"}
TROUBLE = {
    "operation_timeout": "Slack would say: this app did not answer in time.",
    "http_service_error": "Slack would say: this app answered with an error.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that messages are: one's own direct messages, or a channel."""

    id: str
    name: str
    is_channel: bool
    count: int
    archived: bool = False
    members: str = ""


@require_safe
@session.member
def show(request: HttpRequest, principal: Principal) -> HttpResponse:
    """What one person sees of it; a part of it, or how much there is, where the script asks for no more."""
    if "count" in request.GET:
        return HttpResponse(str(len(WORKSPACE)), content_type="text/plain")
    slack, me = _here(request)
    context = _context(slack, me, request.GET.get("in", ""))
    part = PARTS.get(request.GET.get("part", ""))
    return render(request, part, context) if part else session.page(request, principal, "demo/slack/pane.html", context)


@require_POST
@session.member
def press(request: HttpRequest, _principal: Principal) -> HttpResponse:
    """Press a button of a message."""
    slack, me = _here(request)
    channel, _, rest = request.POST.get("press", "").partition(" ")
    ts, _, action_id = rest.partition(" ")
    try:
        _tell(request, slack.click(_found(slack, me, channel, ts), action_id, me))
    except LookupError:
        messages.info(request, "That message has changed meanwhile: this is how it is now.")
    return _to(channel)


@require_POST
@session.member
def submit(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Send the modal off, or put it away."""
    slack, me = _here(request)
    place, view = request.POST.get("in", ""), slack.views.get(me.id)
    if view is None or view.id != request.POST.get("view"):
        messages.info(request, "That form is gone.")
        return _to(place)
    if "close" in request.POST:
        slack.close(me)
        return _to(place)
    typed = {name: request.POST.get(name, "") for name in view.inputs}
    try:
        reply = slack.submit(me, typed, view=view)
    except (LookupError, ValueError):
        errors = {block["block_id"]: "Please complete this." for name, block in view.inputs.items() if not typed[name]}
    else:
        _tell(request, reply)
        errors = reply.errors
        if not errors:
            return _to(place)
    return session.page(
        request, principal, "demo/slack/pane.html", _context(slack, me, place, typed, errors), status=422
    )


@require_POST
@session.member
def say(request: HttpRequest, _principal: Principal) -> HttpResponse:
    """Type a command."""
    slack, me = _here(request)
    place = _place(_places(slack, me), request.POST.get("in", ""))
    _tell(request, slack.command(request.POST.get("text", ""), me, place.id))
    return _to(place.id)


def _here(request: HttpRequest) -> tuple[FakeSlack, User]:
    assert isinstance(request.user, Account)
    slack, me = WORKSPACE.slack, WORKSPACE.user(request.user.email)
    if slack is None or me is None:
        raise Http404
    return slack, me


def _context(
    slack: FakeSlack,
    me: User,
    wanted: str,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> dict[str, Any]:
    places = _places(slack, me)
    place, view = _place(places, wanted), slack.views.get(me.id)
    said = sorted(_said(slack, me, place.id), key=lambda each: float(each.id), reverse=True)
    return {
        "team": slack.team_name,
        "places": places,
        "place": place,
        "said": [drawing.message(each, slack.called) for each in said],
        "view": view,
        "errors": errors,
        "modal": drawing.modal(view, slack.called, typed or {}, errors or {}) if view is not None else [],
    }


def _places(slack: FakeSlack, me: User) -> list[Place]:
    own = Place(slack.dm_of(me), "Nightbell", False, len(slack.to(me)))
    channels = [
        Place(
            channel.id,
            channel.name,
            True,
            len(slack.in_channel(channel.id)),
            channel.archived,
            ", ".join(sorted(slack.called(each) for each in channel.members)),
        )
        for channel in slack.channels.values()
        if not channel.private or me.id in channel.members
    ]
    return [own, *sorted(channels, key=lambda each: each.archived)]


def _place(places: list[Place], wanted: str) -> Place:
    return next((place for place in places if place.id == wanted), places[0])


def _said(slack: FakeSlack, me: User, place: str) -> list[Message | Ephemeral]:
    whispered = [each for each in slack.ephemerals if each.channel == place and each.user is me]
    return [*slack.in_channel(place), *whispered]


def _found(slack: FakeSlack, me: User, channel: str, ts: str) -> Message | Ephemeral:
    for each in _said(slack, me, channel):
        if each.id == ts:
            return each
    raise LookupError(ts)


def _tell(request: HttpRequest, reply: Reply) -> None:
    if reply.trouble:
        messages.warning(request, TROUBLE[reply.trouble])


def _to(place: str) -> HttpResponse:
    return redirect(f"{reverse('demo_slack')}?{urlencode({'in': place})}")
