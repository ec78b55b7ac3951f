"""Which member somebody in Slack is: the only way from a click there to a principal here."""

from uuid import UUID

from django.db import connection

from nightbell.core.incident import actor
from nightbell.data.access import principal
from nightbell.data.access.principal import Principal

KNOWN = """
select s.organization_id, s.user_id
from slack_identity s
join slack_workspace w on w.organization_id = s.organization_id and w.team_id = s.team_id and w.token is not null
where s.team_id = %(team)s and s.slack_user_id = %(user)s
"""

BY_EMAIL = """
select m.user_id
from membership m join account a on a.id = m.user_id and a.is_active
where m.organization_id = %(organization)s and m.removed_at is null and lower(a.email) = lower(%(email)s)
"""


def known(team_id: str, slack_user_id: str) -> UUID | None:
    """The account this Slack user has been matched with, member or not; None for somebody never matched."""
    found = _known(team_id, slack_user_id)
    return found[1] if found else None


def member(team_id: str, slack_user_id: str) -> Principal | None:
    """The member this Slack user is; None for somebody never matched, or who is a member no longer."""
    found = _known(team_id, slack_user_id)
    return principal.of_member(*found, actor.Via.SLACK, since=None) if found else None


def by_email(organization_id: UUID, email: str) -> UUID | None:
    """The active member with this address."""
    with connection.cursor() as cursor:
        cursor.execute(BY_EMAIL, {"organization": organization_id, "email": email})
        row = cursor.fetchone()
    return row[0] if row else None


def _known(team_id: str, slack_user_id: str) -> tuple[UUID, UUID] | None:
    """The organization and the account of this Slack user."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"team": team_id, "user": slack_user_id})
        row: tuple[UUID, UUID] | None = cursor.fetchone()
    return row
