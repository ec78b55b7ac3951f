"""Signed links: the only place that makes and reads them."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.core import signing

from nightbell.core import link_grants
from nightbell.data.access.one_time import OneTime
from nightbell.data.models import Account

_SALT = "nightbell.acknowledge"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT = timedelta(microseconds=1)


def acknowledge_url(grant: link_grants.AcknowledgeGrant) -> str:
    """Where this person acknowledges this incident with one click and one button."""
    made_at = (grant.made_at - _EPOCH) // _UNIT
    token = signing.dumps([grant.incident_id.hex, grant.user_id.hex, made_at], salt=_SALT)
    return f"{settings.NIGHTBELL.url}/ack/{token}"


def read_acknowledge(token: str) -> link_grants.AcknowledgeGrant | None:
    """What a token grants; None for one that was not made here."""
    try:
        incident_id, user_id, *made_at = signing.loads(token, salt=_SALT)
        # Before 0.1.0 links did not say when they were made, and were signed at that moment.
        signed_at = timedelta(seconds=signing.b62_decode(token.split(":")[-2]))
        at = _EPOCH + (made_at[0] * _UNIT if made_at else signed_at)
        return link_grants.AcknowledgeGrant(UUID(hex=incident_id), UUID(hex=user_id), at)
    except (signing.BadSignature, ValueError, TypeError, OverflowError):
        return None


def sign_in_url(account: Account) -> str:
    """Where this person sets a password once, and is then signed in; void after it was used, or after 3 days."""
    token = quote(OneTime().make_token(account))
    return f"{settings.NIGHTBELL.url}/accounts/password/reset/key/{account.pk.hex}-{token}/"


def schedules_url() -> str:
    """The page of all schedules."""
    return f"{settings.NIGHTBELL.url}/schedules"


def schedule_url(schedule_id: UUID) -> str:
    """The page of a schedule."""
    return f"{settings.NIGHTBELL.url}/schedules/{schedule_id}"


def incident_url(number: int) -> str:
    """The page of an incident."""
    return f"{settings.NIGHTBELL.url}/incidents/{number}"


def slack_settings_url() -> str:
    """The page where an admin connects Slack."""
    return f"{settings.NIGHTBELL.url}/settings/slack"


def home_url() -> str:
    """The list of incidents."""
    return f"{settings.NIGHTBELL.url}/"


def slack_oauth_url() -> str:
    """Where Slack sends an admin back to."""
    return f"{settings.NIGHTBELL.url}/slack/oauth"
