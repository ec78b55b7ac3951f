"""Queueing notices that no decision about an incident asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core import about, notice
from nightbell.data import record, rows

# To a member by the address they have; at most one is on its way to each.
QUEUE_LINK = f"""
insert into notice (id, organization_id, user_id, channel, kind, data, queued_at, due_at, destination)
select %(id)s, m.organization_id, u.id, c.channel, '{notice.Kind.FORGOTTEN_PASSWORD}', '{{}}', %(now)s, %(now)s,
  {rows.DESTINATION.format(channel="c.channel", user="u.id")}
from account u join membership m on m.user_id = u.id and m.removed_at is null
join contact c on c.user_id = u.id and c.of_account
where lower(u.email) = lower(%(email)s) and u.is_active
order by m.id limit 1
on conflict do nothing
"""

TOLD_LATELY = """
select exists (
  select from notice n where n.organization_id = %(organization)s and n.kind = %(kind)s
    and n.data ->> 'channel' = %(channel)s and n.queued_at > nightbell_now() - make_interval(secs => %(within)s)
)
"""


@dataclass(frozen=True, slots=True)
class Queued:
    """One notice to be: to whom, what it is about, and over which channel; None is the account's own."""

    id: UUID
    user_id: UUID
    about: about.About
    channel: str | None = None


def queue(organization_id: UUID, kind: notice.Kind, queued: Iterable[Queued], now: datetime) -> None:
    """Queue notices of one kind, due now."""
    notices = [
        rows.notice_values(each.id, organization_id, each.user_id, kind, each.about, channel=each.channel)
        for each in queued
    ]
    with connection.cursor() as cursor:
        cursor.execute(rows.INSERT_NOTICES, {"now": now, "notices": rows.text_of(notices)})


def queue_link(notice_id: UUID, email: str, now: datetime) -> None:
    """Queue a link to whoever has this address; the same statements, and as long, where nobody has."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE_LINK, {"id": notice_id, "email": email, "now": now})
        cursor.execute(record.WRITE_NOTHING)


def told_lately(organization_id: UUID, kind: notice.Kind, channel: str, within: timedelta) -> bool:
    """Whether a notice of this kind about this channel was queued within so long."""
    given: dict[str, Any] = {
        "organization": organization_id,
        "kind": kind.value,
        "channel": channel,
        "within": within.total_seconds(),
    }
    with connection.cursor() as cursor:
        cursor.execute(TOLD_LATELY, given)
        (told,) = cursor.fetchone()
    return bool(told)
