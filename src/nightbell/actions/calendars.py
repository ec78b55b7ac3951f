"""What people do about calendar feeds: get a token that reads them, and revoke it."""

import secrets
from uuid import UUID

from django.conf import settings

from nightbell.actions import ids
from nightbell.data import clock, transaction
from nightbell.data.access import principal as access
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.models import CalendarToken, Membership
from nightbell.data.reads import calendars

RANDOM_BYTES = 32


@transaction.action(Needs.MEMBERSHIP)
def create(principal: Principal) -> str:
    """A new token for this member, shown here and nowhere else; the one before is revoked."""
    _revoke(principal)
    assert principal.actor.id is not None
    token = calendars.PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    CalendarToken.objects.create(
        id=ids.new(), organization_id=principal.organization_id, user_id=principal.actor.id, digest=access.digest(token)
    )
    return token


@transaction.action(Needs.MEMBERSHIP)
def revoke(principal: Principal) -> None:
    """No calendar reads anything by this member's token any more."""
    _revoke(principal)


def my_url(token: str) -> str:
    """Where a calendar reads its owner's shifts."""
    return f"{settings.NIGHTBELL.url}/v1/oncall/me.ics?token={token}"


def schedule_url(token: str, schedule_id: UUID) -> str:
    """Where a calendar reads a schedule's shifts."""
    return f"{settings.NIGHTBELL.url}/v1/oncall/schedules/{schedule_id}.ics?token={token}"


def _revoke(principal: Principal) -> None:
    mine = {"organization_id": principal.organization_id, "user_id": principal.actor.id}
    # One at a time, or two new tokens made at once would both stay.
    Membership.objects.select_for_update(no_key=True).filter(**mine, removed_at=None).first()
    CalendarToken.objects.filter(**mine, revoked_at=None).update(revoked_at=clock.Now())
