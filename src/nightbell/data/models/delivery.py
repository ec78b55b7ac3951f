"""What is on its way out: pages, notices that wake nobody, and copies. All live the same life."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from nightbell.core import delivery, notice
from nightbell.core.incident import effects
from nightbell.data.models.account import Account
from nightbell.data.models.incident import Incident
from nightbell.data.models.organization import Organization

STATES = [each.value for each in delivery.State]
ON_THE_WAY = [delivery.State.QUEUED.value, delivery.State.SENDING.value]


def _due(prefix: str) -> tuple[models.Index, ...]:
    """The senders' questions, one channel at a time: what is due, and what is due for each organization in its turn."""
    waiting = Q(due_at__isnull=False, held=False)
    in_turn = ("channel", "organization", "destination", "urgent", "retried", "due_at")
    return (
        models.Index(fields=("channel", "due_at"), condition=waiting, name=f"{prefix}_due"),
        models.Index(fields=in_turn, condition=waiting, name=f"{prefix}_turns"),
    )


class Delivery(models.Model):
    """`due_at` is when an engine looks at it next: the next attempt while queued, the lease's end while sending.

    `due_after` is how far ahead that was set, kept by a trigger: a clock that steps back must not stretch it.
    `attempts` counts the claims: it tells a lease from every other. `destination` is what shares its fate with others
    on the way out, the domain of a mail address; it is empty where that is the organization. `urgent` goes before what
    is not, and before what has been `retried`. `held` with its incident: nobody claims
    it.
    """

    id = models.UUIDField(primary_key=True)
    # Checked where the incident is; checking it again with every row would cost, and lock the organization's row.
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    channel = models.CharField(max_length=20)
    state = models.CharField(max_length=20, db_default=delivery.State.QUEUED.value)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    due_after = models.DurationField(null=True)
    destination = models.TextField(default="", db_default="")
    urgent = models.BooleanField(default=False, db_default=False)
    retried = models.BooleanField(default=False, db_default=False)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    settled_at = models.DateTimeField(null=True)
    error = models.TextField(null=True)  # noqa: DJ001 -- no error is not an empty one
    held = models.BooleanField(default=False, db_default=False)

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.CheckConstraint(condition=Q(state__in=STATES), name="%(class)s_state_known"),
            models.CheckConstraint(
                condition=~(Q(due_at__isnull=False) ^ Q(state__in=ON_THE_WAY)), name="%(class)s_due_iff_on_the_way"
            ),
        )


class Message(Delivery):
    """Something for one person."""

    user = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    provider_id = models.TextField(null=True)  # noqa: DJ001 -- mail has none

    class Meta(Delivery.Meta):
        abstract = True


class Page(Message):
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
            *_due("page"),
            # Who was refused of late, and whether anybody was not.
            models.Index(fields=("channel", "settled_at"), condition=Q(settled_at__isnull=False), name="page_settled"),
        )

    def __str__(self) -> str:
        return f"{self.reason} page {self.id}"


class Notice(Message):
    """Tells a member something; `kind` and `data` say what."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, related_name="notices", db_index=False)
    kind = models.CharField(max_length=40)
    data = models.JSONField()

    class Meta(Delivery.Meta):
        db_table = "notice"
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            *Delivery.Meta.constraints,
            # Asking again while a link is on its way asks for nothing more.
            models.UniqueConstraint(
                fields=("user",),
                condition=Q(kind=notice.Kind.FORGOTTEN_PASSWORD.value, state__in=ON_THE_WAY),
                name="notice_link_once",
            ),
        )
        indexes = (
            *_due("notice"),
            # Pages and copies are found by their incident anyway.
            models.Index(fields=("incident",), condition=Q(held=True), name="notice_held"),
        )

    def __str__(self) -> str:
        return f"{self.kind} notice {self.id}"


class Copy(Delivery):
    """A place that shows an incident, due whenever that is not how it stands.

    `page` is the page it was sent as. `channel_id` is null while the incident's own channel is yet to be made, and
    `message_id` before anything is shown; `shown` is the incident's `updated_at` that it shows. `stale` is set when the
    incident changes while somebody is at it. `answered` is what `attempts` was when the provider last took it.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="copies", db_index=False)
    page = models.ForeignKey(Page, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    place = models.CharField(max_length=20)
    channel_id = models.TextField(null=True)  # noqa: DJ001 -- not made yet
    message_id = models.TextField(null=True)  # noqa: DJ001 -- nothing shown yet
    shown = models.DateTimeField(null=True)
    stale = models.BooleanField(default=False, db_default=False)
    answered = models.PositiveIntegerField(default=0, db_default=0)

    class Meta(Delivery.Meta):
        db_table = "incident_copy"
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            *Delivery.Meta.constraints,
            models.CheckConstraint(
                condition=Q(place__in=[each.value for each in delivery.Place]), name="copy_place_known"
            ),
            models.CheckConstraint(
                condition=~(Q(place=delivery.Place.DIRECT.value) ^ Q(page__isnull=False)), name="copy_page_iff_direct"
            ),
            models.CheckConstraint(
                condition=Q(message_id__isnull=True) | Q(channel_id__isnull=False), name="copy_message_is_somewhere"
            ),
        )
        indexes = (
            *_due("copy"),
            # Every decision asks which copies are of its incident.
            models.Index(fields=("incident",), name="copy_incident"),
        )

    def __str__(self) -> str:
        return f"{self.place} copy {self.id}"
