"""Slack: the workspace an organization is connected to, and which Slack user each member is."""

from django.db import models
from django.db.models import Func, Q
from django.db.models.lookups import Exact

from nightbell.data.clock import Now
from nightbell.data.models.account import Account
from nightbell.data.models.organization import Organization


class Workspace(models.Model):
    """At most one an organization, and one organization a workspace. Everything is named by Slack's ids.

    `token` is the bot's, encrypted; without one nothing is connected. `lost_at` is when Slack refused it, and
    `lost_because` how. `alerts_channels` is a list of channel ids.
    """

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, primary_key=True, related_name="+")
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

    class Meta:
        db_table = "slack_workspace"
        constraints = (
            models.UniqueConstraint(fields=("team_id",), condition=Q(token__isnull=False), name="slack_team_once"),
            models.CheckConstraint(
                condition=~(Q(lost_at__isnull=True) ^ Q(lost_because__isnull=True)), name="slack_lost_has_a_reason"
            ),
            # Opening an incident goes through it, and must never stumble.
            models.CheckConstraint(
                condition=Exact(
                    Func("alerts_channels", function="jsonb_typeof", output_field=models.TextField()), "array"
                ),
                name="slack_alerts_channels_are_a_list",
            ),
        )

    def __str__(self) -> str:
        return self.team_id


class Identity(models.Model):
    """Which user of a workspace a member is; null where nobody there had their address when somebody last looked."""

    id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    team_id = models.TextField()
    slack_user_id = models.TextField(null=True)  # noqa: DJ001 -- nobody is not an empty name
    checked_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "slack_identity"
        constraints = (
            models.UniqueConstraint(fields=("organization", "user", "team_id"), name="slack_identity_once"),
            models.UniqueConstraint(
                fields=("team_id", "slack_user_id"),
                condition=Q(slack_user_id__isnull=False),
                name="slack_user_is_one_member",
            ),
        )

    def __str__(self) -> str:
        return f"{self.slack_user_id} in {self.team_id}"
