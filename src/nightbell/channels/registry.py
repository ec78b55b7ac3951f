"""Which channels there are: the only place that reads their settings."""

from collections.abc import Callable, Mapping
from functools import partial

from django.conf import settings

from nightbell.channels.base import Channel
from nightbell.channels.email.channel import EmailChannel
from nightbell.channels.slack.buckets import Buckets
from nightbell.channels.slack.channel import SlackChannel
from nightbell.channels.slack.client import Client

# One for the process: what Slack asks one sender to wait for, all of them do.
_BUCKETS = Buckets()


def makers() -> Mapping[str, Callable[[], Channel]]:
    """For each channel's name, what makes one for a sender thread."""
    return {EmailChannel.name: _email, **showing()}


def showing() -> Mapping[str, Callable[[], Channel]]:
    """The same, for those that keep what they have shown up to date."""
    configured = settings.NIGHTBELL
    return {SlackChannel.name: partial(_slack, configured.slack_api_url)} if configured.slack_configured else {}


def slack(team_id: str, token: str) -> Client:
    """One workspace, for whoever asks it something."""
    return Client(settings.NIGHTBELL.slack_api_url, _BUCKETS, team_id, token)


def _email() -> Channel:
    configured = settings.NIGHTBELL
    return EmailChannel(configured.smtp_url, configured.mail_from)


def _slack(api_url: str) -> Channel:
    return SlackChannel(api_url, _BUCKETS)
