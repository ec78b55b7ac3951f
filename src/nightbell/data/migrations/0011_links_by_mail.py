"""A one-time link is mailed as a notice: at most one on its way to each account."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("nightbell", "0010_rate_limits")]

    operations = [
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("user",),
                condition=models.Q(kind="forgotten_password", state__in=["queued", "sending"]),
                name="notice_link_once",
            ),
        ),
    ]
