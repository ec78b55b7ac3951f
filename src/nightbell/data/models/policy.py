"""Escalation policies as people edit them; an incident keeps a frozen copy of its own."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from nightbell.core import policy
from nightbell.data.clock import Now
from nightbell.data.models.organization import Organization
from nightbell.data.models.schedule import Schedule


class EscalationPolicy(models.Model):
    """Ordered layers, and how many more rounds of them are walked."""

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="policies")
    name = models.CharField(max_length=255)
    description = models.TextField(null=True)  # noqa: DJ001 -- null and "" are different answers in the API
    repeat_count = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "escalation_policy"
        constraints = (
            models.UniqueConstraint("organization", Lower("name"), name="escalation_policy_name_once"),
            models.CheckConstraint(
                condition=Q(repeat_count__range=(0, policy.MAX_REPEAT_COUNT)), name="escalation_policy_repeat_count"
            ),
        )

    def __str__(self) -> str:
        return self.name


class EscalationLayer(models.Model):
    """Exactly one target: a schedule, or a list of members. `position` counts from 1."""

    id = models.UUIDField(primary_key=True)
    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="layers")
    position = models.PositiveSmallIntegerField()
    ack_timeout_minutes = models.PositiveIntegerField()
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, null=True, related_name="+")
    user_ids = ArrayField(models.UUIDField(), null=True)

    class Meta:
        db_table = "escalation_layer"
        constraints = (
            # Deferred, because moving layers about passes through two of them at one position.
            models.UniqueConstraint(
                fields=("policy", "position"),
                name="escalation_layer_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(ack_timeout_minutes__range=(1, policy.MAX_ACK_TIMEOUT_MINUTES)),
                name="escalation_layer_ack_timeout",
            ),
            models.CheckConstraint(
                condition=Q(schedule__isnull=True) ^ Q(user_ids__isnull=True), name="escalation_layer_one_target"
            ),
            models.CheckConstraint(condition=Q(position__gte=1), name="escalation_layer_position_from_1"),
        )

    def __str__(self) -> str:
        return f"layer {self.position} of {self.policy_id}"
