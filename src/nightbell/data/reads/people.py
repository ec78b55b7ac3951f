"""The people of an organization, as they are listed."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from nightbell.data.access.principal import Principal

ACTIVE = """
select a.id, a.first_name, a.last_name, a.email, m.role
from membership m join account a on a.id = m.user_id
where m.organization_id = %(organization)s and m.removed_at is null and a.is_active
order by lower(a.first_name), lower(a.last_name), a.id
"""

# Somebody who left and came back is there once.
EVER = """
select a.id, a.first_name, a.last_name, a.email, (
  select m.role from membership m where m.organization_id = %(organization)s and m.user_id = a.id
  order by m.removed_at desc nulls first, m.joined_at desc limit 1
)
from account a
where exists (select from membership m where m.organization_id = %(organization)s and m.user_id = a.id)
order by lower(a.first_name), lower(a.last_name), a.id
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A member, active or not."""

    id: UUID
    first_name: str
    last_name: str
    email: str
    role: str

    @property
    def name(self) -> str:
        """What people call them."""
        return f"{self.first_name} {self.last_name}".strip()


def active(principal: Principal) -> list[Member]:
    """Everybody who can be named as an owner or a target, by name."""
    with connection.cursor() as cursor:
        cursor.execute(ACTIVE, {"organization": principal.organization_id})
        return [Member(*row) for row in cursor.fetchall()]


def ever(principal: Principal) -> list[Member]:
    """Everybody who is or was a member, by name."""
    with connection.cursor() as cursor:
        cursor.execute(EVER, {"organization": principal.organization_id})
        return [Member(*row) for row in cursor.fetchall()]
