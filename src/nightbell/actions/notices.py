"""Telling an organization's admins something, in the transaction of whatever happened."""

from datetime import datetime, timedelta
from uuid import UUID

from nightbell.actions import ids
from nightbell.core import about, notice
from nightbell.data import clock
from nightbell.data.claims import notices
from nightbell.data.models import Membership, Role
from nightbell.data.reads import rosters

# Whoever is told of a fault is not told again of the same one for so long.
TOLD_AGAIN_AFTER = timedelta(hours=1)


def tell_admins(organization_id: UUID, kind: notice.Kind, said: about.About, now: datetime) -> None:
    """One notice by mail to every active admin."""
    queued = [notices.Queued(ids.new(), user_id, said) for user_id in _admins(organization_id)]
    notices.queue(organization_id, kind, queued, now)


def tell_of_fault(organization_id: UUID, kind: notice.Kind, channel: str, because: str) -> None:
    """Tell every active admin what is wrong with a channel, over whatever else reaches them."""
    if notices.told_lately(organization_id, kind, channel, TOLD_AGAIN_AFTER):
        return
    members = rosters.read([organization_id], [])[organization_id].members
    told = about.ChannelRefused(channel, because)
    queued = [
        notices.Queued(ids.new(), user_id, told, other)
        for user_id in _admins(organization_id)
        for other in members[user_id].channels
        if other != channel
    ]
    notices.queue(organization_id, kind, queued, clock.now())


def _admins(organization_id: UUID) -> list[UUID]:
    admins = Membership.objects.filter(organization_id=organization_id, role=Role.ADMIN, removed_at=None)
    return list(admins.order_by("id").values_list("user_id", flat=True))
