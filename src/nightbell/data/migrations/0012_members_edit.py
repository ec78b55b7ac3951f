"""Whether members may change schedules and policies: in a new organization they may, and nothing changes in others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("nightbell", "0011_links_by_mail"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="members_edit",
            field=models.BooleanField(default=True, db_default=False),
        ),
        migrations.AlterField(
            model_name="organization",
            name="members_edit",
            field=models.BooleanField(default=True, db_default=True),
        ),
    ]
