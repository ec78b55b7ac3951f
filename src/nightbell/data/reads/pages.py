"""What a sender needs to know of one message: is it still wanted, whom does it reach where, and what does it say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from nightbell.core import about, message, notice, oncall
from nightbell.core.incident import effects, paging, state
from nightbell.data import prepared, rows
from nightbell.data.access.principal import Principal
from nightbell.data.reads import reach, rosters

# The last look before the provider is called: this is where a page starts.
LOOK = f"""
select nightbell_now(), p.epoch = i.epoch and i.state in ('paging', 'exhausted', 'none'), m.id is not null,
  p.state = 'sending' and p.attempts = %(attempts)s,
  p.user_id, way.address, way.token, trim(a.first_name || ' ' || a.last_name), a.timezone,
  p.reason, p.round, p.position, p.why::text,
  o.id, o.name, i.number, i.title, i.description, i.severity, i.created_at,
  trim(b.first_name || ' ' || b.last_name), i.updated_at,
  array(  -- whom paging waits for now: those it went to last
    select g.user_id from page g
    where g.incident_id = i.id and g.epoch >= i.handed_off_epoch and g.round = i.round and g.position = i.position
  ), {rows.INCIDENT_COLUMNS}
from page p
join incident i on i.id = p.incident_id
join organization o on o.id = i.organization_id
join account a on a.id = p.user_id
join account b on b.id = i.owner_id
left join membership m on m.organization_id = i.organization_id and m.user_id = p.user_id and m.removed_at is null
{reach.WAY.format(message="p")}
where p.id = %(id)s
"""

# The same question once more, alone: a page may be on its way to the provider for a while before it is handed over.
STILL_WANTED = """
select p.epoch = i.epoch and i.state in ('paging', 'exhausted', 'none'), m.id is not null, i.state
from page p
join incident i on i.id = p.incident_id
left join membership m on m.organization_id = i.organization_id and m.user_id = p.user_id and m.removed_at is null
where p.id = %(id)s
"""

# How a schedule put somebody on call; what has been deleted since is left out.
DUTY = """
select s.name, l.name, l.rotation_type, l.rotation_length_days,
  trim(a.first_name || ' ' || a.last_name), o.ends_at
from schedule s
left join rotation_layer l on l.id = %(layer)s
left join override o on o.id = %(override)s
left join account a on a.id = o.user_id
where s.id = %(schedule)s
"""

LOOK_AT_NOTICE = f"""
select nightbell_now(), m.id is not null, n.state = 'sending' and n.attempts = %(attempts)s, a.id, way.address,
  way.token, a.timezone, n.kind, n.data::text, i.number, i.title,
  (select trim(c.first_name || ' ' || c.last_name) from account c where c.id = (n.data ->> 'newOwner')::uuid),
  -- Whom no page has reached hears nothing of its end; nor does anybody where nobody is on it any more.
  n.kind <> 'acknowledged' or (i.state in ('acknowledged', 'closed') and exists (
    select from page p
    where p.incident_id = i.id and p.user_id = n.user_id and p.channel = n.channel
      and p.epoch >= i.handed_off_epoch
      and p.state in ('sending', 'sent')
  ))
from notice n
join account a on a.id = n.user_id
left join incident i on i.id = n.incident_id
left join membership m on m.organization_id = n.organization_id and m.user_id = n.user_id and m.removed_at is null
{reach.WAY.format(message="n")}
where n.id = %(id)s
"""

OF_INCIDENT = """
select p.id, p.user_id, trim(a.first_name || ' ' || a.last_name), p.channel, p.reason, p.round, p.position, p.state,
  p.queued_at, p.settled_at, p.attempts, p.error
from page p join account a on a.id = p.user_id
where p.incident_id = %(incident)s and p.organization_id = %(organization)s order by p.queued_at, p.id
"""


class _Row(NamedTuple):
    """What LOOK reads before the incident's own columns, in its order."""

    now: datetime
    wanted: bool
    recipient_is_member: bool
    held: bool
    user_id: UUID
    address: str | None
    token: str | None
    recipient: str
    timezone: str
    reason: str
    round: int
    position: int
    why: str
    organization_id: UUID
    organization: str
    number: int
    title: str
    description: str | None
    severity: str
    opened_at: datetime
    owner: str
    as_of: datetime
    waited_for: list[UUID]


@dataclass(frozen=True, slots=True)
class Look:
    """A page as it stands now; `known` lacks only the next step and the links.

    `way` is None where none leads to the recipient now. `held`: nobody has claimed it since. `as_of` is when the
    incident last changed; `waited_for` are those whom paging went to last.
    """

    now: datetime
    wanted: bool
    recipient_is_member: bool
    held: bool
    user_id: UUID
    way: reach.Way | None
    organization_id: UUID
    as_of: datetime
    waited_for: frozenset[UUID]
    incident: state.Incident
    known: message.Known

    @property
    def reason_not_wanted(self) -> str:
        """Why it is not sent."""
        return _reason_not_wanted(self.recipient_is_member, self.incident.state)


