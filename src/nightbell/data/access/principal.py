"""Who is asking: every read and every action takes one, so that nothing crosses an organization's border."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from nightbell.core.incident import actor
from nightbell.data import prepared
from nightbell.data.models import Role

KEY_PREFIX = "nb_live_"

KEY = """
select k.id, k.name, k.organization_id from api_key k where k.digest = %(digest)s and k.revoked_at is null
"""

# What lets somebody in (a session, a link, a token) ends with the stay it was made in: whoever was removed since then,
# and came back, needs another.
SAME_STAY = """not exists (
  select from membership ended
  where ended.organization_id = m.organization_id and ended.user_id = m.user_id and ended.removed_at > %(since)s
)"""

# The organization a member is in: the one they chose, else the one they joined first.
MEMBERSHIP = f"""
select m.organization_id, m.role, a.first_name, a.last_name
from membership m join account a on a.id = m.user_id
where m.user_id = %(user)s and m.removed_at is null and a.is_active and {SAME_STAY}
order by m.organization_id = %(preferred)s desc nulls last, m.joined_at, m.id
limit 1
"""

MEMBER = f"""
select a.first_name, a.last_name, m.role
from membership m join account a on a.id = m.user_id
where m.organization_id = %(organization)s and m.user_id = %(user)s and m.removed_at is null and a.is_active
  and {SAME_STAY}
"""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who acts for or in one organization. A key acts for the organization itself."""

    organization_id: UUID
    actor: actor.Actor
    role: Role

    @property
    def is_admin(self) -> bool:
        """Whether they may change people, keys and policies."""
        return self.role is Role.ADMIN


def digest(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).digest()


def of_key(key: str, via: actor.Via = actor.Via.API) -> Principal | None:
    """Whoever holds this key, unless it is unknown or revoked."""
    if not key.startswith(KEY_PREFIX):
        return None
    with prepared.cursor() as cursor:
        cursor.execute(KEY, {"digest": digest(key)})
        row = cursor.fetchone()
    if row is None:
        return None
    return Principal(row[2], actor.Actor(actor.Type.API_KEY, row[0], row[1], via), Role.ADMIN)


def of_user(
    user_id: UUID, via: actor.Via, preferred: UUID | None = None, *, since: datetime | None
) -> Principal | None:
    """The member with this account; None for somebody who belongs to no organization (any more).

    `since` is when that which lets them in was made; None for what was proven just now.
    """
    with connection.cursor() as cursor:
        cursor.execute(MEMBERSHIP, {"user": user_id, "preferred": preferred, "since": since})
        row = cursor.fetchone()
    if row is None:
        return None
    return Principal(row[0], actor.user(user_id, f"{row[2]} {row[3]}".strip(), via), Role(row[1]))


def of_member(organization_id: UUID, user_id: UUID, via: actor.Via, *, since: datetime | None) -> Principal | None:
    """This member of this organization; None where they are not, or no longer, one. `since` is as for `of_user`."""
    with connection.cursor() as cursor:
        cursor.execute(MEMBER, {"organization": organization_id, "user": user_id, "since": since})
        row = cursor.fetchone()
    if row is None:
        return None
    return Principal(organization_id, actor.user(user_id, f"{row[0]} {row[1]}".strip(), via), Role(row[2]))
