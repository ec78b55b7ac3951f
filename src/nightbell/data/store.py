"""Lock an incident, write what was decided about it: every decision goes to the rows through here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core import about
from nightbell.core.incident import actor, decide, effects, events, state
from nightbell.data import holds, prepared, rows
from nightbell.data.access.principal import Principal
from nightbell.data.reads import incidents

# `for no key update`: a stronger lock would make inserting a page or an audit row, which takes a key-share lock on its
# incident, wait for us and us for it. The instant stands bare in the select list, so that it is read when the lock is
# held.
LOCK = f"""
select nightbell_now(), i.organization_id, {rows.INCIDENT_COLUMNS}
from incident i
where i.organization_id = %(organization)s and (i.id = %(id)s or i.number = %(number)s)
for no key update of i
"""

# A second statement, because after waiting for a lock only the locked row itself is fresh; in the same trip.
NOTIFIED = """
select distinct p.user_id from page p join incident i on i.id = p.incident_id
where i.organization_id = %(organization)s and (i.id = %(id)s or i.number = %(number)s)
  and p.epoch >= i.handed_off_epoch
"""

# Open incidents a member's removal must look at: theirs, the ones they acknowledged, and the ones that paged them.
# Ordered, so that two removals take their locks in the same order. `limit 1` makes the planner look pages up incident
# by incident; for `exists` it reads every page there ever was, while openings wait for the removal.
INVOLVING = """
select i.id from incident i
where i.organization_id = %(organization)s and i.state <> 'closed' and (
  i.owner_id = %(user)s
  or (i.state = 'acknowledged' and i.acknowledged_by ->> 'id' = %(user)s::text)
  or (select true from page p where p.incident_id = i.id and p.user_id = %(user)s limit 1)
)
order by i.id
"""

# The newest group of an incident that still waits for an answer: nobody in it can give one any more.
GROUP_FAILED = """
select coalesce(bool_and(p.state = 'failed' or m.id is null), false)
from incident i
join page p on p.incident_id = i.id and p.epoch = i.epoch and p.round = i.round and p.position = i.position
left join membership m on m.organization_id = i.organization_id and m.user_id = p.user_id and m.removed_at is null
where i.id = %(incident)s
"""

# One statement for one decision or for five hundred. No row is touched twice in it: it updates incidents, cancels pages
# that were there before, and inserts new ones.
WRITE = f"""
with changed as (
  update incident i set
    owner_id = c.owner_id, status = c.status, state = c.state, position = c.position, round = c.round,
    due_at = c.due_at, due_cause = c.due_cause, epoch = c.epoch, handed_off_epoch = c.handed_off_epoch,
    acknowledged_by = c.acknowledged_by, acknowledged_at = c.acknowledged_at, resolved_at = c.resolved_at,
    relieved = c.relieved, updated_at = %(now)s
  from jsonb_to_recordset(%(incidents)s::jsonb) as c(
    id uuid, owner_id uuid, status text, state text, position smallint, round smallint, due_at timestamptz,
    due_cause text, epoch int, handed_off_epoch int, acknowledged_by jsonb, acknowledged_at timestamptz,
    resolved_at timestamptz, relieved uuid[]
  )
  where i.id = c.id
), shown as (
  -- Whatever shows these incidents is due; who is at it now finds it stale when done. Queued ones are named too, so
  -- that a sender who is claiming one is waited for.
  update incident_copy m set stale = true, state = case m.state when 'sent' then 'queued' else m.state end,
    due_at = case when m.state = 'sent' or m.attempts = 0 then %(now)s else m.due_at end
  from jsonb_to_recordset(%(incidents)s::jsonb) as c(id uuid)
  where m.incident_id = c.id and m.state in ('queued', 'sending', 'sent')
), cancelled as (
  update page p set state = 'cancelled', due_at = null, settled_at = %(now)s, error = c.reason
  from jsonb_to_recordset(%(cancellations)s::jsonb) as c(incident_id uuid, user_id uuid, reason text)
  where p.incident_id = c.incident_id and p.state = 'queued' and (c.user_id is null or p.user_id = c.user_id)
  returning p.id, p.incident_id, p.user_id, p.channel, c.reason
), queued as (
  insert into page (
    id, organization_id, incident_id, user_id, channel, reason, epoch, round, position, why, queued_at, due_at,
    destination, urgent
  )
  select q.id, q.organization_id, q.incident_id, q.user_id, q.channel, q.reason, q.epoch, q.round, q.position, q.why,
    %(now)s, i.due_at, {rows.DESTINATION.format(channel="q.channel", user="q.user_id")}, i.urgent
  from jsonb_to_recordset(%(pages)s::jsonb) as q(
    id uuid, organization_id uuid, incident_id uuid, user_id uuid, channel text, reason text, epoch int, round smallint,
    position smallint, why jsonb
  ) cross join lateral (
    -- Due since the deadline that asks for it: what an outage has left over is older than what has just been opened.
    select least(i.due_at, %(now)s) as due_at, {rows.URGENT.format(severity="i.severity")} as urgent
    from incident i where i.id = q.incident_id
  ) i
), noticed as (
  {rows.INSERT_NOTICES})
