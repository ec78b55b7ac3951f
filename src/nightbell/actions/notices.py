"""Telling an organization's admins something by mail, in the transaction of whatever happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

from nightbell.actions import ids
from nightbell.core import delivery, notice
from nightbell.core.incident import actor
from nightbell.data import rows
from nightbell.data.models import Membership, Notice, Role


def tell_admins(organization_id: UUID, kind: notice.Kind, data: dict[str, Any], now: datetime) -> None:
    """One notice to every active admin; `data` is what it is about."""
    admins = Membership.objects.filter(organization_id=organization_id, role=Role.ADMIN, removed_at=None)
    Notice.objects.bulk_create(
        Notice(
            id=ids.new(),
            organization_id=organization_id,
            user_id=user_id,
            channel=delivery.EMAIL,
            kind=kind.value,
            queued_at=now,
            due_at=now,
            data={"by": rows.actor_values(actor.SYSTEM), **data},
        )
        for user_id in admins.order_by("id").values_list("user_id", flat=True)
    )
