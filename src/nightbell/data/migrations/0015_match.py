"""Who is who in a workspace is asked for on a page, and looked up by an engine; what somebody is called there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("nightbell", "0014_schedule_history"),
    ]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="match_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="workspace",
            name="match_trouble",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="contact",
            name="known_as",
            field=models.TextField(db_default="", default=""),
        ),
    ]
