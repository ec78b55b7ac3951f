"""Opening an incident, in one statement."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from nightbell.core import policy
from nightbell.core.incident import actor, events
from nightbell.core.incident.state import Cause, Severity, State
from nightbell.data import faults, prepared, rows
from nightbell.data.reads import reach, workspaces

# Locks in the order of the house: the owner's membership (so that nobody can remove them meanwhile), then the
# organization's counter, then the new row. Each waits for the one before because it asks whether that one found its
# row.
OPEN = f"""
with clock as materialized (
  select nightbell_now() as at
), owner as materialized (
  select m.user_id, {reach.CHANNELS} as channels from membership m
  where m.organization_id = %(organization)s and m.user_id = %(owner)s and m.removed_at is null
  for share of m
), policy as materialized (
  select {rows.FROZEN_POLICY} as frozen
  from escalation_policy p where p.organization_id = %(organization)s and p.id = %(policy)s
), known as materialized (
  select from incident i
  where i.organization_id = %(organization)s and i.dedup_key = %(dedup_key)s and i.state <> 'closed'
), counter as (
  -- Locked and counted in one: a lock first and an update after it deadlock with each other as soon as an engine, whose
  -- pages refer to the organization, has a key-share lock on it as well.
  update organization o set incident_count = o.incident_count + 1
  where o.id = %(organization)s and exists (select from owner)
    and (%(policy)s::uuid is null or exists (select from policy)) and not exists (select from known)
  returning o.incident_count as number
), opened as (
  insert into incident (
    id, organization_id, number, title, description, severity, status, owner_id, dedup_key, created_by, created_at,
    updated_at, state, policy, position, round, due_at, due_cause, epoch, handed_off_epoch, relieved
  )
  select %(id)s, %(organization)s, counter.number, %(title)s, %(description)s, %(severity)s, 'investigating', %(owner)s,
    %(dedup_key)s, %(actor)s::jsonb, clock.at, clock.at, %(state)s, policy.frozen, 0, 1,
    case when %(due)s then clock.at end, %(due_cause)s, 0, 0, '{{}}'
  from counter cross join clock left join policy on true
  -- No `on conflict`: who loses on the dedup key to somebody not yet `known` undoes all of it, the number too.
  returning id, number, created_at, policy
), paged as (
  -- Only where nobody else will be: an incident without a policy pages its owner at once.
  insert into page (
    id, organization_id, incident_id, user_id, channel, reason, epoch, round, position, why, queued_at, due_at,
    destination, urgent
  )
  select (%(pages)s::uuid[])[q.place_number], %(organization)s, opened.id, %(owner)s, q.channel, 'owner', 0, 1, 0,
    '{{}}'::jsonb, clock.at, clock.at,
    {rows.DESTINATION.format(channel="q.channel", user="%(owner)s")},
    {rows.URGENT.format(severity="%(severity)s::text")}
  from opened cross join clock cross join owner
  cross join unnest(owner.channels) with ordinality as q(channel, place_number)
  where q.place_number <= cardinality(%(pages)s::uuid[])
  returning channel
), shown as (
  -- In each alerts channel, and in a channel of its own if the organization wants that.
  insert into incident_copy (id, organization_id, incident_id, channel, place, channel_id, queued_at, due_at)
  select (%(copies)s::uuid[])[p.place_number], %(organization)s, opened.id, w.channel, p.place, p.channel_id, clock.at,
    clock.at
  from opened cross join clock cross join workspace w cross join lateral (
    select 1 as place_number, 'incident' as place, null as channel_id where w.incident_channels
    union all
    select c.place_number::int + 1, 'alerts', c.value
    from jsonb_array_elements_text(w.alerts_channels) with ordinality as c(value, place_number)
    where c.place_number < cardinality(%(copies)s::uuid[])
  ) p
  where w.organization_id = %(organization)s and w.channel = any(%(showing)s) and w.token is not null
    and w.lost_at is null
), recorded as (
  insert into audit (id, organization_id, incident_id, at, actor, kind, data)
  select r.id, %(organization)s, opened.id, clock.at, %(actor)s::jsonb, r.kind,
    {rows.NAMED.format(data="r.data", mentioned="r.mentioned", organization="%(organization)s")}
  from opened cross join clock cross join rows from (
    jsonb_to_recordset(%(audit)s::jsonb) as (id uuid, kind text, data jsonb, mentioned uuid[])
  ) with ordinality as r(id, kind, data, mentioned, place)
  order by r.place
)
select exists (select from owner), %(policy)s::uuid is null or exists (select from policy), opened.number,
  opened.created_at, opened.policy::text,
  (select trim(a.first_name || ' ' || a.last_name) from account a where a.id = %(owner)s),
  (select coalesce(array_agg(channel), '{{}}') from paged)
