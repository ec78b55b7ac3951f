"""What an organization's workspace is: how it is connected, who is who there, and what went wrong there of late."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from nightbell.data.access.principal import Principal

# How many alerts channels an organization may choose.
MAX_ALERTS_CHANNELS = 5

WORKSPACE = """
select w.organization_id, w.channel, w.team_id, w.team_name, w.bot_user_id, w.token,
  w.alerts_channels::text, w.incident_channels, w.archive_on_resolve, w.connected_at, w.lost_at, w.lost_because,
  w.match_asked_at, w.match_trouble
from workspace w
where w.token is not null and (w.organization_id = %(organization)s or w.channel = %(channel)s and w.team_id = %(team)s
  or (%(every)s and w.lost_at is null) or (%(asked)s and w.match_asked_at is not null and w.lost_at is null))
order by w.organization_id
"""

UNCHECKED = """
select c.user_id, c.address
from contact c
join membership m on m.organization_id = c.organization_id and m.user_id = c.user_id and m.removed_at is null
where c.organization_id = %(organization)s and c.channel = %(channel)s and c.address <> ''
  and c.checked_at < nightbell_now() - make_interval(secs => %(age)s)
order by c.checked_at, c.id limit %(limit)s
"""

# Who was not looked up since somebody asked for it.
UNMATCHED = """
select m.user_id, a.email, nullif(c.address, '')
from membership m
join account a on a.id = m.user_id
left join contact c
  on c.organization_id = m.organization_id and c.user_id = m.user_id and c.channel = %(channel)s
where m.organization_id = %(organization)s and m.removed_at is null
  and (c.checked_at is null or c.checked_at < %(asked)s)
order by c.checked_at nulls first, m.id limit %(limit)s
"""

IDENTITIES = """
select a.id, trim(a.first_name || ' ' || a.last_name), a.email, nullif(c.address, ''), c.checked_at,
  coalesce(c.known_as, '')
from membership m
join account a on a.id = m.user_id
left join contact c
  on c.organization_id = m.organization_id and c.user_id = m.user_id and c.channel = %(channel)s
where m.organization_id = %(organization)s and m.removed_at is null
order by lower(a.first_name), lower(a.last_name), a.id
"""

# What could not be shown or sent of late, by what was said there; looked for from the newest incidents, by their index.
TROUBLES = """
select max(d.at), d.error, count(*)
from (
  select i.id from incident i where i.organization_id = %(organization)s order by i.number desc limit 200
) i
cross join lateral (
  select coalesce(c.settled_at, c.queued_at) as at, c.error, c.state from incident_copy c
  where c.incident_id = i.id and c.channel = %(channel)s
  union all
  select coalesce(p.settled_at, p.queued_at), p.error, p.state from page p
  where p.incident_id = i.id and p.channel = %(channel)s
) d
where d.at > nightbell_now() - interval '7 days' and d.state in ('failed', 'queued') and d.error is not null
group by d.error order by max(d.at) desc limit 5
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that was not taken in the last seven days: when last, why, and how often."""

    at: datetime
    error: str
    times: int


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace an organization is connected to; `token` is the bot's, encrypted."""

    organization_id: UUID
    channel: str
    team_id: str
    team_name: str
    bot_user_id: str
    token: str = field(repr=False)
    alerts_channels: tuple[str, ...]
    incident_channels: bool
    archive_on_resolve: bool
    connected_at: datetime
    lost_at: datetime | None
    lost_because: str | None
    match_asked_at: datetime | None
    match_trouble: str


@dataclass(frozen=True, slots=True)
class Identified:
    """A member, and which user of the workspace they are; `checked_at` is None where nobody has looked yet.

    `known_as` is what they are called there.
    """

    user_id: UUID
    name: str
    email: str
    address: str | None
    checked_at: datetime | None
    known_as: str


def showing() -> dict[str, Any]:
    """What opening an incident is asked by: the channels here that show incidents in places of their own."""
    return {"showing": list(settings.NIGHTBELL.showing)}


def most_copies() -> int:
    """In how many places an incident that opens may have to be shown: none where no channel here shows any."""
    return 1 + MAX_ALERTS_CHANNELS if settings.NIGHTBELL.showing else 0


def workspace(principal: Principal) -> Workspace | None:
    """The organization's workspace; None where none is connected."""
    return next(iter(_workspaces(principal.organization_id)), None)


def of_team(channel: str, team_id: str) -> Workspace | None:
    """The workspace of a channel with this id; None where no organization is connected to it."""
    return next(iter(_workspaces(channel=channel, team_id=team_id)), None)


def identities(principal: Principal, channel: str) -> list[Identified]:
    """Every active member, by name."""
    with connection.cursor() as cursor:
        cursor.execute(IDENTITIES, {"organization": principal.organization_id, "channel": channel})
        return [Identified(*row) for row in cursor.fetchall()]


def troubles(principal: Principal, channel: str) -> list[Trouble]:
    """What went wrong of late, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(TROUBLES, {"organization": principal.organization_id, "channel": channel})
        return [Trouble(*row) for row in cursor.fetchall()]


def every() -> list[Workspace]:
    """Every workspace that lets us in."""
    return _workspaces(every=True)


def asked() -> list[Workspace]:
    """Every workspace that lets us in and in which somebody wants the members looked up."""
    return _workspaces(asked=True)


def unmatched(workspace: Workspace, limit: int) -> list[tuple[UUID, str, str | None]]:
    """Members with their mail address and their id there who are still to be looked up, the longest not first."""
    given: dict[str, Any] = {
        "organization": workspace.organization_id,
        "channel": workspace.channel,
        "asked": workspace.match_asked_at,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(UNMATCHED, given)
        return list(cursor.fetchall())


def unchecked(workspace: Workspace, age: timedelta, limit: int) -> list[tuple[UUID, str]]:
    """Members and their ids there that nobody has looked at for so long, the longest first."""
    given: dict[str, Any] = {"organization": workspace.organization_id, "channel": workspace.channel}
    with connection.cursor() as cursor:
        cursor.execute(UNCHECKED, {**given, "age": age.total_seconds(), "limit": limit})
        return list(cursor.fetchall())


def _workspaces(
    organization_id: UUID | None = None,
    *,
    channel: str | None = None,
    team_id: str | None = None,
    every: bool = False,
    asked: bool = False,
) -> list[Workspace]:
    with connection.cursor() as cursor:
        given = {"organization": organization_id, "channel": channel, "team": team_id, "every": every, "asked": asked}
        cursor.execute(WORKSPACE, given)
        return [_of_row(row) for row in cursor.fetchall()]


def _of_row(row: Sequence[Any]) -> Workspace:
    organization, channel, team, name, bot, token, channels, *rest = row
    return Workspace(organization, channel, team, name, bot, token, tuple(json.loads(channels)), *rest)
