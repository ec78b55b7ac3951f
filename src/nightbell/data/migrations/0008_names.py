"""Policies and schedules have longer names, and every rotation has one."""

from django.db import migrations, models
from django.db.models.functions import Lower

NAME_ROTATIONS = "update rotation_layer set name = 'Rotation ' || position + 1"


class Migration(migrations.Migration):
    dependencies = [
        ("nightbell", "0007_engine_beat"),
    ]

    operations = [
        migrations.AlterField(
            model_name="escalationpolicy",
            name="name",
            field=models.CharField(max_length=255),
        ),
        migrations.AlterField(
            model_name="schedule",
            name="name",
            field=models.CharField(max_length=255),
        ),
        migrations.AddField(
            model_name="rotationlayer",
            name="name",
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.RunSQL(NAME_ROTATIONS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="rotationlayer",
            name="name",
            field=models.CharField(max_length=255),
        ),
        migrations.AddConstraint(
            model_name="rotationlayer",
            constraint=models.UniqueConstraint("schedule", Lower("name"), name="rotation_layer_name_once"),
        ),
    ]
