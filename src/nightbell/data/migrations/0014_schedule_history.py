"""How schedules were before an edit, and a number that every edit counts up.

Additive: a version of Nightbell from before writes neither, and what it edits has no past of its own.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("nightbell", "0013_contacts"),
    ]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="version",
            field=models.PositiveIntegerField(default=1, db_default=1),
        ),
        migrations.AddField(
            model_name="escalationpolicy",
            name="version",
            field=models.PositiveIntegerField(default=1, db_default=1),
        ),
        migrations.CreateModel(
            name="EarlierSchedule",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
                ("timezone", models.CharField(max_length=64)),
                ("layers", models.JSONField()),
                ("overrides", models.JSONField()),
                (
                    "schedule",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="nightbell.schedule",
                    ),
                ),
            ],
            options={
                "db_table": "earlier_schedule",
                "indexes": [models.Index(fields=["schedule", "until"], name="earlier_schedule_until")],
            },
        ),
    ]
