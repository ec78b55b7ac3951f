"""Incidents, with their escalation: one row, one clock."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from nightbell.core.incident import state
from nightbell.data.clock import Now
from nightbell.data.models.account import Account
from nightbell.data.models.organization import Organization

STATES = [each.value for each in state.State]
STATUSES = [each.value for each in state.Status]
SEVERITIES = [each.value for each in state.Severity]


class Incident(models.Model):
    """`policy` is the frozen copy; `due_at` is the running clock and `due_after` what it was set for.

    Actors are kept as they were named then. `held`: open in a restored file, and neither fired nor paged for until
    it is released.
    """

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="incidents", db_index=False)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=100)
    description = models.TextField(null=True)  # noqa: DJ001 -- null and "" are different answers in the API
    severity = models.CharField(max_length=20)
    status = models.CharField(max_length=20)
    owner = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    dedup_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 -- no key is not an empty key
    created_by = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=20)
    policy = models.JSONField(null=True)
    position = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=1)
    due_at = models.DateTimeField(null=True)
    due_after = models.DurationField(null=True)
    due_cause = models.CharField(max_length=20, null=True)  # noqa: DJ001 -- there is none without a clock
    epoch = models.PositiveIntegerField(default=0)
    handed_off_epoch = models.PositiveIntegerField(default=0)
    acknowledged_by = models.JSONField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    relieved = ArrayField(models.UUIDField(), default=list)
    held = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "incident"
        constraints = (
            models.UniqueConstraint(fields=("organization", "number"), name="incident_number_once"),
            models.UniqueConstraint(
                fields=("organization", "dedup_key"),
                condition=Q(dedup_key__isnull=False) & ~Q(state=state.State.CLOSED.value),
                name="incident_dedup_key_once_while_open",
            ),
            models.CheckConstraint(condition=Q(state__in=STATES), name="incident_state_known"),
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="incident_status_known"),
            models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="incident_severity_known"),
            models.CheckConstraint(
                condition=~(Q(due_at__isnull=False) ^ Q(state=state.State.PAGING.value)),
                name="incident_clock_iff_paging",
            ),
            models.CheckConstraint(
                condition=~(Q(due_at__isnull=True) ^ Q(due_cause__isnull=True)), name="incident_clock_has_a_cause"
            ),
            models.CheckConstraint(
                condition=~Q(state=state.State.ACKNOWLEDGED.value)
                | Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False),
                name="incident_acknowledged_has_acknowledger",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.State.ACKNOWLEDGED.value, state.State.CLOSED.value])
                | Q(acknowledged_by__isnull=True, acknowledged_at__isnull=True),
                name="incident_unanswered_has_no_acknowledger",
            ),
            models.CheckConstraint(
                condition=~(Q(state=state.State.CLOSED.value) ^ Q(status=state.Status.RESOLVED.value)),
                name="incident_closed_iff_resolved",
            ),
            models.CheckConstraint(
                condition=~(Q(resolved_at__isnull=False) ^ Q(state=state.State.CLOSED.value)),
                name="incident_resolved_has_an_instant",
            ),
            models.CheckConstraint(
                condition=Q(held=False) | ~Q(state=state.State.CLOSED.value), name="incident_held_is_open"
            ),
        )
        indexes = (
            # The engine's question: what is due?
            models.Index(fields=("due_at",), condition=Q(due_at__isnull=False, held=False), name="incident_due"),
            # What every page says of the organization: is anything held?
            models.Index(fields=("organization",), condition=Q(held=True), name="incident_held"),
            # Open incidents of one owner: what a member's removal has to look at.
            models.Index(fields=("owner",), condition=~Q(state=state.State.CLOSED.value), name="incident_open_owner"),
        )

    def __str__(self) -> str:
        return f"#{self.number}"
