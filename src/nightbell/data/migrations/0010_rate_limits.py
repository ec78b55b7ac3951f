"""How often who tried to sign in, shared by all processes: the table of the framework's cache in the database."""

from django.db import migrations

# As the framework's `createcachetable` makes it; it is no model's.
MAKE = """
create table rate_limit (
  cache_key varchar(255) primary key,
  value text not null,
  expires timestamptz not null
);
create index rate_limit_expires on rate_limit (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("nightbell", "0009_brakes")]

    operations = [migrations.RunSQL(MAKE, "drop table rate_limit")]
