"""What a signed link lets its holder be: a member, as long as they are one."""

from dataclasses import dataclass

from django.db import connection

from nightbell.core import links
from nightbell.core.incident import actor
from nightbell.data.access import principal

GRANTED = """
select i.organization_id, a.timezone
from incident i cross join account a
where i.id = %(incident)s and a.id = %(user)s
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """The member a link was made for, and the zone they live in."""

    principal: principal.Principal
    timezone: str


def holder(grant: links.AcknowledgeGrant) -> Holder | None:
    """Whoever the link was made for; None where they are no member any more, or the incident is not there."""
    with connection.cursor() as cursor:
        cursor.execute(GRANTED, {"incident": grant.incident_id, "user": grant.user_id})
        row = cursor.fetchone()
    member = principal.of_member(row[0], grant.user_id, actor.Via.LINK) if row else None
    return Holder(member, row[1]) if member else None
