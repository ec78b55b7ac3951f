"""What an organization's Slack is: its workspace, who is who there, and where a message for somebody goes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from nightbell.data import prepared

# How many alerts channels an organization may choose.
MAX_ALERTS_CHANNELS = 5

# Whether a member `m` is reached in Slack: somebody let us in, and nobody has found within a day that they are not
# there.
REACHES = """
(%(slack)s and exists (
  select from slack_workspace w
  where w.organization_id = m.organization_id and w.token is not null and w.lost_at is null and not exists (
    select from slack_identity s
    where s.organization_id = w.organization_id and s.user_id = m.user_id and s.team_id = w.team_id
      and s.slack_user_id is null and s.checked_at > nightbell_now() - interval '1 day'
  )
))
"""

WORKSPACE = """
select w.organization_id, w.team_id, w.team_name, w.bot_user_id, w.token, w.alerts_channels::text, w.incident_channels,
  w.archive_on_resolve, w.connected_at, w.lost_at, w.lost_because
from slack_workspace w
where w.token is not null and (w.organization_id = %(organization)s or w.team_id = %(team)s
  or (%(every)s and w.lost_at is null))
order by w.organization_id
"""

UNCHECKED = """
select s.user_id, s.slack_user_id
from slack_identity s
join membership m on m.organization_id = s.organization_id and m.user_id = s.user_id and m.removed_at is null
where s.organization_id = %(organization)s and s.team_id = %(team)s and s.slack_user_id is not null
  and s.checked_at < nightbell_now() - make_interval(secs => %(age)s)
order by s.checked_at, s.id limit %(limit)s
"""

# The address of whoever Slack does not know by an id yet is looked up when something is sent.
DESTINATION = """
select w.team_id, coalesce(s.slack_user_id, a.email), w.token
from slack_workspace w
cross join account a
left join slack_identity s on s.organization_id = w.organization_id and s.user_id = a.id and s.team_id = w.team_id
where w.organization_id = %(organization)s and a.id = %(user)s and w.token is not null and w.lost_at is null
"""

IDENTITIES = """
select a.id, trim(a.first_name || ' ' || a.last_name), a.email, s.slack_user_id, s.checked_at
from membership m
join account a on a.id = m.user_id
left join slack_identity s
  on s.organization_id = m.organization_id and s.user_id = m.user_id and s.team_id = %(team)s
where m.organization_id = %(organization)s and m.removed_at is null
order by lower(a.first_name), lower(a.last_name), a.id
"""

# What could not be shown or sent of late, by what Slack said; looked for from the newest incidents, by their index.
TROUBLES = """
select max(d.at), d.error, count(*)
from (
  select i.id from incident i where i.organization_id = %(organization)s order by i.number desc limit 200
) i
cross join lateral (
  select coalesce(c.settled_at, c.queued_at) as at, c.error, c.state from incident_copy c where c.incident_id = i.id
  union all
  select coalesce(p.settled_at, p.queued_at), p.error, p.state from page p
  where p.incident_id = i.id and p.channel = 'slack'
) d
where d.at > nightbell_now() - interval '7 days' and d.state in ('failed', 'queued') and d.error is not null
group by d.error order by max(d.at) desc limit 5
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something Slack did not take in the last seven days: when last, why, and how often."""

    at: datetime
    error: str
    times: int


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace an organization is connected to; `token` is the bot's, encrypted."""

    organization_id: UUID
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


@dataclass(frozen=True, slots=True)
class Identified:
    """A member, and which Slack user they are; `checked_at` is None where nobody has looked yet."""

    user_id: UUID
    name: str
    email: str
    slack_user_id: str | None
    checked_at: datetime | None


def configured() -> dict[str, bool]:
    """What REACHES is asked by."""
    return {"slack": bool(settings.NIGHTBELL.showing)}


def most_copies() -> int:
    """In how many places an incident that opens may have to be shown: none where Slack is not set up."""
    return 1 + MAX_ALERTS_CHANNELS if settings.NIGHTBELL.showing else 0


def workspace(organization_id: UUID) -> Workspace | None:
    """The organization's workspace; None where none is connected."""
    return next(iter(_workspaces(organization_id)), None)


def workspace_of_team(team_id: str) -> Workspace | None:
    """The workspace with this id; None where no organization is connected to it."""
    return next(iter(_workspaces(team_id=team_id)), None)


def destination(organization_id: UUID, user_id: UUID) -> tuple[str, str] | None:
    """Where a direct message for a member goes, and the encrypted token that sends it; None where nothing can."""
    with prepared.cursor() as cursor:
        cursor.execute(DESTINATION, {"organization": organization_id, "user": user_id})
        row = cursor.fetchone()
    return (f"{row[0]}/{row[1]}", row[2]) if row else None


def identities(organization_id: UUID, team_id: str) -> list[Identified]:
    """Every active member, by name."""
    with connection.cursor() as cursor:
        cursor.execute(IDENTITIES, {"organization": organization_id, "team": team_id})
        return [Identified(*row) for row in cursor.fetchall()]


def troubles(organization_id: UUID) -> list[Trouble]:
    """What went wrong of late, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(TROUBLES, {"organization": organization_id})
        return [Trouble(*row) for row in cursor.fetchall()]


def workspaces() -> list[Workspace]:
    """Every workspace that lets us in."""
    return _workspaces(every=True)


def unchecked(workspace: Workspace, age: timedelta, limit: int) -> list[tuple[UUID, str]]:
    """Members and their Slack ids that nobody has looked at for so long, the longest first."""
    given: dict[str, Any] = {"organization": workspace.organization_id, "team": workspace.team_id}
    with connection.cursor() as cursor:
        cursor.execute(UNCHECKED, {**given, "age": age.total_seconds(), "limit": limit})
        return [(user_id, slack_user_id) for user_id, slack_user_id in cursor.fetchall()]


def _workspaces(
    organization_id: UUID | None = None, team_id: str | None = None, *, every: bool = False
) -> list[Workspace]:
    with connection.cursor() as cursor:
        cursor.execute(WORKSPACE, {"organization": organization_id, "team": team_id, "every": every})
        return [_of_row(row) for row in cursor.fetchall()]


def _of_row(row: Sequence[Any]) -> Workspace:
    organization, team, name, bot, token, channels, *rest = row
    return Workspace(organization, team, name, bot, token, tuple(json.loads(channels)), *rest)
