"""What only Slack may ask: every request of its own comes in here."""

from collections.abc import Mapping

from django.conf import settings

from nightbell.channels.slack import signatures
from nightbell.channels.slack.settings import SlackSettings
from nightbell.inbound import door


def _valid(body: bytes, headers: Mapping[str, str]) -> bool:
    """Without a secret nothing is."""
    return signatures.valid(settings.NIGHTBELL.of(SlackSettings).slack_signing_secret, body, headers)


signed = door.signed("Slack", _valid)
