"""Contacts as rows; the workspace of an organization, whatever channel it is of.

What ran before goes on beside it: it finds the workspace by its old name, through a view that it may write to. The
table `slack_identity` is left to it; nothing else reads it, and it keeps nobody from going. A later version drops
both.
"""

import django.db.models.deletion
import django.db.models.lookups
import nightbell.data.clock
from django.conf import settings
from django.db import migrations, models

WORKSPACE = """
alter table slack_workspace rename to workspace;
alter table workspace add column channel varchar(20) not null default 'slack';
alter table workspace rename constraint slack_lost_has_a_reason to workspace_lost_has_a_reason;
alter table workspace rename constraint slack_alerts_channels_are_a_list to workspace_alerts_channels_are_a_list;
drop index slack_team_once;
create unique index workspace_team_once on workspace (channel, team_id) where token is not null;
create view slack_workspace as
  select organization_id, team_id, team_name, bot_user_id, token, alerts_channels, incident_channels,
    archive_on_resolve, connected_at, lost_at, lost_because
  from workspace;
alter table slack_identity drop constraint slack_identity_organization_id_460a69ca_fk_organization_id;
alter table slack_identity drop constraint slack_identity_user_id_06af4987_fk_account_id
"""

NO_WORKSPACE = """
alter table slack_identity add constraint slack_identity_user_id_06af4987_fk_account_id
  foreign key (user_id) references account (id) deferrable initially deferred;
alter table slack_identity add constraint slack_identity_organization_id_460a69ca_fk_organization_id
  foreign key (organization_id) references organization (id) deferrable initially deferred;
drop view slack_workspace;
alter table workspace rename to slack_workspace;
alter table slack_workspace rename constraint workspace_lost_has_a_reason to slack_lost_has_a_reason;
alter table slack_workspace rename constraint workspace_alerts_channels_are_a_list to slack_alerts_channels_are_a_list;
drop index workspace_team_once;
alter table slack_workspace drop column channel;
create unique index slack_team_once on slack_workspace (team_id) where token is not null
"""

# Kept by the database itself, so that nobody is without, whoever makes the account.
OF_ACCOUNT = """
create function nightbell_contact_of_account() returns trigger
language plpgsql
as $$ begin
  insert into contact (id, user_id, channel, of_account) values (gen_random_uuid(), new.id, 'email', true);
  return null;
end $$;
create trigger account_contact after insert on account for each row execute function nightbell_contact_of_account();
insert into contact (id, user_id, channel, of_account) select gen_random_uuid(), a.id, 'email', true from account a
"""

NO_OF_ACCOUNT = """
drop trigger account_contact on account;
drop function nightbell_contact_of_account()
"""

# Whoever was not found there is not looked for again within a day of it.
BROUGHT = """
insert into contact (id, user_id, organization_id, channel, address, state, again_at, checked_at)
select gen_random_uuid(), m.user_id, m.organization_id, w.channel, coalesce(s.slack_user_id, ''),
  case when s.id is not null and s.slack_user_id is null then 'lost' else 'working' end,
  case when s.id is not null and s.slack_user_id is null then s.checked_at + interval '1 day' end, s.checked_at
from membership m
join workspace w on w.organization_id = m.organization_id and w.token is not null
left join slack_identity s on s.organization_id = m.organization_id and s.user_id = m.user_id and s.team_id = w.team_id
where m.removed_at is null
"""


class Migration(migrations.Migration):
    dependencies = [("nightbell", "0012_members_edit")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(WORKSPACE, NO_WORKSPACE)],
            [
                migrations.RemoveConstraint("workspace", "slack_team_once"),
                migrations.RemoveConstraint("workspace", "slack_lost_has_a_reason"),
                migrations.RemoveConstraint("workspace", "slack_alerts_channels_are_a_list"),
                migrations.AlterModelTable("workspace", "workspace"),
                migrations.AddField(
                    "workspace", "channel", models.CharField(max_length=20, default="slack"), preserve_default=False
                ),
                migrations.AddConstraint(
                    "workspace",
                    models.UniqueConstraint(
                        fields=("channel", "team_id"),
                        condition=models.Q(("token__isnull", False)),
                        name="workspace_team_once",
                    ),
                ),
                migrations.AddConstraint(
                    "workspace",
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lost_at__isnull", True), ("lost_because__isnull", True), _connector="XOR", _negated=True
                        ),
                        name="workspace_lost_has_a_reason",
                    ),
                ),
                migrations.AddConstraint(
                    "workspace",
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            models.Func("alerts_channels", function="jsonb_typeof", output_field=models.TextField()),
                            "array",
                        ),
                        name="workspace_alerts_channels_are_a_list",
                    ),
                ),
                migrations.DeleteModel("Identity"),
            ],
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("channel", models.CharField(max_length=20)),
                ("address", models.TextField(default="", db_default="")),
                ("state", models.CharField(max_length=20, db_default="working")),
                ("again_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("of_account", models.BooleanField(default=False, db_default=False)),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nightbell.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "contact",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["unverified", "working", "failing", "lost"])),
                        name="contact_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("again_at__isnull", True), ("state", "lost"), _connector="OR"),
                        name="contact_again_where_lost",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("of_account", False), ("organization__isnull", True), _connector="OR"),
                        name="contact_of_account_is_their_own",
                    ),
                    models.UniqueConstraint(
                        fields=("user",), condition=models.Q(("of_account", True)), name="contact_of_account_once"
                    ),
                    models.UniqueConstraint(
                        fields=("user", "organization", "channel"),
                        condition=models.Q(("organization__isnull", False)),
                        name="contact_brought_once",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "channel", "address"),
                        condition=models.Q(("organization__isnull", False), models.Q(("address", ""), _negated=True)),
                        name="contact_is_one_member",
                    ),
                ],
                "indexes": [models.Index(fields=["user"], name="contact_user")],
            },
        ),
        migrations.RunSQL(OF_ACCOUNT, NO_OF_ACCOUNT),
        migrations.RunSQL(BROUGHT, migrations.RunSQL.noop),
    ]
