"""The page where an admin lets Nightbell into Slack, sees that it works, and shows it out again."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from nightbell.actions import contacts, workspaces
from nightbell.channels.slack import blocks, channel, declaration
from nightbell.channels.slack.buckets import POST
from nightbell.channels.slack.client import Client, Failed
from nightbell.channels.slack.settings import SlackSettings
from nightbell.core.errors import Rejected
from nightbell.data import clock, secrets
from nightbell.data.access.principal import Principal
from nightbell.data.reads import directory
from nightbell.data.reads import workspaces as reads
from nightbell.web import live, session
from nightbell.web.settings import forms

HELLO = "Nightbell shows incidents here from now on."
NOT_THERE = "Nightbell is not in {}: type /invite @Nightbell there, then save again."

Act = Callable[[reads.Workspace, Client], None]


@require_safe
@session.admin
def slack(request: HttpRequest, principal: Principal) -> HttpResponse:
    """How things stand, and what can be done about it. The script asks here how far members are looked up."""
    workspace = reads.workspace(principal)
    if live.asked(request) is not None and live.asked(request) == _version(workspace, _people(principal, workspace)):
        return live.unchanged(clock.now())
    return _page(request, principal)


@require_POST
@session.admin
def choose(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Where incidents are shown. Each channel is looked at first; what was typed stays where one cannot be used."""
    form = forms.Channels(request.POST)
    if not form.is_valid():
        return _page(request, principal, form=form, refused=str(next(iter(form.errors.values()))[0]), status=400)
    given = form.cleaned_data

    def act(workspace: reads.Workspace, slack_: Client) -> None:
        for channel_id in given["channels"]:
            _look_at(slack_, channel_id)
        for channel_id in given["channels"]:
            if channel_id not in workspace.alerts_channels:
                slack_.call(POST, channel=channel_id, text=HELLO)
        workspaces.choose(
            principal,
            alerts_channels=given["channels"],
            incident_channels=given["incident_channels"],
            archive_on_resolve=given["archive_on_resolve"],
        )
        messages.success(request, "Saved.")

    refused = _try(principal, act)
    return _page(request, principal, form=form, refused=refused, status=400) if refused else _back()


@require_POST
@session.admin
def match(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Have every member looked up in Slack by their address. An engine does it, and the page says how far it is."""
    try:
        contacts.ask_for_match(principal)
    except Rejected as refusal:
        return _page(request, principal, refused=refusal.message, status=400)
    return _back()


@require_POST
@session.admin
def test(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Page the admin who asks, with no incident behind it."""

    def act(workspace: reads.Workspace, slack_: Client) -> None:
        everybody = reads.identities(principal, workspace.channel)
        me = next(each for each in everybody if each.user_id == principal.actor.id)
        found = me.address or channel.person(slack_, me.email)
        contacts.remember(principal, me.user_id, workspace.team_id, found)
        if found is None:
            raise _Refused(f"Nobody in {workspace.team_name} has your address, {me.email}.")
        said = blocks.test(me.name, directory.name(principal))
        slack_.call(POST, channel=found, text=said.text, blocks=said.blocks)
        messages.success(request, "Sent: look at Slack, and press its button.")

    return _done(request, principal, act)


@require_POST
@session.admin
def disconnect(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Forget the token, and have Slack make it void."""
    try:
        workspace = reads.workspace(principal)
        kept = workspaces.disconnect(principal)
    except Rejected as refusal:
        return _page(request, principal, refused=refusal.message, status=400)
    assert workspace is not None
    try:
        _client(replace(workspace, token=kept)).call("auth.revoke")
    except (Failed, secrets.Unreadable):
        messages.warning(
            request,
            f"{workspace.team_name} is disconnected, and the token is gone from here. Slack did not confirm that it "
            "is void: remove the app there too.",
        )
    else:
        messages.success(request, f"{workspace.team_name} is disconnected.")
    return _back()


class _Refused(Exception):  # noqa: N818 -- an answer
    """Something an admin asked for and cannot have; the message is for them."""


def _look_at(slack_: Client, channel_id: str) -> None:
    """Whether it is a channel we are in."""
    try:
        slack_.call("pins.list", channel=channel_id)
    except Failed as failed:
        if failed.error in {"channel_not_found", "not_in_channel"}:
            raise _Refused(NOT_THERE.format(channel_id)) from None
        raise


def _client(workspace: reads.Workspace) -> Client:
    return declaration.workspace(workspace.team_id, workspaces.credential(workspace))


def _try(principal: Principal, act: Act) -> str:
    """Do it with the connected workspace; why it cannot be done, empty where it was."""
    workspace = reads.workspace(principal)
    if workspace is None:
        return "No Slack workspace is connected."
    try:
        act(workspace, _client(workspace))
    except Failed as failed:
        return f"Slack did not do it: {failed.error}. Nothing more was done."
    except (_Refused, Rejected, secrets.Unreadable) as refusal:
        return str(refusal)
    return ""


def _done(request: HttpRequest, principal: Principal, act: Act) -> HttpResponse:
    refused = _try(principal, act)
    return _page(request, principal, refused=refused, status=400) if refused else _back()


def _back() -> HttpResponse:
    return redirect("slack-settings")


def _page(
    request: HttpRequest,
    principal: Principal,
    *,
    refused: str = "",
    form: forms.Channels | None = None,
    status: int = 200,
) -> HttpResponse:
    workspace = reads.workspace(principal)
    configured = settings.NIGHTBELL
    people, now = _people(principal, workspace), clock.now()
    asked_at = workspace.match_asked_at if workspace else None
    context = {
        "workspace": workspace,
        "form": form or _form(workspace),
        "people": people,
        "looked_up": sum(1 for each in people if asked_at and each.checked_at and each.checked_at >= asked_at),
        "is_matching": asked_at is not None,
        # While members are looked up; and for the script that has asked meanwhile, which has to see the end of it.
        "live": reverse("slack-settings") if asked_at or live.asked(request) is not None else "",
        "version": _version(workspace, people),
        "now": now,
        "missing": sum(1 for each in people if not each.address),
        "troubles": reads.troubles(principal, channel.SlackChannel.name),
        "configured": declaration.DECLARATION.offered(configured),
        "signed": bool(configured.of(SlackSettings).slack_signing_secret),
        "most": reads.MAX_ALERTS_CHANNELS,
        "refused": refused,
    }
    return live.dated(session.page(request, principal, "web/slack.html", context, status), now)


def _people(principal: Principal, workspace: reads.Workspace | None) -> list[reads.Identified]:
    return reads.identities(principal, workspace.channel) if workspace else []


def _version(workspace: reads.Workspace | None, people: list[reads.Identified]) -> str:
    """What changes where somebody has been looked up, or a match begins, pauses or ends."""
    asked = (workspace.match_asked_at, workspace.match_trouble) if workspace else None
    seen = repr((asked, max((each.checked_at for each in people if each.checked_at), default=None)))
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def _form(workspace: reads.Workspace | None) -> forms.Channels:
    if workspace is None:
        return forms.Channels()
    chosen = {name: getattr(workspace, name) for name in ("incident_channels", "archive_on_resolve")}
    return forms.Channels(initial={"channels": "\n".join(workspace.alerts_channels), **chosen})
