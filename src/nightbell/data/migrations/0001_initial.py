"""The first tables, the clock, and the record that nobody rewrites."""

import django.contrib.postgres.fields
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import nightbell.data.clock
from django.conf import settings
from django.db import migrations, models


# Stable, or the question "what is due?" reads every row instead of the index. The body is volatile all the same, so that an
# instant selected beside a row lock is read when the lock is held.
CLOCK = """
create function nightbell_now() returns timestamptz
language sql stable parallel safe
as 'select clock_timestamp()'
"""

SEQUENCE = "alter table audit alter column sequence add generated always as identity"

APPEND_ONLY = """
create function audit_is_append_only() returns trigger
language plpgsql
as $$ begin raise exception 'the audit trail is append-only'; end $$;
create trigger audit_refuses_change before update or delete on audit
for each row execute function audit_is_append_only()
"""

# Rows that change often leave dead versions behind: look at them sooner than every fifth row.
OUTGROWN = """
alter table incident set (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 85);
alter table page set (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 85)
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(CLOCK, reverse_sql="drop function nightbell_now()"),
        migrations.CreateModel(
            name="Organization",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("slug", models.SlugField(max_length=100, unique=True)),
                ("incident_count", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "fallback_user_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), db_default=[], default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
            ],
            options={
                "db_table": "organization",
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254)),
                ("first_name", models.CharField(max_length=100)),
                ("last_name", models.CharField(blank=True, max_length=100)),
                ("timezone", models.CharField(default="UTC", max_length=64)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
            ],
            options={
                "db_table": "account",
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="account_email_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("caller", models.UUIDField()),
                ("request", models.TextField()),
                ("key", models.CharField(max_length=255)),
                ("body_hash", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.TextField(null=True)),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
            ],
            options={
                "db_table": "idempotent_answer",
                "indexes": [models.Index(fields=["created_at"], name="idempotent_answer_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("caller", "request", "key"), name="idempotent_answer_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=100)),
                ("description", models.TextField(null=True)),
                ("severity", models.CharField(max_length=20)),
                ("status", models.CharField(max_length=20)),
                ("dedup_key", models.CharField(max_length=255, null=True)),
                ("created_by", models.JSONField()),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                ("updated_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                ("resolved_at", models.DateTimeField(null=True)),
                ("state", models.CharField(max_length=20)),
                ("policy", models.JSONField(null=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("due_at", models.DateTimeField(null=True)),
                ("due_cause", models.CharField(max_length=20, null=True)),
                ("epoch", models.PositiveIntegerField(default=0)),
                ("handed_off_epoch", models.PositiveIntegerField(default=0)),
                ("acknowledged_by", models.JSONField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                (
                    "relieved",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="nightbell.organization",
                    ),
                ),
            ],
            options={
                "db_table": "incident",
            },
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("signing_key", models.TextField()),
            ],
            options={
                "db_table": "installation",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="installation_one_row")],
            },
        ),
        migrations.CreateModel(
            name="EscalationPolicy",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(null=True)),
                ("repeat_count", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                ("updated_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="policies",
                        to="nightbell.organization",
                    ),
                ),
            ],
            options={
                "db_table": "escalation_policy",
            },
        ),
        migrations.CreateModel(
            name="Audit",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField()),
                ("at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                ("actor", models.JSONField()),
                ("kind", models.CharField(max_length=40)),
                ("data", models.JSONField()),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_trail",
                        to="nightbell.incident",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nightbell.organization",
                    ),
                ),
            ],
            options={
                "db_table": "audit",
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to="nightbell.organization",
                    ),
                ),
            ],
            options={
                "db_table": "api_key",
            },
        ),
        migrations.CreateModel(
            name="Page",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("channel", models.CharField(max_length=20)),
                ("state", models.CharField(db_default="queued", max_length=20)),
                ("queued_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                ("settled_at", models.DateTimeField(null=True)),
                ("error", models.TextField(null=True)),
                ("provider_id", models.TextField(null=True)),
                ("reason", models.CharField(max_length=20)),
                ("epoch", models.PositiveIntegerField()),
                ("round", models.PositiveSmallIntegerField()),
                ("position", models.PositiveSmallIntegerField()),
                ("why", models.JSONField()),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pages",
                        to="nightbell.incident",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
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
                "db_table": "page",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="EscalationLayer",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("ack_timeout_minutes", models.PositiveIntegerField()),
                ("schedule_id", models.UUIDField(null=True)),
                (
                    "user_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), null=True, size=None),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="layers",
                        to="nightbell.escalationpolicy",
                    ),
                ),
            ],
            options={
                "db_table": "escalation_layer",
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                        fields=("policy", "position"),
                        name="escalation_layer_position_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ack_timeout_minutes__range", (1, 10080))),
                        name="escalation_layer_ack_timeout",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("schedule_id__isnull", True), ("user_ids__isnull", True), _connector="XOR"),
                        name="escalation_layer_one_target",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("position__gte", 1)), name="escalation_layer_position_from_1"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("channel", models.CharField(max_length=20)),
                ("state", models.CharField(db_default="queued", max_length=20)),
                ("queued_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                ("settled_at", models.DateTimeField(null=True)),
                ("error", models.TextField(null=True)),
                ("provider_id", models.TextField(null=True)),
                ("kind", models.CharField(max_length=40)),
                ("data", models.JSONField()),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="nightbell.incident",
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
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nightbell.organization",
                    ),
                ),
            ],
            options={
                "db_table": "notice",
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["channel", "due_at"], name="notice_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "sending", "sent", "failed", "cancelled"])),
                        name="notice_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("due_at__isnull", False),
                            ("state__in", ["queued", "sending"]),
                            _connector="XOR",
                            _negated=True,
                        ),
                        name="notice_due_iff_on_the_way",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "role",
                    models.CharField(
                        choices=[("org:admin", "Admin"), ("org:member", "Member")], default="org:member", max_length=20
                    ),
                ),
                ("joined_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="nightbell.organization",
                    ),
                ),
            ],
            options={
                "db_table": "membership",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)),
                        fields=("organization", "user"),
                        name="membership_active_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["org:admin", "org:member"])), name="membership_role_known"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="incident_due"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("state", "closed"), _negated=True), fields=["owner"], name="incident_open_owner"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(fields=("organization", "number"), name="incident_number_once"),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "closed"), _negated=True),
                fields=("organization", "dedup_key"),
                name="incident_dedup_key_once_while_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["paging", "acknowledged", "exhausted", "none", "closed"])),
                name="incident_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["investigating", "identified", "monitoring", "resolved"])),
                name="incident_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ["critical", "high", "medium", "low"])),
                name="incident_severity_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_at__isnull", False), ("state", "paging"), _connector="XOR", _negated=True),
                name="incident_clock_iff_paging",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_at__isnull", True), ("due_cause__isnull", True), _connector="XOR", _negated=True
                ),
                name="incident_clock_has_a_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "acknowledged"), _negated=True),
                    models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                    _connector="OR",
                ),
                name="incident_acknowledged_has_acknowledger",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["acknowledged", "closed"]),
                    models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                    _connector="OR",
                ),
                name="incident_unanswered_has_no_acknowledger",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "closed"), ("status", "resolved"), _connector="XOR", _negated=True),
                name="incident_closed_iff_resolved",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("resolved_at__isnull", False), ("state", "closed"), _connector="XOR", _negated=True
                ),
                name="incident_resolved_has_an_instant",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalationpolicy",
            constraint=models.UniqueConstraint(
                models.F("organization"),
                django.db.models.functions.text.Lower("name"),
                name="escalation_policy_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalationpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("repeat_count__range", (0, 9))), name="escalation_policy_repeat_count"
            ),
        ),
        migrations.AddIndex(
            model_name="audit",
            index=models.Index(fields=["incident", "sequence"], name="audit_trail_order"),
        ),
        migrations.AddIndex(
            model_name="page",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["channel", "due_at"], name="page_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "sending", "sent", "failed", "cancelled"])),
                name="page_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_at__isnull", False), ("state__in", ["queued", "sending"]), _connector="XOR", _negated=True
                ),
                name="page_due_iff_on_the_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.UniqueConstraint(
                fields=("incident", "epoch", "round", "position", "reason", "user", "channel"), name="page_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="page",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__in", ["layer", "owner", "handoff", "fallback"])), name="page_reason_known"
            ),
        ),
        migrations.RunSQL(SEQUENCE, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(APPEND_ONLY, reverse_sql="drop function audit_is_append_only() cascade"),
        migrations.RunSQL(OUTGROWN, reverse_sql=migrations.RunSQL.noop),
    ]
