"""Messages on their way: pages, and notices that wake nobody. Both live the same life."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from nightbell.core import delivery
from nightbell.core.incident import effects
from nightbell.data.models.account import Account
from nightbell.data.models.incident import Incident
from nightbell.data.models.organization import Organization

STATES = [each.value for each in delivery.State]
ON_THE_WAY = [delivery.State.QUEUED.value, delivery.State.SENDING.value]


class Delivery(models.Model):
    """`due_at` is when an engine looks at it next: the next attempt while queued, the lease's end while sending."""

    id = models.UUIDField(primary_key=True)
    # Checked where the incident is; checking it again with every row would cost, and lock the organization's row.
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    user = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=20)
    state = models.CharField(max_length=20, db_default=delivery.State.QUEUED.value)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    settled_at = models.DateTimeField(null=True)
    error = models.TextField(null=True)  # noqa: DJ001 -- no error is not an empty one
    provider_id = models.TextField(null=True)  # noqa: DJ001 -- mail has none

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.CheckConstraint(condition=Q(state__in=STATES), name="%(class)s_state_known"),
            models.CheckConstraint(
                condition=~(Q(due_at__isnull=False) ^ Q(state__in=ON_THE_WAY)), name="%(class)s_due_iff_on_the_way"
            ),
        )


class Page(Delivery):
    """Dated by the epoch, round and position of the decision that asked for it; `why` has the facts behind it."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="pages", db_index=False)
    reason = models.CharField(max_length=20)
    epoch = models.PositiveIntegerField()
    round = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    why = models.JSONField()

    class Meta(Delivery.Meta):
        db_table = "page"
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            *Delivery.Meta.constraints,
            models.UniqueConstraint(
                fields=("incident", "epoch", "round", "position", "reason", "user", "channel"), name="page_once"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=[each.value for each in effects.Reason]), name="page_reason_known"
            ),
        )
        indexes = (
            # The senders' question, one channel at a time so that a slow channel delays no other.
            models.Index(fields=("channel", "due_at"), condition=Q(due_at__isnull=False), name="page_due"),
        )

    def __str__(self) -> str:
        return f"{self.reason} page {self.id}"


class Notice(Delivery):
    """Tells a member something; `kind` and `data` say what."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False)
    kind = models.CharField(max_length=40)
    data = models.JSONField()

    class Meta(Delivery.Meta):
        db_table = "notice"
        indexes = (models.Index(fields=("channel", "due_at"), condition=Q(due_at__isnull=False), name="notice_due"),)

    def __str__(self) -> str:
        return f"{self.kind} notice {self.id}"
