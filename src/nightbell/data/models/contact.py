"""How people are reached: their contacts, and the workspaces through which organizations bring some of them."""

from django.db import models
from django.db.models import Func, Q
from django.db.models.lookups import Exact

from nightbell.core import contact
from nightbell.data.clock import Now
from nightbell.data.models.account import Account
from nightbell.data.models.organization import Organization


class Contact(models.Model):
    """One way to reach one person.

    Everybody's first is their account's own address, `of_account`: a trigger makes it with the account, and it is
    reached whatever its state. `organization` is who brought it, and where; null for what is the person's own.
    `address` is the channel's own; empty where the account's mail address is what finds them; `known_as` is what they
    are called there, for people to recognize. A lost one is tried
    again from `again_at` on; `checked_at` is when somebody last asked the channel's provider about it.
    """

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=20)
    address = models.TextField(default="", db_default="")
    state = models.CharField(max_length=20, db_default=contact.State.WORKING.value)
    known_as = models.TextField(default="", db_default="")
    again_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    of_account = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "contact"
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=[each.value for each in contact.State]), name="contact_state_known"
            ),
            models.CheckConstraint(
                condition=Q(again_at__isnull=True) | Q(state=contact.State.LOST.value), name="contact_again_where_lost"
            ),
            models.CheckConstraint(
                condition=Q(of_account=False) | Q(organization__isnull=True), name="contact_of_account_is_their_own"
            ),
            models.UniqueConstraint(fields=("user",), condition=Q(of_account=True), name="contact_of_account_once"),
            models.UniqueConstraint(
                fields=("user", "organization", "channel"),
                condition=Q(organization__isnull=False),
                name="contact_brought_once",
            ),
            models.UniqueConstraint(
                fields=("organization", "channel", "address"),
                condition=Q(organization__isnull=False) & ~Q(address=""),
                name="contact_is_one_member",
            ),
        )
        indexes = (
            # Every decision asks how somebody is reached.
            models.Index(fields=("user",), name="contact_user"),
        )

    def __str__(self) -> str:
        return f"{self.channel} contact {self.id}"


class Workspace(models.Model):
    """Where an organization uses a channel as a whole: at most one, and one organization each. Named by its ids there.

    `token` is what lets us in, encrypted; without one nothing is connected. `lost_at` is when it was refused, and
    `lost_because` how. Since `match_asked_at` every member is to be looked up there, until all have been;
    `match_trouble` is why that does not go on just now. `alerts_channels` is a list of ids of places where incidents
    are shown.
    """

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, primary_key=True, related_name="+")
    channel = models.CharField(max_length=20)
    team_id = models.TextField()
    team_name = models.TextField()
    bot_user_id = models.TextField()
    token = models.TextField(null=True)  # noqa: DJ001 -- no token is not an empty one
    alerts_channels = models.JSONField(default=list, db_default=[])
    incident_channels = models.BooleanField(default=False, db_default=False)
    archive_on_resolve = models.BooleanField(default=False, db_default=False)
    connected_at = models.DateTimeField(db_default=Now())
    lost_at = models.DateTimeField(null=True)
    lost_because = models.TextField(null=True)  # noqa: DJ001 -- null while all is well
    match_asked_at = models.DateTimeField(null=True)
    match_trouble = models.TextField(default="", db_default="")

    class Meta:
        db_table = "workspace"
        constraints = (
            models.UniqueConstraint(
                fields=("channel", "team_id"), condition=Q(token__isnull=False), name="workspace_team_once"
            ),
            models.CheckConstraint(
                condition=~(Q(lost_at__isnull=True) ^ Q(lost_because__isnull=True)), name="workspace_lost_has_a_reason"
            ),
            # Opening an incident goes through it, and must never stumble.
            models.CheckConstraint(
                condition=Exact(
                    Func("alerts_channels", function="jsonb_typeof", output_field=models.TextField()), "array"
                ),
                name="workspace_alerts_channels_are_a_list",
            ),
        )

    def __str__(self) -> str:
        return self.team_id
