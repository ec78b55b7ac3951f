"""What is said to whoever clicked, and to nobody else."""

from urllib.parse import urlsplit

from django.conf import settings

from nightbell.channels.slack import client, text
from nightbell.channels.slack.settings import SlackSettings

SLACKS_OWN = "hooks.slack.com"


def privately(response_url: str, said: str) -> bool:
    """Tell them, by the address that came with the click; whether Slack took it. The text is plain."""
    return in_markup(response_url, text.escape(said))


def in_markup(response_url: str, said: str) -> bool:
    """The same, in Slack's mark-up."""
    return _is_slacks(response_url) and client.respond(response_url, said)


def _is_slacks(address: str) -> bool:
    """Whether an address is Slack's own: what came signed is believed, but nothing else on our network is called."""
    asked, api = urlsplit(address), urlsplit(settings.NIGHTBELL.of(SlackSettings).slack_api_url)
    if (asked.scheme, asked.netloc) == (api.scheme, api.netloc):
        return True
    return asked.scheme == "https" and asked.hostname == SLACKS_OWN
