"""Schedules as people edit them: rotation layers, overrides, and the tokens of calendar feeds."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from nightbell.core import oncall
from nightbell.data.clock import Now
from nightbell.data.models.account import Account
from nightbell.data.models.organization import Organization


class Schedule(models.Model):
    """Who is on call; `timezone` is the IANA zone whose wall clock its rotations are counted in.

    Every edit of the schedule or its layers counts `version` up, so that one made of an older one is noticed.
    """

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="schedules")
    name = models.CharField(max_length=255)
    description = models.TextField(null=True)  # noqa: DJ001 -- null and "" are different answers in the API
    timezone = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "schedule"
        constraints = (models.UniqueConstraint("organization", Lower("name"), name="schedule_name_once"),)

    def __str__(self) -> str:
        return self.name


class RotationLayer(models.Model):
    """People taking turns. `shift_offset` says whose turn the first shift is; clients see the rotation's start."""

    id = models.UUIDField(primary_key=True)
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="layers")
    name = models.CharField(max_length=255)
    position = models.PositiveSmallIntegerField()
    rotation_type = models.CharField(max_length=10)
    rotation_length_days = models.PositiveIntegerField()
    handoff_time = models.TimeField()
    effective_from = models.DateTimeField()
    effective_until = models.DateTimeField(null=True)
    participant_ids = ArrayField(models.UUIDField())
    shift_offset = models.IntegerField(default=0)

    class Meta:
        db_table = "rotation_layer"
        constraints = (
            models.UniqueConstraint(
                fields=("schedule", "position"),
                name="rotation_layer_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint("schedule", Lower("name"), name="rotation_layer_name_once"),
            models.CheckConstraint(
                condition=Q(rotation_type=oncall.Kind.DAILY.value, rotation_length_days=1)
                | Q(rotation_type=oncall.Kind.WEEKLY.value, rotation_length_days=7)
                | Q(rotation_type=oncall.Kind.CUSTOM.value, rotation_length_days__gte=1),
                name="rotation_layer_length_fits_type",
            ),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gt=F("effective_from")),
                name="rotation_layer_ends_after_it_starts",
            ),
        )

    def __str__(self) -> str:
        return f"layer {self.position} of {self.schedule_id}"


class Override(models.Model):
    """Somebody else for a while, in one layer or (without one) in the whole schedule."""

    id = models.UUIDField(primary_key=True)
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    layer = models.ForeignKey(RotationLayer, on_delete=models.CASCADE, null=True, related_name="overrides")
    user = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_by = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "override"
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="override_ends_after_it_starts"),
        )
        indexes = (models.Index(fields=("schedule", "ends_at"), name="override_of_schedule"),)

    def __str__(self) -> str:
        return f"override of {self.schedule_id}"


class EarlierSchedule(models.Model):
    """How a schedule and its layers were up to `until`, when an edit took effect; never changed.

    `overrides` are those that went with their layer.
    """

    id = models.UUIDField(primary_key=True)
    # Unchecked: a version of Nightbell that knows nothing of these rows must be able to delete a schedule.
    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    until = models.DateTimeField()
    timezone = models.CharField(max_length=64)
    layers = models.JSONField()
    overrides = models.JSONField()

    class Meta:
        db_table = "earlier_schedule"
        indexes = (models.Index(fields=("schedule", "until"), name="earlier_schedule_until"),)

    def __str__(self) -> str:
        return f"{self.schedule_id} up to {self.until}"


class CalendarToken(models.Model):
    """By which a person's calendar reads feeds: stored as its SHA-256, shown once, revocable, dead with membership."""

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="calendar_tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "calendar_token"

    def __str__(self) -> str:
        return f"calendar token of {self.user_id}"
