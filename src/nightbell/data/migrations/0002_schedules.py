"""Schedules: who is on call, and the targets of layers that page them."""

import django.contrib.postgres.fields
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import nightbell.data.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("nightbell", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarToken",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "calendar_token",
            },
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("created_by", models.JSONField()),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
            ],
            options={
                "db_table": "override",
            },
        ),
        migrations.CreateModel(
            name="RotationLayer",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("rotation_type", models.CharField(max_length=10)),
                ("rotation_length_days", models.PositiveIntegerField()),
                ("handoff_time", models.TimeField()),
                ("effective_from", models.DateTimeField()),
                ("effective_until", models.DateTimeField(null=True)),
                (
                    "participant_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                ("shift_offset", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "rotation_layer",
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(null=True)),
                ("timezone", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
                ("updated_at", models.DateTimeField(db_default=nightbell.data.clock.Now())),
            ],
            options={
                "db_table": "schedule",
            },
        ),
        migrations.RemoveConstraint(
            model_name="escalationlayer",
            name="escalation_layer_one_target",
        ),
        migrations.RemoveField(
            model_name="escalationlayer",
            name="schedule_id",
        ),
        migrations.AddField(
            model_name="organization",
            name="gaps_told_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="calendartoken",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="nightbell.organization"
            ),
        ),
        migrations.AddField(
            model_name="calendartoken",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="calendar_tokens", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="layer",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="overrides",
                to="nightbell.rotationlayer",
            ),
        ),
        migrations.AddField(
            model_name="schedule",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="schedules", to="nightbell.organization"
            ),
        ),
        migrations.AddField(
            model_name="rotationlayer",
            name="schedule",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="layers", to="nightbell.schedule"
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="schedule",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="overrides", to="nightbell.schedule"
            ),
        ),
        migrations.AddField(
            model_name="escalationlayer",
            name="schedule",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="nightbell.schedule"
            ),
        ),
        migrations.AddConstraint(
            model_name="escalationlayer",
            constraint=models.CheckConstraint(
                condition=models.Q(("schedule__isnull", True), ("user_ids__isnull", True), _connector="XOR"),
                name="escalation_layer_one_target",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.UniqueConstraint(
                models.F("organization"), django.db.models.functions.text.Lower("name"), name="schedule_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="rotationlayer",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("schedule", "position"),
                name="rotation_layer_position_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="rotationlayer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("rotation_length_days", 1), ("rotation_type", "daily")),
                    models.Q(("rotation_length_days", 7), ("rotation_type", "weekly")),
                    models.Q(("rotation_length_days__gte", 1), ("rotation_type", "custom")),
                    _connector="OR",
                ),
                name="rotation_layer_length_fits_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="rotationlayer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("effective_until", None), ("effective_until__gt", models.F("effective_from")), _connector="OR"
                ),
                name="rotation_layer_ends_after_it_starts",
            ),
        ),
        migrations.AddIndex(
            model_name="override",
            index=models.Index(fields=["schedule", "ends_at"], name="override_of_schedule"),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="override_ends_after_it_starts"
            ),
        ),
    ]
