"""Which channels there are: the only place that reads their settings."""

from collections.abc import Callable

from django.conf import settings

from nightbell.channels.base import Channel
from nightbell.channels.email import EmailChannel


def makers() -> dict[str, Callable[[], Channel]]:
    """For each channel's name, what makes one for a sender thread."""
    return {EmailChannel.name: _email}


def _email() -> Channel:
    configured = settings.NIGHTBELL
    return EmailChannel(configured.smtp_url, configured.mail_from)
