"""Claiming the incidents whose clock has run out; a held one has no clock that runs."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core.incident import state
from nightbell.data import rows, store

# A clock that a newer version set for a reason of its own waits for it.
_KNOWN = rows.one_of("i.due_cause", state.Cause)

# `skip locked`: engines share the work without waiting for each other, and never for a person who is acknowledging.
CLAIM_DUE = f"""
select nightbell_now(), i.organization_id, {rows.INCIDENT_COLUMNS}
from incident i
where i.due_at <= nightbell_now() and not i.held and {_KNOWN}
order by i.due_at
limit %(limit)s
for no key update of i skip locked
"""

# Where more is due than a batch holds, the newest come with it: whoever was never told of an incident does not wait for
# all that an outage has left over.
CLAIM_NEWEST = f"""
select nightbell_now(), i.organization_id, {rows.INCIDENT_COLUMNS}
from incident i
where i.due_at <= nightbell_now() and not i.held and {_KNOWN} and i.id <> all(%(taken)s)
order by i.due_at desc
limit %(limit)s
for no key update of i skip locked
"""
# One in so many.
OF_WHICH_NEWEST = 10

CLAIM_ONE = f"""
select nightbell_now(), i.organization_id, {rows.INCIDENT_COLUMNS}
from incident i
where i.id = %(id)s and i.due_at <= nightbell_now() and not i.held and {_KNOWN}
for no key update of i skip locked
"""

DUE_IDS = f"""
select i.id from incident i
where i.due_at <= nightbell_now() and not i.held and {_KNOWN} order by i.due_at limit %(limit)s
"""

# What an engine may sleep for: until the first clock runs out.
NEXT_DUE = f"""
select extract(epoch from min(i.due_at) - nightbell_now()) from incident i
where i.due_at is not null and not i.held and {_KNOWN}
"""

SET_ASIDE = """
update incident set due_at = nightbell_now() + make_interval(secs => %(pause)s)
where id = %(id)s and due_at is not null
"""


def claim(limit: int) -> list[store.Locked]:
    """Lock up to `limit` due incidents that nobody else holds: the longest overdue and, where more are, the newest."""
    newest = limit // OF_WHICH_NEWEST
    found = _claim(CLAIM_DUE, {"limit": limit - newest})
    if not newest or len(found) < limit - newest:
        return found
    # Where many are due at one instant, the newest may well be the oldest too.
    taken = [each.incident.id for each in found]
    return found + _claim(CLAIM_NEWEST, {"limit": newest, "taken": taken})


def claim_one(incident_id: UUID) -> list[store.Locked]:
    """Lock this one, if it is due and nobody else holds it."""
    return _claim(CLAIM_ONE, {"id": incident_id})


def due_ids(limit: int) -> list[UUID]:
    """The longest overdue incidents, unlocked."""
    with connection.cursor() as cursor:
        cursor.execute(DUE_IDS, {"limit": limit})
        return [incident_id for (incident_id,) in cursor.fetchall()]


def seconds_to_next() -> float | None:
    """How long until a clock runs out; zero or less where one has, None where none runs."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_DUE)
        (seconds,) = cursor.fetchone()
    return None if seconds is None else float(seconds)


def set_aside(incident_id: UUID, pause: timedelta) -> None:
    """Look at an incident again only after `pause`."""
    with connection.cursor() as cursor:
        cursor.execute(SET_ASIDE, {"id": incident_id, "pause": pause.total_seconds()})


def _claim(statement: str, given: dict[str, Any]) -> list[store.Locked]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        found = cursor.fetchall()
    at: datetime | None = max((read_at for read_at, *_ in found), default=None)
    return [
        store.Locked(organization_id, rows.incident_of(incident), at or read_at)
        for read_at, organization_id, *incident in found
    ]
