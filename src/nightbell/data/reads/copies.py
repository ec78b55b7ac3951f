"""What somebody who brings a copy up to date needs to know: which place it is, and how its incident stands now."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from nightbell.core import delivery, message, standing
from nightbell.core.incident import state
from nightbell.data.reads import incidents

LOOK_AT_COPY = """
select nightbell_now(), c.state = 'sending' and c.attempts = %(attempts)s, c.organization_id, c.incident_id, c.place,
  c.channel_id, c.message_id, c.page_id, c.shown, o.name, w.team_id, w.token, coalesce(w.archive_on_resolve, false)
from incident_copy c
join organization o on o.id = c.organization_id
left join workspace w on w.organization_id = c.organization_id and w.channel = c.channel
  and w.token is not null and w.lost_at is null
where c.id = %(id)s
"""

# Its last step; by whomever, all the steps of one go are theirs.
RESOLVED_BY = """
select r.actor ->> 'name' from audit r
where r.incident_id = %(incident)s and r.kind = 'status_changed' order by r.sequence desc limit 1
"""

# Where these people are found there: by their id, or by the account's address of those whose id nobody knows yet.
ADDRESSES = """
select a.id, coalesce(nullif(c.address, ''), a.email)
from account a
left join contact c on c.organization_id = %(organization)s and c.user_id = a.id and c.channel = %(channel)s
where a.id = any(%(users)s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class CopyLook:
    """A copy as it stands now; `held`: nobody has claimed it since. `token` is None where nothing is connected."""

    now: datetime
    held: bool
    organization_id: UUID
    incident_id: UUID
    place: delivery.Place
    channel_id: str | None
    message_id: str | None
    page_id: UUID | None
    shown: datetime | None
    organization: str
    team_id: str | None
    token: str | None = field(repr=False)
    archive: bool


def look(copy_id: UUID, attempts: int) -> CopyLook:
    """Look at a copy claimed for this attempt."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK_AT_COPY, {"id": copy_id, "attempts": attempts})
        now, held, organization_id, incident_id, place, *more = cursor.fetchone()
    return CopyLook(now, held, organization_id, incident_id, delivery.Place(place), *more)


def of(view: incidents.IncidentView, organization: str, view_url: str) -> standing.Standing:
    """How the incident of a view stands that has been foreseen."""
    incident = view.incident
    policy = incident.policy
    return standing.Standing(
        incident_id=incident.id,
        organization=organization,
        number=view.number,
        title=view.title,
        severity=view.severity,
        status=incident.status,
        state=incident.state,
        owner=view.owner.name,
        opened_at=view.created_at,
        notified=tuple(each.person.name for each in view.notified),
        paged_before=tuple(each.person.name for each in view.paged_before),
        handed_off=incident.handed_off_epoch > 0 and len(view.notified) == 1,
        policy_name=policy.name if policy else None,
        position=incident.position,
        layer_count=incident.layer_count,
        round=incident.round,
        next_step=message.step(view.ahead) if view.ahead else None,
        acknowledged_by=incident.acknowledged_by.name if incident.acknowledged_by else None,
        acknowledged_at=incident.acknowledged_at,
        resolved_at=incident.resolved_at,
        view_url=view_url,
        held=incident.held,
        resolved_by=_resolved_by(incident.id) if incident.state is state.State.CLOSED else None,
    )


def _resolved_by(incident_id: UUID) -> str:
    with connection.cursor() as cursor:
        cursor.execute(RESOLVED_BY, {"incident": incident_id})
        (name,) = cursor.fetchone()
    return str(name)


def addresses(view: incidents.IncidentView, channel: str) -> tuple[str, ...]:
    """Where a channel finds the owner and everybody notified, in that order."""
    people = list(dict.fromkeys([view.owner.id, *(each.person.id for each in view.notified)]))
    with connection.cursor() as cursor:
        cursor.execute(ADDRESSES, {"organization": view.organization_id, "channel": channel, "users": people})
        found = dict(cursor.fetchall())
    return tuple(found[user_id] for user_id in people)
