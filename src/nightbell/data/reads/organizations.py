"""The organizations of an installation, for whoever runs it; they are asked for before the models are loaded."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

EVERY = """
select o.id, o.slug, o.name, (
  select count(*) from membership m join account a on a.id = m.user_id
  where m.organization_id = o.id and m.removed_at is null and a.is_active
)
from organization o
order by lower(o.name), o.id
"""


@dataclass(frozen=True, slots=True)
class Existing:
    """An organization of this installation, and how many active members it has."""

    id: UUID
    slug: str
    name: str
    members: int


def every() -> list[Existing]:
    """All there are, by name."""
    with connection.cursor() as cursor:
        cursor.execute(EVERY)
        return [Existing(*row) for row in cursor.fetchall()]
