"""Which member somebody in a workspace is: the only way from a click there to a principal here."""

from uuid import UUID

from django.db import connection

from nightbell.core.incident import actor
from nightbell.data.access import principal
from nightbell.data.access.principal import Principal

KNOWN = """
select c.organization_id, c.user_id
from workspace w
join contact c on c.organization_id = w.organization_id and c.channel = w.channel and c.address = %(address)s
where w.channel = %(channel)s and w.team_id = %(team)s and w.token is not null
"""

BY_EMAIL = """
select m.user_id, m.removed_at is null and a.is_active
from membership m join account a on a.id = m.user_id
where m.organization_id = %(organization)s and lower(a.email) = lower(%(email)s)
order by m.removed_at is null desc limit 1
"""


def known(channel: str, team_id: str, address: str) -> UUID | None:
    """The account this user of a workspace has been matched with; None for somebody never matched."""
    found = _known(channel, team_id, address)
    return found[1] if found else None


def member(channel: str, team_id: str, address: str, via: actor.Via) -> Principal | None:
    """The member this user of a workspace is; None for somebody never matched."""
    found = _known(channel, team_id, address)
    return principal.of_member(*found, via, since=None) if found else None


def by_email(organization_id: UUID, email: str) -> tuple[UUID, bool] | None:
    """Whoever with this address is a member, or was one, and whether they are one who may sign in."""
    with connection.cursor() as cursor:
        cursor.execute(BY_EMAIL, {"organization": organization_id, "email": email})
        row: tuple[UUID, bool] | None = cursor.fetchone()
    return row


def _known(channel: str, team_id: str, address: str) -> tuple[UUID, UUID] | None:
    """The organization and the account of this user."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"channel": channel, "team": team_id, "address": address})
        row: tuple[UUID, UUID] | None = cursor.fetchone()
    return row
