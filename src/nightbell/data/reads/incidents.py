"""Incidents as they are shown: one frozen view that the API, the pages and every message render."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core import spelling
from nightbell.core.incident import actor, paging, state
from nightbell.data import prepared, rows
from nightbell.data.access.principal import Principal
from nightbell.data.reads import on_call, rosters

_SHOWN = f"""
{rows.INCIDENT_COLUMNS}, i.number, i.title, i.description, i.severity, i.created_by::text, i.created_at, i.updated_at,
trim(a.first_name || ' ' || a.last_name), i.organization_id
"""

# Everybody who was ever paged, with what became of each page.
_NOTIFIED = """
(select jsonb_agg(jsonb_build_object(
    'id', p.user_id, 'name', trim(b.first_name || ' ' || b.last_name), 'channel', p.channel, 'state', p.state,
    'reason', p.reason, 'epoch', p.epoch, 'round', p.round, 'position', p.position,
    'pagedAt', p.queued_at, 'at', coalesce(p.settled_at, p.queued_at), 'error', p.error
  ) order by p.queued_at, p.id)
  from page p join account b on b.id = p.user_id
  where p.incident_id = i.id)::text
"""

ONE = f"""
select {_SHOWN}, {_NOTIFIED}
from incident i join account a on a.id = i.owner_id
where i.organization_id = %(organization)s and (i.id = %(id)s or i.number = %(number)s)
"""

# `number` counts up by one an incident, so it is both the order and the cursor.
LIST = f"""
select {_SHOWN}, null
from incident i join account a on a.id = i.owner_id
where i.organization_id = %(organization)s
  and (%(cursor)s::int is null or i.number < %(cursor)s)
  and (%(status)s::text is null or i.status = %(status)s)
  and (%(open)s::boolean is null or (i.state <> 'closed') = %(open)s)
  and (%(severity)s::text is null or i.severity = %(severity)s)
  and (%(owner)s::uuid is null or i.owner_id = %(owner)s)
  and (%(state)s::text is null or i.state = %(state)s)
  and (%(since)s::timestamptz is null or i.created_at >= %(since)s)
  and (%(until)s::timestamptz is null or i.created_at < %(until)s)
  and (%(words)s::text is null or normalize(i.title, nfkc) ilike %(words)s)
order by i.number desc
limit %(limit)s
"""

AUDIT_TRAIL = """
select r.id, r.kind, r.at, r.actor::text, r.data::text
from audit r where r.incident_id = %(incident)s order by r.sequence
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as they are called now."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Reached:
    """What became of one page, over one channel."""

    channel: str
    state: str
    at: datetime
    error: str | None


