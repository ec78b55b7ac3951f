"""Rows that are written for every page check and index less."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("nightbell", "0002_schedules"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="incident",
            name="incident_dedup_key_once_while_open",
        ),
        migrations.AlterField(
            model_name="audit",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="nightbell.organization",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="nightbell.organization",
            ),
        ),
        migrations.AlterField(
            model_name="page",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="nightbell.organization",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(
                condition=models.Q(("dedup_key__isnull", False), models.Q(("state", "closed"), _negated=True)),
                fields=("organization", "dedup_key"),
                name="incident_dedup_key_once_while_open",
            ),
        ),
    ]
