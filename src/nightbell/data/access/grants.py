"""What a signed link lets its holder be: a member, as long as they are one."""

from uuid import UUID

from django.db import connection

from nightbell.core import links
from nightbell.core.incident import actor
from nightbell.data.access import principal

ORGANIZATION = "select i.organization_id from incident i where i.id = %(incident)s"


def holder(grant: links.AcknowledgeGrant) -> principal.Principal | None:
    """The member the link was made for; None where they left, or where the incident is not there."""
    organization_id = _organization_of(grant.incident_id)
    if organization_id is None:
        return None
    return principal.of_member(organization_id, grant.user_id, actor.Via.LINK)


def _organization_of(incident_id: UUID) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(ORGANIZATION, {"incident": incident_id})
        row = cursor.fetchone()
    return row[0] if row else None
