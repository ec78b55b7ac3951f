"""The record of what is about no incident: an organization's configuration, and what was changed in it."""

import json
from collections.abc import Iterator
from typing import Any, Protocol
from uuid import UUID

from django.db import connection

from nightbell.core.incident import actor
from nightbell.core.record import Kind
from nightbell.data import rows

RECORD = f"""
insert into audit (id, organization_id, actor, kind, data)
select %(id)s, %(organization)s, %(actor)s::jsonb, %(kind)s,
  {rows.NAMED.format(data="given.data", mentioned="%(mentioned)s::uuid[]", organization="%(organization)s")}
from (select %(data)s::jsonb as data) given
"""

ORGANIZATIONS = "select id from organization order by id"

# Nothing, for whoever reads the log of the database: so that a commit waits for the disk whether or not it wrote a row.
WRITE_NOTHING = "select pg_logical_emit_message(true, 'nightbell', '')"

# About somebody's way in, and so for each organization they are in. Where nobody has the address there is none.
OF_ACCOUNT = f"""
insert into audit (id, organization_id, actor, kind, data)
select given.id, stay.organization_id,
  case when %(theirs)s
    then jsonb_build_object('type', 'user', 'id', stay.user_id, 'name', stay.name, 'via', %(via)s::text)
    else %(actor)s::jsonb end,
  %(kind)s,
  {
    rows.NAMED.format(
        data="jsonb_build_object('userId', stay.user_id, 'address', %(address)s::text)",
        mentioned="array[stay.user_id]",
        organization="stay.organization_id",
    )
}
from (
  select m.organization_id, a.id as user_id, trim(a.first_name || ' ' || a.last_name) as name,
    row_number() over (order by m.id) as place
  from account a join membership m on m.user_id = a.id and m.removed_at is null
  where lower(a.email) = lower(%(email)s) and a.is_active
) stay
join unnest(%(ids)s::uuid[]) with ordinality as given(id, place) on given.place = stay.place
"""
# Of somebody in more organizations than this the first ones know.
MAX_ORGANIZATIONS = 50


class Cursor(Protocol):
    """What a statement runs on: Django's connection, or that of an import."""

    def execute(self, query: Any, params: Any = None, /) -> Any:
        """Run a statement."""

    def fetchone(self) -> Any:
        """Its next row."""

    def fetchall(self) -> list[Any]:
        """Its rows."""


def write(entry_id: UUID, organization_id: UUID, by: actor.Actor, kind: Kind, data: dict[str, Any]) -> None:
    """Put one entry on the record, in the transaction of the change it records."""
    with connection.cursor() as cursor:
        cursor.execute(RECORD, values(entry_id, organization_id, by, kind, data))


def write_everywhere(cursor: Cursor, ids: Iterator[UUID], by: actor.Actor, kind: Kind) -> None:
    """Put on the record of every organization what was done with the whole installation; the transaction is yours."""
    cursor.execute(ORGANIZATIONS)
    for (organization_id,) in cursor.fetchall():
        cursor.execute(RECORD, values(next(ids), organization_id, by, kind, {}))


def values(entry_id: UUID, organization_id: UUID, by: actor.Actor, kind: Kind, data: dict[str, Any]) -> dict[str, Any]:
    """What RECORD takes."""
    return {
        "id": entry_id,
        "organization": organization_id,
        "actor": json.dumps(rows.actor_values(by)),
        "kind": kind.value,
        "data": json.dumps(data),
        "mentioned": list(rows.mentioned(data)),
    }


def write_of_account(ids: Iterator[UUID], email: str, kind: Kind, address: str, *, theirs: bool) -> None:
    """Put on the record of each organization of whoever has this mail address what became of their way in.

    Where it is not `theirs`, Nightbell itself says it. `address` is where the request came from. Whether or not
    somebody has the mail address, this is one statement and one wait for the disk, so that nothing tells.
    """
    given: dict[str, Any] = {
        "ids": [next(ids) for _ in range(MAX_ORGANIZATIONS)],
        "email": email,
        "theirs": theirs,
        "via": actor.Via.WEB.value,
        "actor": json.dumps(rows.actor_values(actor.SYSTEM)),
        "kind": kind.value,
        "address": address,
    }
    with connection.cursor() as cursor:
        cursor.execute(OF_ACCOUNT, given)
        cursor.execute(WRITE_NOTHING)
