"""What a restore holds: the only place that sets it aside, counts it and lets it go."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core.incident import actor
from nightbell.core.record import Kind
from nightbell.data import record, rows

MESSAGES = ("page", "notice", "incident_copy")

# All of it in the import's own transaction: no engine ever sees what was open in the file and is not held.
HOLD_INCIDENTS = "update incident set held = true where state <> 'closed' returning id, organization_id"

# With their incident. A lease in the file is nobody's: queued again, so that a decision's cancellation reaches it.
HOLD_MESSAGES = {
    table: f"""
update {table} m set held = true, state = 'queued'
from incident i where i.id = m.incident_id and i.held and m.due_at is not null
"""
    for table in MESSAGES
}

# What else was on its way is about nothing that is open: yesterday's news, and nobody is there to release it.
DROP_MESSAGES = {
    table: f"""
update {table} set state = 'cancelled', due_at = null, settled_at = nightbell_now(), error = 'restored'
where due_at is not null and not held
"""
    for table in MESSAGES
}

# The weekly mail of uncovered hours would follow within the hour, were it last sent when the file was written.
TOLD_OF_GAPS = "update organization set gaps_told_at = nightbell_now()"

# In the order of their ids, as everybody who locks more than one incident; a second statement then sees them fresh.
LOCK_HELD = """
select i.id from incident i
where i.organization_id = %(organization)s and i.held and (%(incident)s::uuid is null or i.id = %(incident)s)
order by i.id
for no key update of i
"""

RELEASE = f"""
with {
    ", ".join(
        f'''of_{table} as (
  update {table} m set held = false from unnest(%(incidents)s::uuid[]) as r(id) where m.incident_id = r.id and m.held
)'''
        for table in MESSAGES
    )
}
update incident i set held = false, updated_at = nightbell_now() from unnest(%(incidents)s::uuid[]) as r(id)
where i.id = r.id
"""

# On the trail of each incident, so that it says for itself why nobody was paged, and since when somebody is.
RECORD_EACH = """
insert into audit (id, organization_id, incident_id, actor, kind, data)
select r.id, i.organization_id, i.id, %(actor)s::jsonb, %(kind)s, %(data)s::jsonb
from unnest(%(ids)s::uuid[], %(incidents)s::uuid[]) as r(id, incident_id) join incident i on i.id = r.incident_id
order by i.id
"""

ORGANIZATIONS = """
select i.organization_id, o.slug, count(*)
from incident i join organization o on o.id = i.organization_id
where i.held group by i.organization_id, o.slug order by o.slug
"""

COUNT_OPEN = """
select count(*) filter (where held), count(*) filter (where not held) from incident where state <> 'closed'
"""

HELD = Kind.PAGING_HELD
RESUMED = Kind.PAGING_RESUMED


@dataclass(frozen=True, slots=True)
class Held:
    """How many incidents of an organization are held."""

    organization_id: UUID
    slug: str
    count: int


def hold(cursor: record.Cursor, ids: Iterator[UUID]) -> None:
    """Set aside everything that is open, in the transaction that brought it in."""
    cursor.execute(HOLD_INCIDENTS)
    held: dict[UUID, list[UUID]] = {}
    for incident_id, organization_id in cursor.fetchall():
        held.setdefault(organization_id, []).append(incident_id)
    for table in MESSAGES:
        cursor.execute(HOLD_MESSAGES[table])
        cursor.execute(DROP_MESSAGES[table])
    cursor.execute(TOLD_OF_GAPS)
    for organization_id, incident_ids in held.items():
        _record(cursor, organization_id, incident_ids, actor.SYSTEM, HELD, {"because": "restored"}, ids)


def count_open(cursor: record.Cursor) -> tuple[int, int]:
    """How many of the incidents that are open are held, and how many are not."""
    cursor.execute(COUNT_OPEN)
    held, running = cursor.fetchone()
    return held, running


def lock(organization_id: UUID, incident_id: UUID | None = None) -> list[UUID]:
    """Lock what is held in an organization, or this incident if it is; which ones they are."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_HELD, {"organization": organization_id, "incident": incident_id})
        return [found for (found,) in cursor.fetchall()]


def release(incident_ids: Sequence[UUID]) -> None:
    """Let these locked incidents go, with all that is on its way for them."""
    with connection.cursor() as cursor:
        cursor.execute(RELEASE, {"incidents": list(incident_ids)})


def record_release(
    organization_id: UUID, incident_ids: Sequence[UUID], by: actor.Actor, because: str, ids: Iterator[UUID]
) -> None:
    """Put it on the record of each incident and of the organization, in the transaction that let them go."""
    with connection.cursor() as cursor:
        _record(cursor, organization_id, incident_ids, by, RESUMED, {"because": because}, ids)


def organizations() -> list[Held]:
    """Where incidents are held, and how many."""
    with connection.cursor() as cursor:
        cursor.execute(ORGANIZATIONS)
        return [Held(*row) for row in cursor.fetchall()]


def _record(
    cursor: record.Cursor,
    organization_id: UUID,
    incident_ids: Sequence[UUID],
    by: actor.Actor,
    kind: Kind,
    data: dict[str, Any],
    ids: Iterator[UUID],
) -> None:
    each = {
        "ids": [next(ids) for _ in incident_ids],
        "incidents": list(incident_ids),
        "actor": json.dumps(rows.actor_values(by)),
        "kind": kind,
        "data": json.dumps(data),
    }
    cursor.execute(RECORD_EACH, each)
    whole = data | {"incidents": len(each["ids"])}
    cursor.execute(record.RECORD, record.values(next(ids), organization_id, by, kind, whole))