@dataclass(frozen=True, slots=True)
class NoticeLook:
    """A notice as it stands now; the incident's fields are None where it is about none, and `way` where none is."""

    now: datetime
    recipient_is_member: bool
    held: bool
    user_id: UUID
    way: reach.Way | None
    timezone: str
    kind: notice.Kind
    about: about.About
    number: int | None
    title: str | None
    new_owner: str | None
    wanted: bool


def why_not(page_id: UUID) -> str | None:
    """Why a page is wanted no longer; None where it still is."""
    with prepared.cursor() as cursor:
        cursor.execute(STILL_WANTED, {"id": page_id})
        wanted, is_member, how = cursor.fetchone()
    return None if wanted and is_member else _reason_not_wanted(is_member, state.State(how))


def _reason_not_wanted(recipient_is_member: bool, how: state.State) -> str:
    if not recipient_is_member:
        return "recipient_left"
    return "superseded" if how in state.UNANSWERED else how.value


def look(page_id: UUID, attempts: int) -> Look:
    """Look once more at a page claimed for this attempt."""
    with prepared.cursor() as cursor:
        cursor.execute(LOOK, {"id": page_id, "attempts": attempts})
        columns = cursor.fetchone()
    width = len(_Row._fields)
    row, incident = _Row(*columns[:width]), rows.incident_of(columns[width:])
    return Look(
        row.now,
        row.wanted,
        row.recipient_is_member,
        row.held,
        row.user_id,
        reach.way(row.address, row.token),
        row.organization_id,
        row.as_of,
        frozenset(row.waited_for),
        incident,
        _known(row, incident),
    )


def _known(row: _Row, incident: state.Incident) -> message.Known:
    why = json.loads(row.why)
    giver, on_call = why.get("handedOffBy"), _on_call(why)
    return message.Known(
        incident_id=incident.id,
        organization=row.organization,
        number=row.number,
        title=row.title,
        description=row.description,
        severity=state.Severity(row.severity),
        status=incident.status,
        opened_at=row.opened_at,
        owner=row.owner,
        recipient=row.recipient,
        timezone=row.timezone,
        reason=effects.Reason(row.reason),
        round=row.round,
        position=row.position,
        cause=state.Cause(why["cause"]) if why.get("cause") else None,
        late_seconds=why.get("lateSeconds", 0),
        handed_off_by=giver["name"] if giver else None,
        note=why.get("note"),
        policy_name=incident.policy.name if incident.policy else None,
        layer_count=incident.layer_count,
        schedule=on_call.schedule,
        rotation=on_call.rotation,
        override_by=on_call.override_by,
        override_until=on_call.override_until,
    )


def _on_call(why: Mapping[str, Any]) -> message.OnCall:
    """How a schedule put the recipient on call; nothing where none did."""
    duty = why.get("duty")
    if duty is None:
        return message.OnCall()
    given = {"schedule": why["target"]["scheduleId"], "layer": duty["layerId"], "override": duty["overrideId"]}
    with prepared.cursor() as cursor:
        cursor.execute(DUTY, given)
        row = cursor.fetchone()
    if row is None:
        return message.OnCall()
    name, rotation, kind, days, override_by, override_until = row
    called = oncall.called(rotation, oncall.Kind(kind), days) if rotation else None
    return message.OnCall(name, called, override_by, override_until)


def next_step(seen: Look) -> message.NextStep | None:
    """Who is paged if nobody answers, and when; None where no clock runs."""
    if seen.incident.due_at is None or seen.incident.held:
        return None
    people = rosters.read([seen.organization_id], [seen.incident])[seen.organization_id]
    ahead = paging.ahead(seen.incident, people, seen.waited_for)
    return message.step(ahead) if ahead else None


def look_at_notice(notice_id: UUID, attempts: int) -> NoticeLook:
    """Look once more at a notice claimed for this attempt."""
    with prepared.cursor() as cursor:
        cursor.execute(LOOK_AT_NOTICE, {"id": notice_id, "attempts": attempts})
        now, is_member, held, user_id, address, token, timezone, kind, data, *incident = cursor.fetchone()
    way = reach.way(address, token)
    found = notice.Kind(kind)
    return NoticeLook(
        now, is_member, held, user_id, way, timezone, found, rows.about_of(found, json.loads(data)), *incident
    )


@dataclass(frozen=True, slots=True)
class PageRow:
    """One page of an incident, for its record."""

    id: UUID
    user_id: UUID
    name: str
    channel: str
    reason: str
    round: int
    position: int
    state: str
    queued_at: datetime
    settled_at: datetime | None
    attempts: int
    error: str | None


def of_incident(principal: Principal, incident_id: UUID) -> list[PageRow]:
    """Every page of an incident, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(OF_INCIDENT, {"incident": incident_id, "organization": principal.organization_id})
        return [PageRow(*row) for row in cursor.fetchall()]
