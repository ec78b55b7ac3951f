"""Letting Nightbell into a workspace: to Slack's page and back, with a state that is good for one admin alone."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from nightbell.actions import signed_links, workspaces
from nightbell.channels.slack import client, declaration
from nightbell.channels.slack.settings import SlackSettings
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.data import secrets
from nightbell.data.access import principal as access
from nightbell.data.access import sessions
from nightbell.data.access.principal import Principal

STATE_SECONDS = 3600
_SALT = "nightbell.slack.state"


@require_safe
@never_cache
def connect(request: HttpRequest) -> HttpResponseBase:
    """To Slack's page. Going there changes nothing."""
    admin = _admin(request, request.GET.get("organization"))
    if admin is None:
        return _not_you(request)
    url = client.authorize_url(
        settings.NIGHTBELL.of(SlackSettings).slack_api_url,
        client_id=settings.NIGHTBELL.of(SlackSettings).slack_client_id or "",
        state=signing.dumps([admin.organization_id.hex, str(admin.actor.id)], salt=_SALT),
        redirect_uri=signed_links.slack_oauth_url(),
    )
    return redirect(url)


@require_safe
@never_cache
def callback(request: HttpRequest) -> HttpResponseBase:
    """Back from Slack's page, with a code that is exchanged for a token, or with a refusal."""
    admin = _returned(request)
    if admin is None:
        return _not_you(request)
    code = request.GET.get("code")
    if not code:
        messages.error(request, "Slack was not connected: nobody let Nightbell in.")
        return redirect(signed_links.slack_settings_url())
    try:
        granted = _granted(code)
        workspaces.connect(admin, granted)
    except (Rejected, secrets.Unreadable, client.Failed) as refused:
        messages.error(request, f"Slack was not connected: {refused}")
    else:
        messages.success(request, f"{granted.team_name} is connected.")
    return redirect(signed_links.slack_settings_url())


def _granted(code: str) -> workspaces.Granted:
    configured = settings.NIGHTBELL.of(SlackSettings)
    answer = client.exchange(
        configured.slack_api_url,
        client_id=configured.slack_client_id or "",
        client_secret=configured.slack_client_secret or "",
        code=code,
        redirect_uri=signed_links.slack_oauth_url(),
    )
    team, missing = answer.get("team"), sorted(set(client.SCOPES) - set(str(answer.get("scope", "")).split(",")))
    if not team:
        raise Rejected(Code.VALIDATION_ERROR, "Install the app in one workspace, not in a whole organization of Slack.")
    if missing:
        raise Rejected(Code.VALIDATION_ERROR, f"the app lacks the scopes {', '.join(missing)}. Renew its manifest.")
    return workspaces.Granted(
        declaration.DECLARATION.name, team["id"], team["name"], answer["bot_user_id"], answer["access_token"]
    )


def _returned(request: HttpRequest) -> Principal | None:
    """The admin who set out, if it is they who come back."""
    try:
        organization, user_id = signing.loads(request.GET.get("state", ""), salt=_SALT, max_age=STATE_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return _admin(request, organization) if user_id == str(request.user.pk) else None


def _admin(request: HttpRequest, organization: str | None) -> Principal | None:
    if not request.user.is_authenticated or not declaration.DECLARATION.offered(settings.NIGHTBELL):
        return None
    try:
        member = access.of_member(
            UUID(organization or ""), UUID(str(request.user.pk)), actor.Via.WEB, since=sessions.since(request.session)
        )
    except ValueError:
        return None
    return member if member and member.is_admin else None


def _not_you(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(signed_links.slack_settings_url())
    messages.error(
        request,
        "Slack was not connected: only the admin who set out can come back, within an hour, where Slack is configured.",
    )
    return redirect(signed_links.slack_settings_url())
