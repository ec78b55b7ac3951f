"""The contacts that organizations bring to their members: the only place that makes and ends them as a whole."""

from uuid import UUID

from django.db import connection

# Whoever has one keeps it. Ids that nothing is sorted by.
BRING = """
insert into contact (id, user_id, organization_id, channel)
select gen_random_uuid(), m.user_id, m.organization_id, w.channel
from membership m
join workspace w on w.organization_id = m.organization_id and w.token is not null
where m.removed_at is null and (%(organization)s::uuid is null or m.organization_id = %(organization)s)
  and (%(user)s::uuid is null or m.user_id = %(user)s)
on conflict do nothing
"""

END = """
delete from contact c
where c.organization_id = %(organization)s and (%(user)s::uuid is null or c.user_id = %(user)s)
  and (%(channel)s::text is null or c.channel = %(channel)s)
"""


def bring(organization_id: UUID | None = None, user_id: UUID | None = None) -> int:
    """Give members the contacts that their organization's workspace brings: one of it, all of it, everybody.

    How many were new.
    """
    with connection.cursor() as cursor:
        cursor.execute(BRING, {"organization": organization_id, "user": user_id})
        return int(cursor.rowcount)


def end(organization_id: UUID, *, user_id: UUID | None = None, channel: str | None = None) -> None:
    """Take away what an organization brought: to one member, or over one channel."""
    with connection.cursor() as cursor:
        cursor.execute(END, {"organization": organization_id, "user": user_id, "channel": channel})