insert into audit (id, organization_id, incident_id, at, actor, kind, data)
select r.id, r.organization_id, r.incident_id, %(now)s, r.actor, r.kind,
  {rows.NAMED.format(data="given.data", mentioned="given.mentioned", organization="r.organization_id")}
from rows from (jsonb_to_recordset(%(audit)s::jsonb) as (
    id uuid, organization_id uuid, incident_id uuid, actor jsonb, kind text, data jsonb, mentioned uuid[]
  )) with ordinality as r(id, organization_id, incident_id, actor, kind, data, mentioned, place)
cross join lateral (
  select r.data, r.mentioned where r.kind <> 'pages_cancelled'
  union all
  select r.data || jsonb_build_object('pages', jsonb_agg(
    jsonb_build_object('pageId', x.id, 'userId', x.user_id, 'channel', x.channel) order by x.id
  )), array_agg(x.user_id)
  from cancelled x where r.kind = 'pages_cancelled' and x.incident_id = r.incident_id
  -- A decision that found nothing to cancel has nothing to say about it.
  having count(*) > 0
) given
order by r.place
"""


@dataclass(frozen=True, slots=True)
class Locked:
    """An incident nobody else can change until this transaction ends, and the instant at which that became so."""

    organization_id: UUID
    incident: state.Incident
    now: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, whose it is, and ids enough for the rows it becomes."""

    organization_id: UUID
    before: state.Incident
    decision: decide.Decision
    by: actor.Actor


def lock(organization_id: UUID, ref: UUID | int) -> Locked | None:
    """Lock the organization's incident with this id or number; None where there is none."""
    by_id = isinstance(ref, UUID)
    given: dict[str, Any] = {
        "organization": organization_id,
        "id": ref if by_id else None,
        "number": None if by_id else ref,
    }
    with prepared.together() as (locking, asking):
        locking.execute(LOCK, given)
        asking.execute(NOTIFIED, given)
        row = locking.fetchone()
        if row is None:
            return None
        notified = frozenset(user_id for (user_id,) in asking.fetchall())
    now, organization_id, *incident = row
    return Locked(organization_id, rows.incident_of(incident, notified), now)


def involving(organization_id: UUID, user_id: UUID) -> list[UUID]:
    """The open incidents that this member's removal concerns, in the order to lock them."""
    with connection.cursor() as cursor:
        cursor.execute(INVOLVING, {"organization": organization_id, "user": user_id})
        return [incident_id for (incident_id,) in cursor.fetchall()]


def group_failed(incident_id: UUID) -> bool:
    """Whether nobody in the newest group can answer any more: each page failed for good, or its recipient has left."""
    with connection.cursor() as cursor:
        cursor.execute(GROUP_FAILED, {"incident": incident_id})
        (failed,) = cursor.fetchone()
    return bool(failed)


