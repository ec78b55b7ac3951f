"""What was open in a restored file is held: no clock of it runs and nothing of it is sent until it is released."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("nightbell", "0005_fair_claims"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="copy",
            name="copy_due",
        ),
        migrations.RemoveIndex(
            model_name="copy",
            name="copy_turns",
        ),
        migrations.RemoveIndex(
            model_name="incident",
            name="incident_due",
        ),
        migrations.RemoveIndex(
            model_name="notice",
            name="notice_due",
        ),
        migrations.RemoveIndex(
            model_name="notice",
            name="notice_turns",
        ),
        migrations.RemoveIndex(
            model_name="page",
            name="page_due",
        ),
        migrations.RemoveIndex(
            model_name="page",
            name="page_turns",
        ),
        migrations.AddField(
            model_name="copy",
            name="held",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="incident",
            name="held",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="notice",
            name="held",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="page",
            name="held",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("held", False)),
                fields=["channel", "due_at"],
                name="copy_due",
            ),
        ),
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("held", False)),
                fields=["channel", "organization", "destination", "urgent", "retried", "due_at"],
                name="copy_turns",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("held", False)), fields=["due_at"], name="incident_due"
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(condition=models.Q(("held", True)), fields=["organization"], name="incident_held"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("held", False)),
                fields=["channel", "due_at"],
                name="notice_due",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("held", False)),
                fields=["channel", "organization", "destination", "urgent", "retried", "due_at"],
                name="notice_turns",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(condition=models.Q(("held", True)), fields=["incident"], name="notice_held"),
        ),
        migrations.AddIndex(
            model_name="page",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("held", False)),
                fields=["channel", "due_at"],
                name="page_due",
            ),
        ),
        migrations.AddIndex(
            model_name="page",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("held", False)),
                fields=["channel", "organization", "destination", "urgent", "retried", "due_at"],
                name="page_turns",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("held", False), models.Q(("state", "closed"), _negated=True), _connector="OR"),
                name="incident_held_is_open",
            ),
        ),
    ]
