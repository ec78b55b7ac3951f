"""What Slack says of itself, and the workspaces it is called in."""

import re

from django.conf import settings

from nightbell.channels.base import Channel
from nightbell.channels.declaration import Ability, Address, Brought, Configured, Declaration, LookupFailed
from nightbell.channels.slack.buckets import Buckets, Priority
from nightbell.channels.slack.channel import SlackChannel, look_at, look_up
from nightbell.channels.slack.client import Client, Failed
from nightbell.channels.slack.settings import SlackSettings, check, offered
from nightbell.core import contact, delivery

# One for the process: what Slack asks one sender to wait for, all of them do.
_BUCKETS = Buckets()
_USER = re.compile(r"[A-Z0-9]{1,64}", re.ASCII)


def workspace(team_id: str, token: str) -> Client:
    """One workspace, for whoever asks it something."""
    return _client(settings.NIGHTBELL, team_id, token)


def _make(configured: Configured) -> Channel:
    return SlackChannel(configured.of(SlackSettings).slack_api_url, _BUCKETS)


def _client(configured: Configured, team_id: str, token: str) -> Client:
    return Client(configured.of(SlackSettings).slack_api_url, _BUCKETS, team_id, token)


def _look(configured: Configured, address: str, token: str) -> delivery.Outcome:
    """Slack takes a message for somebody who is switched off without a word: nobody would ever read that page."""
    team_id, _, user_id = address.partition("/")
    try:
        found = look_at(_client(configured, team_id, token), user_id, Priority.EDIT)
    except Failed as failed:
        return failed.outcome
    return delivery.Accepted() if found else delivery.Refused("nobody to be paged", absent_from=team_id)


def _find(
    configured: Configured, team_id: str, token: str, email: str, address: str | None
) -> contact.Found | LookupFailed | None:
    """By their mail address, or by the id they were known by, whatever their address has become."""
    slack = _client(configured, team_id, token)
    try:
        user = look_up(slack, email, Priority.EDIT) or (address and look_at(slack, address, Priority.EDIT))
        if not user:
            return None
        return contact.Found(str(user["id"]), f"@{user.get('name')} · {user.get('real_name') or user['id']}")
    except Failed as failed:
        return failed.outcome
    except (AttributeError, LookupError, TypeError):
        return delivery.Unavailable("what Slack says of this user is not Slack's")


def _canonical(typed: str) -> str | None:
    return typed if _USER.fullmatch(typed) else None


DECLARATION: Declaration = Declaration(
    name=SlackChannel.name,
    title="Slack",
    part=SlackSettings,
    abilities=frozenset({Ability.PAGE, Ability.EDIT, Ability.ACKNOWLEDGE}),
    brought=Brought.ORGANIZATION,
    # Nothing that is anybody's secret: it names them within their own workspace.
    address=Address("a user's id", _canonical, str),
    offered=offered,
    check=check,
    make=_make,
    look=_look,
    find=_find,
)
