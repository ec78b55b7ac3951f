"""What claims are fair by, and what each row's instant was set for."""

from django.db import migrations, models


TABLES = ("incident", "page", "notice", "incident_copy")

# Kept by the database itself, so that nobody who sets an instant has to remember it, of whatever version.
DUE_AFTER = """
create function nightbell_due_after() returns trigger
language plpgsql
as $$ begin new.due_after := new.due_at - nightbell_now(); return new; end $$
"""

KEPT = """
create trigger {table}_due_after_insert before insert on {table}
for each row when (new.due_at is not null) execute function nightbell_due_after();
create trigger {table}_due_after_update before update of due_at on {table}
for each row when (new.due_at is not null and new.due_at is distinct from old.due_at)
execute function nightbell_due_after()
"""

NOT_KEPT = "drop trigger {table}_due_after_insert on {table}; drop trigger {table}_due_after_update on {table}"

# What is on its way already was set at some instant that nobody wrote down: from now is the longest it can be for.
FILLED = "update {table} set due_after = due_at - nightbell_now() where due_at is not null"


class Migration(migrations.Migration):
    dependencies = [
        ("nightbell", "0004_slack"),
    ]

    operations = [
        migrations.AddField(
            model_name="copy",
            name="destination",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="copy",
            name="due_after",
            field=models.DurationField(null=True),
        ),
        migrations.AddField(
            model_name="copy",
            name="retried",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="copy",
            name="urgent",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="incident",
            name="due_after",
            field=models.DurationField(null=True),
        ),
        migrations.AddField(
            model_name="notice",
            name="destination",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="notice",
            name="due_after",
            field=models.DurationField(null=True),
        ),
        migrations.AddField(
            model_name="notice",
            name="retried",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="notice",
            name="urgent",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="page",
            name="destination",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="page",
            name="due_after",
            field=models.DurationField(null=True),
        ),
        migrations.AddField(
            model_name="page",
            name="retried",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="page",
            name="urgent",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["channel", "organization", "destination", "urgent", "retried", "due_at"],
                name="copy_turns",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["channel", "organization", "destination", "urgent", "retried", "due_at"],
                name="notice_turns",
            ),
        ),
        migrations.AddIndex(
            model_name="page",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["channel", "organization", "destination", "urgent", "retried", "due_at"],
                name="page_turns",
            ),
        ),
        migrations.AddIndex(
            model_name="page",
            index=models.Index(
                condition=models.Q(("settled_at__isnull", False)), fields=["channel", "settled_at"], name="page_settled"
            ),
        ),
        migrations.RunSQL(DUE_AFTER, reverse_sql="drop function nightbell_due_after()"),
        *(migrations.RunSQL(KEPT.format(table=table), reverse_sql=NOT_KEPT.format(table=table)) for table in TABLES),
        *(migrations.RunSQL(FILLED.format(table=table), reverse_sql=migrations.RunSQL.noop) for table in TABLES),
    ]
