"""Claiming what is on its way out and settling it: the same for pages, for notices and for copies."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from nightbell.core import delivery, notice
from nightbell.core.incident import effects, events
from nightbell.data import prepared, rows
from nightbell.data.claims import turns

Table = Literal["page", "notice", "incident_copy"]
MESSAGES: tuple[Table, ...] = ("page", "notice")
COPIES: tuple[Table, ...] = ("incident_copy",)
TABLES = MESSAGES + COPIES

# A decision that was on its way while a page was sent is committed by then: that is when its copy is first compared.
COMPARED_AFTER = timedelta(seconds=2)
# A copy is claimed again and again: what counts for its back-off is how often it failed since it last did not.
TRIES: dict[Table, str] = {"page": "t.attempts", "notice": "t.attempts", "incident_copy": "t.attempts - t.answered"}
# What this version can make something of.
KNOWN: dict[Table, str] = {
    "page": rows.one_of("reason", effects.Reason),
    "notice": rows.one_of("kind", notice.Kind),
    "incident_copy": rows.one_of("place", delivery.Place),
}
# Whatever a decision changes from here on, this attempt may not show.
FRESH: dict[Table, str] = {"page": "", "notice": "", "incident_copy": " stale = false,"}


def _claim(table: Table, statement: str) -> str:
    claim = f"""update {table} t set state = 'sending', attempts = t.attempts + 1,{FRESH[table]}
  due_at = nightbell_now() + make_interval(secs => %(lease)s)"""
    claimed = f"t.id, t.attempts, {TRIES[table]}, t.organization_id, t.destination"
    return statement.format(table=table, claim=claim, claimed=claimed, known=KNOWN[table])


def _settle(table: Table, *, recorded: str) -> str:
    # `attempts` is the lease's token: whoever claimed it since has a higher one. What was sent is sent, whoever holds
    # it.
    return f"""
with settled as (
  update {table} t set state = %(state)s, due_at = %(due_at)s, error = %(error)s, provider_id = %(provider_id)s,
    retried = t.retried or %(retried)s,
    settled_at = case when %(due_at)s::timestamptz is null then nightbell_now() end
  where t.id = %(id)s and t.state <> 'sent'
    and (%(state)s = 'sent' or (t.state = 'sending' and t.attempts = %(attempts)s))
  returning t.id, t.organization_id, t.incident_id, t.user_id, t.channel, t.attempts, t.error, t.provider_id
){recorded}
"""


CLAIM: dict[Table, str] = {table: _claim(table, turns.PLAIN) for table in TABLES}
CLAIM_IN_TURN: dict[Table, str] = {table: _claim(table, turns.IN_TURN) for table in TABLES}

_COUNTED = " select count(*) from settled"
_RECORDED = f""", recorded as (
  insert into audit (id, organization_id, incident_id, actor, kind, data)
  select %(audit_id)s, s.organization_id, s.incident_id, %(actor)s::jsonb, %(kind)s::text,
    {rows.NAMED.format(data="given.data", mentioned="array[s.user_id]", organization="s.organization_id")}
  from settled s cross join lateral (select jsonb_build_object(
    'pageId', s.id, 'userId', s.user_id, 'channel', s.channel, 'attempts', s.attempts, 'error', s.error
  ) as data) given where %(kind)s::text is not null
)"""
# A page that stays where it was sent is shown there from now on.
_COPIED = """, copied as (
  insert into incident_copy (
    id, organization_id, incident_id, page_id, channel, place, channel_id, message_id, shown, queued_at, due_at
  )
  select s.id, s.organization_id, s.incident_id, s.id, s.channel, 'direct', split_part(s.provider_id, '/', 1),
    split_part(s.provider_id, '/', 2), %(shown)s, nightbell_now(),
    nightbell_now() + make_interval(secs => %(compared_after)s)
  from settled s where %(state)s = 'sent' and s.provider_id is not null
)"""

# Notices leave no trace on the audit trail: they are nobody's page.
SETTLE: dict[Table, str] = {
    "notice": _settle("notice", recorded=_COUNTED),
    "page": _settle("page", recorded=_RECORDED + _COUNTED),
}
SETTLE_COPIED = _settle("page", recorded=_RECORDED + _COPIED + _COUNTED)

# Whether this attempt's lease still holds: asked of the row itself, which may have been waited for.
_HELD = "(t.state = 'sending' and t.attempts = %(attempts)s)"

# What has been made and posted is known from here on, whoever holds the lease. What a decision changed since the claim
# is not shown yet, and so due at once.
SETTLE_COPY = f"""
update incident_copy t set
  channel_id = coalesce(t.channel_id, %(channel_id)s), message_id = coalesce(t.message_id, %(message_id)s),
  state = case when not {_HELD} then t.state when t.stale and %(state)s = 'sent' then 'queued' else %(state)s end,
  due_at = case
    when not {_HELD} then t.due_at when t.stale and %(state)s = 'sent' then nightbell_now() else %(due_at)s end,
  error = case when {_HELD} then %(error)s else t.error end,
  settled_at = case when {_HELD} and %(due_at)s::timestamptz is null then nightbell_now() else t.settled_at end,
  shown = case when {_HELD} then coalesce(%(shown)s, t.shown) else t.shown end,
  retried = case when {_HELD} then %(retried)s else t.retried end,
  answered = case when {_HELD} and %(error)s::text is null then t.attempts else t.answered end