@dataclass(frozen=True, slots=True)
class Notified:
    """Somebody who was paged, once however many pages they got.

    `paged_at` is the first time; `reason`, `round` and `position` are why and where they were paged last.
    """

    person: Person
    reason: str
    paged_at: datetime
    channels: tuple[Reached, ...]
    round: int = 1
    position: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit trail."""

    id: UUID
    kind: str
    at: datetime
    actor: actor.Actor
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident as it is shown.

    `notified` was paged since the opening or the last handoff, `paged_before` only before that; `next_stop` is None
    without a clock, and `ahead` without one that runs, and both wherever they were not asked for.
    """

    incident: state.Incident
    organization_id: UUID
    number: int
    title: str
    description: str | None
    severity: state.Severity
    created_by: actor.Actor
    created_at: datetime
    updated_at: datetime
    owner: Person
    notified: tuple[Notified, ...]
    paged_before: tuple[Notified, ...] = ()
    next_stop: paging.Stop | None = None
    ahead: paging.Ahead | None = None
    audit_trail: tuple[Entry, ...] = ()
    names: Mapping[UUID, str] | None = None

    @property
    def everybody_paged(self) -> tuple[Notified, ...]:
        """Whoever was ever paged."""
        return (*self.paged_before, *self.notified)

    @property
    def next_in_line(self) -> tuple[UUID, ...]:
        """Who would be paged next anyway, the owner aside: the likeliest to hand it to, in the order of their layer."""
        group = self.next_stop.group if self.next_stop else ()
        return tuple(member.id for member, _ in group if member.id != self.incident.owner_id)

    @property
    def waited_for(self) -> frozenset[UUID]:
        """Whom paging waits for now: those it went to last."""
        now = self.incident
        return frozenset(
            each.person.id for each in self.notified if (each.round, each.position) == (now.round, now.position)
        )


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; `is_open` leaves out the resolved."""

    status: state.Status | None = None
    severity: state.Severity | None = None
    owner_id: UUID | None = None
    escalation_state: state.State | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str | None = None
    is_open: bool | None = None


def one(principal: Principal, ref: UUID | int) -> IncidentView | None:
    """The incident with this id or number, without what only its own page shows."""
    with prepared.cursor() as cursor:
        cursor.execute(ONE, reference(principal, ref))
        row = cursor.fetchone()
    return of_row(row) if row else None


def of_organization(organization_id: UUID, incident_id: UUID) -> IncidentView:
    """The same for an engine, which asks by what it has read."""
    with prepared.cursor() as cursor:
        cursor.execute(ONE, {"id": incident_id, "number": None, "organization": organization_id})
        return of_row(cursor.fetchone())


def reference(principal: Principal, ref: UUID | int) -> dict[str, Any]:
    """What ONE is asked by."""
    by_id = isinstance(ref, UUID)
    return {
        "id": ref if by_id else None,
        "number": None if by_id else ref,
        "organization": principal.organization_id,
    }


def of_row(row: Sequence[Any]) -> IncidentView:
    """The incident in a row of ONE or LIST."""
    shown = row[rows.INCIDENT_WIDTH :]
    number, title, description, severity, created_by, created_at, updated_at, owner, organization_id, pages = shown
    incident = rows.incident_of(row[: rows.INCIDENT_WIDTH])
    every = json.loads(pages) if pages else []
    notified = _notified([page for page in every if page["epoch"] >= incident.handed_off_epoch])
    named = {each.person.id for each in notified}
    return IncidentView(
        incident=incident,
        organization_id=organization_id,
        number=number,
        title=title,
        description=description,
        severity=state.Severity(severity),
        created_by=rows.actor_of(json.loads(created_by)),
        created_at=created_at,
        updated_at=updated_at,
        owner=Person(incident.owner_id, owner),
        notified=notified,
        paged_before=tuple(each for each in _notified(every) if each.person.id not in named),
    )


def whole(principal: Principal, ref: UUID | int) -> IncidentView | None:
    """The incident with its record and with who is next."""
    view = one(principal, ref)
    if view is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(AUDIT_TRAIL, {"incident": view.incident.id})
        entries = tuple(_entry(row) for row in cursor.fetchall())
    names = on_call.names(UUID(user_id) for user_id in _people(entries))
    return replace(foreseen(view), audit_trail=entries, names=names)


def listed(
    principal: Principal, filters: Filters, limit: int, cursor: int | None
) -> tuple[list[IncidentView], int | None]:
    """The newest incidents first, and the cursor of the next page; without who was notified."""
    words = None
    if filters.words:
        escaped = spelling.same(filters.words).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        words = f"%{escaped}%"
    given: dict[str, Any] = {
        "organization": principal.organization_id,
        "cursor": cursor,
        "status": filters.status,
        "severity": filters.severity,
        "owner": filters.owner_id,
        "state": filters.escalation_state,
        "since": filters.since,
        "until": filters.until,
        "open": filters.is_open,
        "words": words,
        "limit": limit + 1,
    }
    with connection.cursor() as db:
        db.execute(LIST, given)
        found = [of_row(row) for row in db.fetchall()]
    more = len(found) > limit
    return found[:limit], found[limit - 1].number if more else None


def foreseen(view: IncidentView) -> IncidentView:
    """The same with who would really be paged next, if nobody answers."""
    if view.incident.state is not state.State.PAGING:
        return view
    people = rosters.read([view.organization_id], [view.incident])[view.organization_id]
    stop = paging.next_stop(view.incident, people)
    return replace(view, next_stop=stop, ahead=paging.ahead(view.incident, people, view.waited_for))


def _notified(pages: list[dict[str, Any]]) -> tuple[Notified, ...]:
    """One entry a person, in the order they were first paged; a channel shows its newest page."""
    people: dict[str, Notified] = {}
    for page in pages:
        reached = Reached(page["channel"], page["state"], datetime.fromisoformat(page["at"]), page["error"])
        known = people.get(page["id"])
        if known is None:
            person = Person(UUID(page["id"]), page["name"])
            paged_at = datetime.fromisoformat(page["pagedAt"])
            known = Notified(person, page["reason"], paged_at, ())
        others = tuple(each for each in known.channels if each.channel != reached.channel)
        people[page["id"]] = replace(
            known,
            reason=page["reason"],
            round=page["round"],
            position=page["position"],
            channels=(*others, reached),
        )
    return tuple(people.values())


def _entry(row: Sequence[Any]) -> Entry:
    sequence, at, kind, by, data = row
    return Entry(sequence, at, kind, rows.actor_of(json.loads(by)), json.loads(data))


def _people(entries: Sequence[Entry]) -> set[str]:
    """Everybody the record names."""
    people: set[str] = set()
    for entry in entries:
        for name in ("responder", "previousOwner", "newOwner", "userId", "ownerId"):
            if entry.data.get(name):
                people.add(entry.data[name])
        for name in ("responders", "passedOver"):
            people.update(entry.data.get(name, ()))
        people.update(page["userId"] for page in entry.data.get("pages", ()))
    return people
