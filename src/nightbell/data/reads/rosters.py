"""Who can be reached now, read once for a decision or a preview."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from nightbell.core import oncall, policy, roster
from nightbell.core.incident import state
from nightbell.data import clock, prepared
from nightbell.data.reads import reach, schedules

# The members a decision can name, and every admin: the heir and the last resort are among those. Longest-standing
# first.
MEMBERS = f"""
select m.organization_id, m.user_id, m.role = 'org:admin', trim(a.first_name || ' ' || a.last_name),
  m.user_id = any(o.fallback_user_ids), {reach.CHANNELS}
from membership m
join account a on a.id = m.user_id
join organization o on o.id = m.organization_id
where m.removed_at is null and m.organization_id = any(%(organizations)s::uuid[])
  and (m.role = 'org:admin' or m.user_id = any(%(users)s::uuid[]) or m.user_id = any(o.fallback_user_ids))
order by m.joined_at, m.id
"""

# `for share`: this member cannot be removed until the transaction ends.
LOCK_MEMBER = f"""
select trim(a.first_name || ' ' || a.last_name), {reach.CHANNELS}
from membership m join account a on a.id = m.user_id
where m.organization_id = %(organization)s and m.user_id = %(user)s and m.removed_at is null
for share of m
"""


def read(organizations: Iterable[UUID], incidents: Iterable[state.Incident]) -> Mapping[UUID, roster.Roster]:
    """The roster of each organization, with everybody these incidents could page."""
    named: set[UUID] = set()
    targeted: set[UUID] = set()
    for incident in incidents:
        named.add(incident.owner_id)
        for layer in incident.policy.layers if incident.policy else ():
            match layer.target:
                case policy.Users(user_ids):
                    named.update(user_ids)
                case policy.Schedule(schedule_id):
                    targeted.add(schedule_id)
    on_call = _on_call(targeted)
    named.update(duty.user_id for duties in on_call.values() for duty in duties)
    with prepared.cursor() as cursor:
        given: dict[str, Any] = {"organizations": list(set(organizations)), "users": list(named), **reach.offered()}
        cursor.execute(MEMBERS, given)
        found = cursor.fetchall()
    members: dict[UUID, dict[UUID, roster.Member]] = defaultdict(dict)
    admins: dict[UUID, list[UUID]] = defaultdict(list)
    fallback: dict[UUID, list[UUID]] = defaultdict(list)
    for organization_id, user_id, is_admin, name, is_fallback, channels in found:
        members[organization_id][user_id] = roster.Member(user_id, name, tuple(channels))
        if is_admin:
            admins[organization_id].append(user_id)
        if is_fallback:
            fallback[organization_id].append(user_id)
    return {
        organization_id: roster.Roster(
            members=known,
            heir=admins[organization_id][0],
            fallback=tuple(fallback[organization_id] or admins[organization_id]),
            on_call=on_call,
        )
        for organization_id, known in members.items()
    }


def _on_call(schedule_ids: set[UUID]) -> Mapping[UUID, tuple[oncall.Duty, ...]]:
    """Who is on call now on each of these schedules; nobody on one that is gone."""
    if not schedule_ids:
        return {}
    now = clock.now()
    found = schedules.load(schedule_ids, now, now)
    return {schedule_id: oncall.on_call(schedule, now) for schedule_id, schedule in found.items()}


def lock_member(organization_id: UUID, user_id: UUID) -> roster.Member | None:
    """This member, who stays one until the transaction ends; None where they are not an active member."""
    with prepared.cursor() as cursor:
        cursor.execute(LOCK_MEMBER, {"organization": organization_id, "user": user_id, **reach.offered()})
        row = cursor.fetchone()
    if row is None:
        return None
    name, channels = row
    return roster.Member(user_id, name, tuple(channels))
