"""Schedules as values: the only way from their rows to the on-call functions."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core import oncall, spelling
from nightbell.core.incident import actor
from nightbell.data import rows, schedule_history
from nightbell.data.access.principal import Principal

# In the order `oncall.Rotation` takes it.
_ROTATION = """
l.id, l.position, l.rotation_length_days, l.handoff_time, l.effective_from, l.effective_until, l.participant_ids,
  l.shift_offset, l.name, l.rotation_type"""

SCHEDULES = f"""
select s.id, s.timezone, {_ROTATION}
from schedule s left join rotation_layer l on l.schedule_id = s.id
where s.id = any(%(schedules)s::uuid[])
order by s.id, l.position
"""

# Only those that matter between `since` and `until`, which may be null.
OVERRIDES = """
select o.schedule_id, o.id, o.user_id, o.starts_at, o.ends_at, o.layer_id
from override o where o.schedule_id = any(%(schedules)s::uuid[]) and o.ends_at > %(since)s
  and (%(until)s::timestamptz is null or o.starts_at <= %(until)s)
order by o.starts_at, o.id
"""

# People a schedule names who are no members of its organization (any more).
INACTIVE = """
select distinct n.schedule_id, n.user_id
from (
  select l.schedule_id, unnest(l.participant_ids) as user_id from rotation_layer l
  where l.schedule_id = any(%(schedules)s::uuid[])
  union all
  select o.schedule_id, o.user_id from override o
  where o.schedule_id = any(%(schedules)s::uuid[]) and o.ends_at > %(since)s
    and (%(until)s::timestamptz is null or o.starts_at <= %(until)s)
) n
join schedule s on s.id = n.schedule_id
left join membership m on m.organization_id = s.organization_id and m.user_id = n.user_id and m.removed_at is null
where m.id is null
"""

SUMMARIES = """
select s.id, s.name, s.description, s.timezone, s.created_at, s.updated_at, s.version
from schedule s
where s.organization_id = %(organization)s and (%(id)s::uuid is null or s.id = %(id)s)
order by lower(s.name), s.id
"""

# The policy that opens with a schedule: the oldest whose first layer targets it, else the oldest that does at all.
MATCH = """
select s.id, (
  select l.policy_id from escalation_layer l join escalation_policy p on p.id = l.policy_id
  where l.schedule_id = s.id
  order by l.position = 1 desc, p.created_at, p.id limit 1
)
from schedule s where s.organization_id = %(organization)s and s.id = %(id)s
"""

LAYERS = f"""
select {_ROTATION}
from rotation_layer l join schedule s on s.id = l.schedule_id
where s.id = %(schedule)s and s.organization_id = %(organization)s order by l.position
"""

ROTATION_NAMES = """
select l.id, l.name from rotation_layer l join schedule s on s.id = l.schedule_id
where s.id = any(%(schedules)s::uuid[]) and s.organization_id = %(organization)s
"""

_OVERRIDE = """
select o.id, o.layer_id, o.user_id, trim(a.first_name || ' ' || a.last_name), o.starts_at, o.ends_at, o.created_at,
  o.created_by::text
from override o
join account a on a.id = o.user_id
join schedule s on s.id = o.schedule_id and s.organization_id = %(organization)s
"""

OVERRIDE_ROWS = f"""
{_OVERRIDE}
where o.schedule_id = %(schedule)s and o.ends_at > %(since)s
  and (%(until)s::timestamptz is null or o.starts_at < %(until)s)
