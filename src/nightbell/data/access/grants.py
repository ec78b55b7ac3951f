"""What a signed link lets its holder be: a member, as long as they are one."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from nightbell.core import link_grants
from nightbell.core.incident import actor
from nightbell.data.access import principal

# So long does somebody who comes back from a holiday find out by it what became of the incident.
OPEN_AFTER_RESOLVED = timedelta(days=30)

GRANTED = """
select i.organization_id, a.timezone, i.resolved_at < nightbell_now() - %(open)s
from incident i cross join account a
where i.id = %(incident)s and a.id = %(user)s
"""


class Expired(Exception):  # noqa: N818 -- what the link is
    """A link of an incident that has long been resolved."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The member a link was made for, and the zone they live in."""

    principal: principal.Principal
    timezone: str


def holder(grant: link_grants.AcknowledgeGrant) -> Holder | None:
    """Whoever the link was made for; None where they are no member since, or the incident is not there.

    Raises Expired: the incident has long been resolved.
    """
    given: dict[str, Any] = {"incident": grant.incident_id, "user": grant.user_id, "open": OPEN_AFTER_RESOLVED}
    with connection.cursor() as cursor:
        cursor.execute(GRANTED, given)
        row = cursor.fetchone()
    if row is None:
        return None
    organization_id, timezone, expired = row
    member = principal.of_member(organization_id, grant.user_id, actor.Via.LINK, since=grant.made_at)
    if member is None:
        return None
    if expired:
        raise Expired
    return Holder(member, timezone)
