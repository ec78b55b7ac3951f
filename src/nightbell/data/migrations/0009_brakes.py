"""How much each key has written of late. A column with a constant default: nothing is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("nightbell", "0008_names")]

    operations = [
        migrations.AddField("apikey", "writes_level", models.FloatField(db_default=0)),
    ]