def write(decided: Iterable[Decided], ids: Iterator[UUID], now: datetime) -> None:
    """Write decisions in one statement; one that changed nothing writes nothing. `ids` are fresh UUIDv7s."""
    decided = list(decided)
    values = _values(decided, ids, now)
    if values is not None:
        _release(decided)
        with prepared.cursor() as cursor:
            cursor.execute(WRITE, values)


def write_one(principal: Principal, decided: Decided, ids: Iterator[UUID], now: datetime) -> incidents.IncidentView:
    """Write a decision, and read in the same trip what came of it."""
    ref = incidents.reference(principal, decided.before.id)
    values = _values([decided], ids, now)
    _release([decided])
    with prepared.together() as (writing, reading):
        if values is not None:
            writing.execute(WRITE, values)
        reading.execute(incidents.ONE, ref)
        return incidents.of_row(reading.fetchone())


def _release(decided: Sequence[Decided]) -> None:
    """Let go what these decisions end the hold of: before they are written, so that what they cancel is let go too."""
    released = [each.before.id for each in decided if each.before.held and not each.decision.incident.held]
    if released:
        holds.release(released)


def _values(decided: Iterable[Decided], ids: Iterator[UUID], now: datetime) -> dict[str, Any] | None:
    """What WRITE writes; None where nothing was changed."""
    changed: list[dict[str, Any]] = []
    cancellations: list[dict[str, Any]] = []
    pages: list[dict[str, Any]] = []
    notices: list[dict[str, Any]] = []
    audit: list[dict[str, Any]] = []
    for each in decided:
        if each.decision.incident == each.before and not each.decision.effects:
            continue
        changed.append(rows.incident_values(each.decision.incident))
        audit += _audit_values(each, ids)
        for effect in each.decision.effects:
            match effect:
                case effects.CancelPages():
                    cancellations.append(_cancellation_values(each, effect))
                case effects.QueuePages():
                    pages += _page_values(each, effect, ids)
                case effects.Notify():
                    notices.append(_notice_values(each, effect, ids))
    if not changed:
        return None
    return {
        "now": now,
        "incidents": rows.text_of(changed),
        "cancellations": rows.text_of(cancellations),
        "pages": rows.text_of(pages),
        "notices": rows.text_of(notices),
        "audit": rows.text_of(audit),
    }


def _audit_values(each: Decided, ids: Iterator[UUID]) -> Iterator[dict[str, Any]]:
    who = rows.actor_values(each.by)
    whose = {"organization_id": each.organization_id, "incident_id": each.before.id, "actor": who}
    for event in each.decision.events:
        yield whose | rows.entry(next(ids), rows.kind_of(event), rows.values_of(event))
    for effect in each.decision.effects:
        if isinstance(effect, effects.CancelPages):
            cancelled = events.PagesCancelled(effect.reason)
            yield whose | rows.entry(next(ids), rows.kind_of(cancelled), rows.values_of(cancelled))


def _cancellation_values(each: Decided, effect: effects.CancelPages) -> dict[str, Any]:
    return {"incident_id": each.before.id, "user_id": effect.user_id, "reason": effect.reason}


def _page_values(each: Decided, effect: effects.QueuePages, ids: Iterator[UUID]) -> Iterator[dict[str, Any]]:
    after = each.decision.incident
    for channel in effect.member.channels:
        yield {
            "id": next(ids),
            "organization_id": each.organization_id,
            "incident_id": after.id,
            "user_id": effect.member.id,
            "channel": channel,
            "reason": effect.reason,
            "epoch": after.epoch,
            "round": after.round,
            "position": after.position,
            "why": rows.values_of(effect.why),
        }


def _notice_values(each: Decided, effect: effects.Notify, ids: Iterator[UUID]) -> dict[str, Any]:
    said = about.Answered(effect.by, effect.new_owner)
    whose, about_ = each.organization_id, each.before.id
    return rows.notice_values(next(ids), whose, effect.user_id, effect.kind, said, incident_id=about_)