from clock left join opened on true
"""

DEDUP_KEY_ONCE = "incident_dedup_key_once_while_open"

# Read in a second statement: the one that lost to it cannot see it.
OPEN_WITH_DEDUP_KEY = """
select i.id from incident i
where i.organization_id = %(organization)s and i.dedup_key = %(dedup_key)s and i.state <> 'closed'
"""


@dataclass(frozen=True, slots=True)
class New:
    """An incident to be, as it was decided.

    `page_ids` are for as many pages as may go to its owner at once, `copy_ids` for as many places as may show it; the
    statement leaves out what does not apply. `entries` go on its record, each under its id.
    """

    id: UUID
    organization_id: UUID
    owner_id: UUID | None
    policy_id: UUID | None
    title: str
    description: str | None
    severity: Severity
    dedup_key: str | None
    by: actor.Actor
    state: State
    due_cause: Cause | None
    page_ids: tuple[UUID, ...]
    copy_ids: tuple[UUID, ...]
    entries: tuple[tuple[UUID, events.Event], ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the owner and the policy were found, and what is new about the new row, None if none was written.

    `paged` are the channels over which the owner is paged at once.
    """

    owner_found: bool
    policy_found: bool
    number: int | None
    created_at: datetime | None
    policy: policy.Policy | None
    owner_name: str | None
    paged: tuple[str, ...] = ()


def open_incident(new: New) -> Opening:
    """Run OPEN."""
    # What a loser undoes must not be more than this statement.
    undoable = connection.in_atomic_block and new.dedup_key is not None
    try:
        with transaction.atomic() if undoable else nullcontext(), prepared.cursor() as cursor:
            cursor.execute(OPEN, given(new))
            owner_found, policy_found, number, created_at, frozen, owner_name, paged = cursor.fetchone()
    except IntegrityError as error:
        if faults.constraint_of(error) != DEDUP_KEY_ONCE:
            raise
        return Opening(owner_found=True, policy_found=True, number=None, created_at=None, policy=None, owner_name=None)
    copied = rows.policy_in(frozen) if frozen else None
    return Opening(owner_found, policy_found, number, created_at, copied, owner_name, tuple(paged))


def given(new: New) -> dict[str, Any]:
    """What OPEN takes."""
    return {
        "id": new.id,
        "organization": new.organization_id,
        "owner": new.owner_id,
        "policy": new.policy_id,
        "title": new.title,
        "description": new.description,
        "severity": new.severity.value,
        "dedup_key": new.dedup_key,
        "actor": json.dumps(rows.actor_values(new.by)),
        "state": new.state.value,
        "due": new.due_cause is not None,
        "due_cause": new.due_cause.value if new.due_cause else None,
        "pages": list(new.page_ids),
        "copies": list(new.copy_ids),
        "audit": rows.text_of(
            [rows.entry(entry_id, rows.kind_of(event), rows.values_of(event)) for entry_id, event in new.entries]
        ),
        **reach.offered(),
        **workspaces.showing(),
    }


def open_with(organization_id: UUID, dedup_key: str) -> UUID | None:
    """The open incident with this dedup key."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN_WITH_DEDUP_KEY, {"organization": organization_id, "dedup_key": dedup_key})
        row = cursor.fetchone()
    return row[0] if row else None
