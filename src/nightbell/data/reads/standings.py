"""What somebody who brings a copy up to date needs to know: which place it is, and how its incident stands now."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core import delivery
from nightbell.core.incident import state
from nightbell.data import rows

LOOK_AT_COPY = f"""
select nightbell_now(), c.state = 'sending' and c.attempts = %(attempts)s, c.organization_id, c.place, c.channel_id,
  c.message_id, c.page_id, c.shown, i.updated_at, w.team_id, w.token, coalesce(w.archive_on_resolve, false),
  o.name, i.number, i.title, i.description, i.severity, i.created_at, trim(b.first_name || ' ' || b.last_name),
  coalesce(s.slack_user_id, b.email), {rows.INCIDENT_COLUMNS}
from incident_copy c
join incident i on i.id = c.incident_id
join organization o on o.id = i.organization_id
join account b on b.id = i.owner_id
left join slack_workspace w on w.organization_id = c.organization_id and w.token is not null and w.lost_at is null
left join slack_identity s on s.organization_id = c.organization_id and s.user_id = b.id and s.team_id = w.team_id
where c.id = %(id)s
"""

# Everybody paged since the opening or the last handoff, by name and by where Slack finds them, in the order of paging.
NOTIFIED = """
select trim(a.first_name || ' ' || a.last_name), coalesce(s.slack_user_id, a.email)
from page p
join account a on a.id = p.user_id
left join slack_identity s on s.organization_id = p.organization_id and s.user_id = a.id and s.team_id = %(team)s
where p.incident_id = %(incident)s and p.epoch >= %(epoch)s
group by a.id, s.slack_user_id
order by min(p.queued_at), a.id
"""


@dataclass(frozen=True, slots=True)
class CopyLook:
    """A copy as it stands now; `standing` lacks only the next step and the link.

    `held`: nobody has claimed it since. `token` is None where the workspace is no longer connected. `people` are the
    Slack ids of the owner and of everybody notified, or the addresses of those whose id nobody knows yet.
    """

    now: datetime
    held: bool
    organization_id: UUID
    place: delivery.Place
    channel_id: str | None
    message_id: str | None
    page_id: UUID | None
    shown: datetime | None
    as_of: datetime
    team_id: str | None
    token: str | None = field(repr=False)
    archive: bool
    incident: state.Incident
    standing: dict[str, Any]
    people: tuple[str, ...]


def look(copy_id: UUID, attempts: int) -> CopyLook:
    """Look at a copy claimed for this attempt."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK_AT_COPY, {"id": copy_id, "attempts": attempts})
        row = cursor.fetchone()
        incident = rows.incident_of(row[20:])
        given = {"incident": incident.id, "epoch": incident.handed_off_epoch, "team": row[9]}
        cursor.execute(NOTIFIED, given)
        notified = cursor.fetchall()
    standing = {
        "incident_id": incident.id,
        "organization": row[12],
        "number": row[13],
        "title": row[14],
        "description": row[15],
        "severity": state.Severity(row[16]),
        "status": incident.status,
        "state": incident.state,
        "owner": row[18],
        "opened_at": row[17],
        "notified": tuple(name for name, _ in notified),
        "handed_off": incident.handed_off_epoch > 0 and len(notified) == 1,
        "policy_name": incident.policy.name if incident.policy else None,
        "position": incident.position,
        "layer_count": incident.layer_count,
        "round": incident.round,
        "acknowledged_by": incident.acknowledged_by.name if incident.acknowledged_by else None,
        "acknowledged_at": incident.acknowledged_at,
        "resolved_at": incident.resolved_at,
    }
    people = tuple(dict.fromkeys([row[19], *(address for _, address in notified)]))
    place, channel_id, message_id, page_id, shown, as_of, team_id, token, archive = row[3:12]
    return CopyLook(
        *(row[0], row[1], row[2], delivery.Place(place), channel_id, message_id, page_id, shown, as_of),
        *(team_id, token, archive, incident, standing, people),
    )
