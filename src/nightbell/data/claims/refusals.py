"""What a channel has lately answered, and taking up again what was given up for a fault of ours."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection

from nightbell.core.refusals import Tried
from nightbell.data.claims.messages import Lease

# What waits has no instant of its attempt; it says something only where it was refused in the same words.
TRIED = """
(select p.id, a.email, case p.state when 'failed' then p.error end, false
 from page p join account a on a.id = p.user_id
 where p.channel = %(channel)s and p.settled_at > nightbell_now() - make_interval(secs => %(within)s)
   and p.state in ('sent', 'failed')
 order by p.settled_at desc limit 100)
union all
(select p.id, a.email, p.error, true
 from page p join account a on a.id = p.user_id
 where p.channel = %(channel)s and p.due_at is not null and not p.held and p.retried and p.error is not null
 order by p.due_at limit 100)
union all
(select p.id, a.email, p.error, true
 from page p join account a on a.id = p.user_id
 where p.id = %(id)s and p.retried and p.error is not null)
"""

ADDRESS = {
    "page": "select a.email from page t join account a on a.id = t.user_id where t.id = %(id)s",
    "notice": "select a.email from notice t join account a on a.id = t.user_id where t.id = %(id)s",
}

# Only what is still wanted: an acknowledgement meanwhile is a fence.
TAKE_UP = """
update page p set state = 'queued', due_at = nightbell_now() + make_interval(secs => %(wait)s), settled_at = null,
  retried = true
from incident i
where p.id = any(%(ids)s::uuid[]) and p.state = 'failed' and i.id = p.incident_id and i.epoch = p.epoch
  and i.state in ('paging', 'exhausted', 'none')
"""


def tried(lease: Lease, error: str, within: timedelta) -> tuple[Tried, list[Tried]]:
    """This refusal, and what else the channel has answered within so long, or answered to what waits."""
    with connection.cursor() as cursor:
        cursor.execute(ADDRESS[lease.table], {"id": lease.id})
        (address,) = cursor.fetchone()
        cursor.execute(TRIED, {"id": lease.id, "channel": lease.channel, "within": within.total_seconds()})
        return Tried(lease.id, address, error), [Tried(*row) for row in cursor.fetchall()]


def take_up(page_ids: Sequence[UUID], wait: timedelta) -> None:
    """Have these pages tried again after `wait`, where they were given up and are wanted."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_UP, {"ids": list(page_ids), "wait": wait.total_seconds()})
