"""Organizations and who belongs to them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from nightbell.data.clock import Now
from nightbell.data.models.account import Account


class Role(models.TextChoices):
    """What a member may do."""

    ADMIN = "org:admin", "Admin"
    MEMBER = "org:member", "Member"


class Organization(models.Model):
    """Owns everything else. `incident_count` is the last number given; `fallback_user_ids` empty means its admins.

    `gaps_told_at` is when the admins were last told of hours in which nobody is on call. `members_edit` is whether
    schedules and escalation policies are every member's to change, or the admins'.
    """

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    incident_count = models.PositiveIntegerField(default=0, db_default=0)
    fallback_user_ids = ArrayField(models.UUIDField(), default=list, db_default=[])
    gaps_told_at = models.DateTimeField(null=True)
    members_edit = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "organization"

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """One stay of a person in an organization; it ends when they are removed, and a later return is another."""

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "membership"
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "user"), condition=Q(removed_at=None), name="membership_active_once"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organization_id}"
