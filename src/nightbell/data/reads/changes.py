"""What the record says of changes to a schedule or a policy since a version of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from nightbell.data.access.principal import Principal

SINCE = """
select a.at, a.actor ->> 'name', a.data ->> 'before', a.data ->> 'after'
from audit a
where a.incident_id is null and a.organization_id = %(organization)s and a.data @> %(whose)s::jsonb
  and (a.data ->> 'version')::int > %(version)s
order by a.sequence limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed it when, and what differs."""

    at: datetime
    by: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def since(principal: Principal, whose: Mapping[str, str], version: int, limit: int) -> list[Change]:
    """The changes that made later versions than this, the earliest first. `whose` names it as the record does."""
    given: dict[str, Any] = {
        "organization": principal.organization_id,
        "whose": json.dumps(whose),
        "version": version,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(SINCE, given)
        return [
            Change(at, by, json.loads(before or "{}"), json.loads(after or "{}"))
            for at, by, before, after in cursor.fetchall()
        ]