order by o.starts_at, o.id
limit %(limit)s
"""

OVERRIDES_BY_ID = f"""
{_OVERRIDE}
where o.schedule_id = %(schedule)s and o.id = any(%(ids)s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """A schedule's own fields; every edit of it or its layers counts `version` up."""

    id: UUID
    name: str
    description: str | None
    timezone: str
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Match:
    """A schedule, and the policy that goes with it; None where no policy targets it."""

    id: UUID
    policy_id: UUID | None


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """An override, with the name of whoever takes over."""

    id: UUID
    layer_id: UUID | None
    user_id: UUID
    name: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    created_by: actor.Actor


def load(
    schedule_ids: Iterable[UUID], since: datetime, until: datetime | None = None
) -> Mapping[UUID, oncall.Schedule]:
    """Schedules for the on-call functions, right for every instant from `since` to `until`, or on without end.

    Unknown ids are left out.
    """
    given: dict[str, Any] = {"schedules": list(set(schedule_ids)), "since": since, "until": until}
    if not given["schedules"]:
        return {}
    zones: dict[UUID, str] = {}
    layers: dict[UUID, list[oncall.Rotation]] = defaultdict(list)
    overrides: dict[UUID, list[oncall.Override]] = defaultdict(list)
    inactive: dict[UUID, set[UUID]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(SCHEDULES, given)
        for schedule_id, timezone, *layer in cursor.fetchall():
            zones[schedule_id] = timezone
            if layer[0] is not None:
                layers[schedule_id].append(_rotation(layer))
        cursor.execute(OVERRIDES, given)
        for schedule_id, *override in cursor.fetchall():
            overrides[schedule_id].append(oncall.Override(*override))
        cursor.execute(INACTIVE, given)
        for schedule_id, user_id in cursor.fetchall():
            inactive[schedule_id].add(user_id)
    return {
        schedule_id: oncall.Schedule(
            schedule_id,
            timezone,
            tuple(layers[schedule_id]),
            tuple(overrides[schedule_id]),
            frozenset(inactive[schedule_id]),
        )
        for schedule_id, timezone in zones.items()
    }


def load_with_past(
    schedule_ids: Iterable[UUID], since: datetime, until: datetime | None = None
) -> Mapping[UUID, oncall.Schedule]:
    """The same, where `since` may lie in the past: with how each schedule was before it was edited since then."""
    return schedule_history.with_past(load(schedule_ids, since, until), since)


def listed(principal: Principal) -> list[Summary]:
    """The organization's schedules, by name."""
    return _summaries(principal, None)


def one(principal: Principal, schedule_id: UUID) -> Summary | None:
    """This schedule of the organization."""
    return next(iter(_summaries(principal, schedule_id)), None)


def named(principal: Principal, name: str) -> Summary | None:
    """The organization's schedule of this name, however it is written, or with this id."""
    wanted = spelling.same(name).casefold()
    found = (each for each in listed(principal) if wanted in (str(each.id), spelling.same(each.name).casefold()))
    return next(found, None)


def match(principal: Principal, schedule_id: UUID) -> Match | None:
    """This schedule of the organization, with the policy that an incident opened by it takes."""
    with connection.cursor() as cursor:
        cursor.execute(MATCH, {"organization": principal.organization_id, "id": schedule_id})
        row = cursor.fetchone()
    return Match(*row) if row else None


def layers(principal: Principal, schedule_id: UUID) -> list[oncall.Rotation]:
    """The rotation layers of a schedule of the organization in order."""
    with connection.cursor() as cursor:
        cursor.execute(LAYERS, {"schedule": schedule_id, "organization": principal.organization_id})
        return [_rotation(row) for row in cursor.fetchall()]


def rotation_names(principal: Principal, schedule_ids: Iterable[UUID]) -> dict[UUID | None, str]:
    """What the rotations of these schedules are called, by their ids."""
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"schedules": list(set(schedule_ids)), "organization": principal.organization_id}
        cursor.execute(ROTATION_NAMES, given)
        return dict(cursor.fetchall())


def overrides(
    principal: Principal, schedule_id: UUID, since: datetime, until: datetime | None = None, limit: int | None = None
) -> list[OverrideRow]:
    """A schedule's overrides that have not ended at `since` and start before `until`, the earliest first.

    No more than `limit`, where one is given.
    """
    return _overrides(
        principal, OVERRIDE_ROWS, {"schedule": schedule_id, "since": since, "until": until, "limit": limit}
    )


def overrides_by_id(principal: Principal, schedule_id: UUID, override_ids: Iterable[UUID]) -> list[OverrideRow]:
    """These overrides of a schedule, over or not."""
    wanted = list(override_ids)
    return _overrides(principal, OVERRIDES_BY_ID, {"schedule": schedule_id, "ids": wanted}) if wanted else []


def _rotation(row: Sequence[Any]) -> oncall.Rotation:
    id_, position, days, handoff_time, start, end, people, offset, name, kind = row
    return oncall.Rotation(
        id_, position, days, handoff_time, start, end, tuple(people), offset, name, oncall.Kind(kind)
    )


def _overrides(principal: Principal, query: str, given: Mapping[str, Any]) -> list[OverrideRow]:
    with connection.cursor() as cursor:
        cursor.execute(query, {**given, "organization": principal.organization_id})
        return [OverrideRow(*(*row[:-1], rows.actor_of(json.loads(row[-1])))) for row in cursor.fetchall()]


def _summaries(principal: Principal, schedule_id: UUID | None) -> list[Summary]:
    with connection.cursor() as cursor:
        cursor.execute(SUMMARIES, {"organization": principal.organization_id, "id": schedule_id})
        return [Summary(*row) for row in cursor.fetchall()]