where t.id = %(id)s
"""

RELEASE: dict[Table, str] = {
    table: f"""
update {table} t set state = 'queued', due_at = nightbell_now()
from jsonb_to_recordset(%(leases)s::jsonb) as l(id uuid, attempts int)
where t.id = l.id and t.state = 'sending' and t.attempts = l.attempts
"""
    for table in TABLES
}


# What was tried in vain is brought forward, to be spread over so long.
FORWARD: dict[Table, str] = {
    table: f"""
update {table} t set due_at = nightbell_now() + random() * make_interval(secs => %(spread)s)
where t.id = any(array(
  select d.id from {table} d
  where d.channel = %(channel)s and d.due_at > nightbell_now() + make_interval(secs => %(spread)s) and not d.held
    and d.retried and d.state = 'queued' and (%(destination)s::text is null or d.destination = %(destination)s)
    and (%(organization)s::uuid is null or d.destination = '' and d.organization_id = %(organization)s)
  order by d.due_at limit %(limit)s for no key update skip locked
))
"""
    for table in TABLES
}

# While its holder waits for an answer that may take minutes. `attempts` again: who lost the lease renews nothing.
RENEW: dict[Table, str] = {
    table: f"""
update {table} t set due_at = nightbell_now() + make_interval(secs => %(lease)s)
where t.id = %(id)s and t.state = 'sending' and t.attempts = %(attempts)s
"""
    for table in TABLES
}


def _next_due(tables: tuple[Table, ...]) -> str:
    firsts = [
        f"""(select min(t.due_at) from {table} t
  where t.channel = %(channel)s and t.due_at is not null and not t.held and {KNOWN[table]})"""
        for table in tables
    ]
    return f"select extract(epoch from least({', '.join(firsts)}) - nightbell_now())"


# What a lane may sleep for: until the first message of its channel is due.
NEXT_DUE = {MESSAGES: _next_due(MESSAGES), COPIES: _next_due(COPIES)}

INCIDENT_OF_PAGE = "select p.organization_id, p.incident_id from page p where p.id = %(id)s"


@dataclass(frozen=True, slots=True)
class Lease:
    """One message, held by one sender until it settles it or the lease runs out.

    `attempts` counts this attempt and tells the lease from every other; `tries` counts those since one was taken.
    """

    table: Table
    id: UUID
    channel: str
    attempts: int
    tries: int
    organization_id: UUID
    destination: str = ""

    @property
    def shares(self) -> str | UUID:
        """What shares its fate on the way out: a domain, or the organization."""
        return self.destination or self.organization_id


def claim(table: Table, channel: str, limit: int, whose: turns.Turns) -> list[Lease]:
    """Lease up to `limit` messages of a channel that are due; in turn where more than that are."""
    given: dict[str, Any] = {"channel": channel, "limit": limit, "lease": delivery.LEASE.total_seconds()}
    by_turns = whose.taken(table)
    with prepared.cursor() as cursor:
        if by_turns:
            cursor.execute(CLAIM_IN_TURN[table], given | whose.asked(table))
        else:
            cursor.execute(CLAIM[table], given)
        found = cursor.fetchall()
    if by_turns and found and found[-1][0] is None:
        *_, organization_id, destination = found.pop()
        whose.reached[table] = organization_id, destination
    # An update returns rows as they lie; handed over as they were made, what is asked for first is tried first.
    leases = sorted((Lease(table, id_, channel, *rest) for id_, *rest in found), key=lambda lease: lease.id)
    (whose.crowded.add if len(leases) >= limit else whose.crowded.discard)(table)
    return leases


def claim_of(tables: tuple[Table, ...], channel: str, limit: int, whose: turns.Turns) -> list[Lease]:
    """The same of these tables, each for what the one before has left."""
    leases: list[Lease] = []
    for table in tables:
        if len(leases) < limit:
            leases += claim(table, channel, limit - len(leases), whose)
    return leases


def settle(
    lease: Lease,
    settlement: delivery.Settlement,
    *,
    event: type[events.PageSent | events.PageFailed] | None,
    audit_id: UUID,
    actor: dict[str, Any],
    shown: datetime | None = None,
) -> bool:
    """Write what became of an attempt, and put `event` on the record if it is given. False where the lease was lost.

    What stays becomes a copy that shows the incident as it was at `shown`.
    """
    copied = lease.table == "page" and settlement.stays
    given: dict[str, Any] = {
        "id": lease.id,
        "attempts": lease.attempts,
        "state": settlement.state.value,
        "due_at": settlement.due_at,
        "error": settlement.error,
        "provider_id": settlement.provider_id,
        "retried": settlement.retried,
        "kind": rows.kind_of(event) if event else None,
        "audit_id": audit_id,
        "actor": json.dumps(actor),
        "shown": shown,
        "compared_after": COMPARED_AFTER.total_seconds(),
    }
    with prepared.cursor() as cursor:
        cursor.execute(SETTLE_COPIED if copied else SETTLE[lease.table], given)
        (settled,) = cursor.fetchone()
    return bool(settled)


def settle_copy(
    lease: Lease, settlement: delivery.Settlement, *, place: tuple[str | None, str | None], shown: datetime | None
) -> None:
    """Write what became of bringing a copy up to date: the channel and the message it is now known to be."""
    channel_id, message_id = place
    given: dict[str, Any] = {
        "id": lease.id,
        "attempts": lease.attempts,
        "state": settlement.state.value,
        "due_at": settlement.due_at,
        "error": settlement.error,
        "retried": settlement.retried,
        "channel_id": channel_id,
        "message_id": message_id,
        "shown": shown,
    }
    with connection.cursor() as cursor:
        cursor.execute(SETTLE_COPY, given)


def release(table: Table, leases: Sequence[Lease]) -> None:
    """Give leases back, so that another engine has them at once. The count stays: it tells this lease from the next."""
    given = json.dumps([{"id": str(lease.id), "attempts": lease.attempts} for lease in leases])
    with connection.cursor() as cursor:
        cursor.execute(RELEASE[table], {"leases": given})


def renew(lease: Lease) -> None:
    """Have the lease run for another while; nothing where it was lost."""
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"id": lease.id, "attempts": lease.attempts, "lease": delivery.LEASE.total_seconds()}
        cursor.execute(RENEW[lease.table], given)


def bring_forward(table: Table, channel: str, shares: str | UUID | None, limit: int, spread: timedelta) -> None:
    """Have what was tried in vain tried again within `spread`, of those that share this fate; None is all of them."""
    given: dict[str, Any] = {
        "channel": channel,
        "destination": shares if isinstance(shares, str) else None,
        "organization": shares if isinstance(shares, UUID) else None,
        "limit": limit,
        "spread": spread.total_seconds(),
    }
    with connection.cursor() as cursor:
        cursor.execute(FORWARD[table], given)


def seconds_to_next(tables: tuple[Table, ...], channel: str) -> float | None:
    """How long until a message of this channel is due; zero or less where one is, None where none is on its way."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_DUE[tables], {"channel": channel})
        (seconds,) = cursor.fetchone()
    return None if seconds is None else float(seconds)


def incident_of(page_id: UUID) -> tuple[UUID, UUID]:
    """The organization and the incident of a page."""
    with connection.cursor() as cursor:
        cursor.execute(INCIDENT_OF_PAGE, {"id": page_id})
        organization_id, incident_id = cursor.fetchone()
    return organization_id, incident_id
