"""The clock that stepped back: the only place that pulls rows to what they were set for."""

from django.db import connection

TABLES = ("incident", "page", "notice", "incident_copy")

# Due later than now and what it was set for: only a clock that has stepped back can do that. A second is nobody's step.
# Whatever is locked is being changed, and so set anew.
PULL = {
    table: f"""
update {table} t set due_at = nightbell_now() + t.due_after
where t.id = any(array(
  select d.id from {table} d
  where d.due_at is not null and not d.held and d.due_at > nightbell_now() + d.due_after + interval '1 second'
  for no key update skip locked
))
"""
    for table in TABLES
}


def pull() -> dict[str, int]:
    """Pull every row to what it was set for; how many there were, by table."""
    pulled: dict[str, int] = {}
    with connection.cursor() as cursor:
        for table, statement in PULL.items():
            cursor.execute(statement)
            pulled[table] = cursor.rowcount
    return pulled
