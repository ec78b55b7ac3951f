"""Which channels there are: the only place that reads their settings."""

from django.conf import settings

from nightbell.channels.base import Channel
from nightbell.channels.email import EmailChannel


def channels() -> dict[str, Channel]:
    """A new set of channels by name, for one sender thread."""
    configured = settings.NIGHTBELL
    return {EmailChannel.name: EmailChannel(configured.smtp_url, configured.mail_from)}
