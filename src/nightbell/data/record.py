"""The record of what is about no incident: an organization's configuration, and what was changed in it."""

import json
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core.incident import actor
from nightbell.data import rows

RECORD = f"""
insert into audit (id, organization_id, actor, kind, data)
select %(id)s, %(organization)s, %(actor)s::jsonb, %(kind)s,
  {rows.NAMED.format(data="given.data", mentioned="%(mentioned)s::uuid[]", organization="%(organization)s")}
from (select %(data)s::jsonb as data) given
"""


def write(entry_id: UUID, organization_id: UUID, by: actor.Actor, kind: str, data: dict[str, Any]) -> None:
    """Put one entry on the record, in the transaction of the change it records."""
    with connection.cursor() as cursor:
        cursor.execute(RECORD, values(entry_id, organization_id, by, kind, data))


def values(entry_id: UUID, organization_id: UUID, by: actor.Actor, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """What RECORD takes."""
    return {
        "id": entry_id,
        "organization": organization_id,
        "actor": json.dumps(rows.actor_values(by)),
        "kind": kind,
        "data": json.dumps(data),
        "mentioned": list(rows.mentioned(data)),
    }
