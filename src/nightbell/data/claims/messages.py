"""Claiming messages, looking once more, and settling them: the same for pages and for notices."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from nightbell.core import delivery
from nightbell.data import prepared

Table = Literal["page", "notice"]
TABLES: tuple[Table, ...] = ("page", "notice")

# Longer than an attempt takes; when its holder dies the message is simply due again.
LEASE = timedelta(seconds=30)


def _claim(table: Table) -> str:
    # `= any(array(...))` makes the planner take the index for the update as well.
    return f"""
update {table} t set state = 'sending', attempts = t.attempts + 1,
  due_at = nightbell_now() + make_interval(secs => %(lease)s)
where t.id = any(array(
  select d.id from {table} d
  where d.channel = %(channel)s and d.due_at <= nightbell_now()
  order by d.due_at limit %(limit)s
  for no key update skip locked
))
returning t.id, t.attempts
"""


def _settle(table: Table, *, recorded: str) -> str:
    # `attempts` is the lease's token: whoever claimed it since has a higher one. What was sent is sent, whoever holds
    # it.
    return f"""
with settled as (
  update {table} t set state = %(state)s, due_at = %(due_at)s, error = %(error)s, provider_id = %(provider_id)s,
    settled_at = case when %(due_at)s::timestamptz is null then nightbell_now() end
  where t.id = %(id)s and t.state <> 'sent'
    and (%(state)s = 'sent' or (t.state = 'sending' and t.attempts = %(attempts)s))
  returning t.id, t.organization_id, t.incident_id, t.user_id, t.channel, t.attempts, t.error
){recorded}
"""


CLAIM: dict[Table, str] = {table: _claim(table) for table in TABLES}

# Notices leave no trace on the audit trail: they are nobody's page.
SETTLE: dict[Table, str] = {
    "notice": _settle("notice", recorded=" select count(*) from settled"),
    "page": _settle(
        "page",
        recorded=""", recorded as (
  insert into audit (id, organization_id, incident_id, actor, kind, data)
  select %(audit_id)s, s.organization_id, s.incident_id, %(actor)s::jsonb, %(kind)s::text, jsonb_build_object(
    'pageId', s.id, 'userId', s.user_id, 'channel', s.channel, 'attempts', s.attempts, 'error', s.error
  )
  from settled s where %(kind)s::text is not null
) select count(*) from settled""",
    ),
}

RELEASE: dict[Table, str] = {
    table: f"""
update {table} t set state = 'queued', due_at = nightbell_now()
from jsonb_to_recordset(%(leases)s::jsonb) as l(id uuid, attempts int)
where t.id = l.id and t.state = 'sending' and t.attempts = l.attempts
"""
    for table in TABLES
}

# What a lane may sleep for: until the first message of its channel is due.
NEXT_DUE = """
select extract(epoch from least(
  (select min(p.due_at) from page p where p.channel = %(channel)s and p.due_at is not null),
  (select min(n.due_at) from notice n where n.channel = %(channel)s and n.due_at is not null)
) - nightbell_now())
"""

INCIDENT_OF_PAGE = "select p.organization_id, p.incident_id from page p where p.id = %(id)s"


@dataclass(frozen=True, slots=True)
class Lease:
    """One message, held by one sender until it settles it or the lease runs out; `attempts` counts this attempt."""

    table: Table
    id: UUID
    attempts: int


def claim(table: Table, channel: str, limit: int) -> list[Lease]:
    """Lease up to `limit` messages of a channel that are due, the longest overdue first."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM[table], {"channel": channel, "limit": limit, "lease": LEASE.total_seconds()})
        return [Lease(table, message_id, attempts) for message_id, attempts in cursor.fetchall()]


def settle(
    lease: Lease, settlement: delivery.Settlement, *, kind: str | None, audit_id: UUID, actor: dict[str, Any]
) -> bool:
    """Write what became of an attempt, and put `kind` on the record if it is given. False where the lease was lost."""
    given: dict[str, Any] = {
        "id": lease.id,
        "attempts": lease.attempts,
        "state": settlement.state.value,
        "due_at": settlement.due_at,
        "error": settlement.error,
        "provider_id": settlement.provider_id,
        "kind": kind,
        "audit_id": audit_id,
        "actor": json.dumps(actor),
    }
    with prepared.cursor() as cursor:
        cursor.execute(SETTLE[lease.table], given)
        (settled,) = cursor.fetchone()
    return bool(settled)


def release(table: Table, leases: list[Lease]) -> None:
    """Give leases back, so that another engine has them at once. The count stays: it tells this lease from the next."""
    given = json.dumps([{"id": str(lease.id), "attempts": lease.attempts} for lease in leases])
    with connection.cursor() as cursor:
        cursor.execute(RELEASE[table], {"leases": given})


def seconds_to_next(channel: str) -> float | None:
    """How long until a message of this channel is due; zero or less where one is, None where none is on its way."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_DUE, {"channel": channel})
        (seconds,) = cursor.fetchone()
    return None if seconds is None else float(seconds)


def incident_of(page_id: UUID) -> tuple[UUID, UUID]:
    """The organization and the incident of a page."""
    with connection.cursor() as cursor:
        cursor.execute(INCIDENT_OF_PAGE, {"id": page_id})
        organization_id, incident_id = cursor.fetchone()
    return organization_id, incident_id
