"""The API keys of an organization, as they are listed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from nightbell.data.access.principal import Principal

# Never the digest: whoever has it can try out whether a text is the key.
WORKING = """
select k.id, k.name, k.created_at, k.last_used_at
from api_key k
where k.organization_id = %(organization)s and k.revoked_at is null
order by k.created_at, k.id
"""


KNOWN = """
select exists (select from api_key k where k.organization_id = %(organization)s and k.id = %(id)s)
"""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that works."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


def working(principal: Principal) -> list[Key]:
    """Those that are not revoked, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(WORKING, {"organization": principal.organization_id})
        return [Key(*row) for row in cursor.fetchall()]


def known(principal: Principal, key_id: UUID) -> bool:
    """Whether this is a key of the organization, revoked or not."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"organization": principal.organization_id, "id": key_id})
        (found,) = cursor.fetchone()
    return bool(found)
