"""The Slack app of this installation: Slack's part of the environment."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from nightbell.channels.declaration import Configured, Part


class SlackSettings(Part):
    """Without an app nothing of Slack is offered."""

    slack_client_id: str | None = None
    slack_client_secret: Annotated[str | None, Field(repr=False)] = None
    slack_signing_secret: Annotated[str | None, Field(repr=False)] = None
    slack_api_url: str = "https://slack.com/api/"

    @field_validator("slack_api_url")
    @classmethod
    def _slack_api_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address like https://slack.com/api/")
        return value if value.endswith("/") else f"{value}/"


def offered(configured: Configured) -> bool:
    """Whether organizations can connect Slack here: the app is known, and its tokens can be kept."""
    app = configured.of(SlackSettings)
    return bool(app.slack_client_id and app.slack_client_secret and configured.encryption_keys)


def check(configured: Configured, _admin: str | None) -> tuple[bool, str]:
    """Whether the app is set up as a whole or not at all."""
    app = configured.of(SlackSettings)
    needed = {
        "NIGHTBELL_SLACK_CLIENT_ID": app.slack_client_id,
        "NIGHTBELL_SLACK_CLIENT_SECRET": app.slack_client_secret,
        "NIGHTBELL_SLACK_SIGNING_SECRET": app.slack_signing_secret,
    }
    missing = [name for name, value in needed.items() if not value]
    if len(missing) == len(needed):
        return True, "not set up; nobody is paged there"
    missing += [] if configured.encryption_keys else ["NIGHTBELL_ENCRYPTION_KEYS"]
    if missing:
        return False, f"{' and '.join(missing)} not set"
    return True, "set up; an admin connects a workspace on the settings page"
