"""Who is asking: every read and every action takes one, so that nothing crosses an organization's border.

What they may do is decided here, and asked by the action itself.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Self
from uuid import UUID

from django.db import connection

from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.data import prepared
from nightbell.data.models import Role

KEY_PREFIX = "nb_live_"
# The organization of whoever acts for the whole installation: none has this id.
NOWHERE = UUID(int=0)

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
select m.organization_id, m.role, a.first_name, a.last_name, o.members_edit
from membership m join account a on a.id = m.user_id join organization o on o.id = m.organization_id
where m.user_id = %(user)s and m.removed_at is null and a.is_active and {SAME_STAY}
order by m.organization_id = %(preferred)s desc nulls last, m.joined_at, m.id
limit 1
"""

MEMBER = f"""
select a.first_name, a.last_name, m.role, o.members_edit
from membership m join account a on a.id = m.user_id join organization o on o.id = m.organization_id
where m.organization_id = %(organization)s and m.user_id = %(user)s and m.removed_at is null and a.is_active
  and {SAME_STAY}
"""


class Needs(Enum):
    """What an action asks of whoever wants it done, and the words for whoever has it not."""

    MEMBERSHIP = "Only a member may do this."
    EDITING = "Only an admin may change schedules and escalation policies."
    ADMINISTRATION = "Only an admin may do this."
    INSTALLATION = "Only whoever runs this installation may do this."


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who acts for or in one organization. A key acts for the organization itself.

    `edits` is whether the organization leaves schedules and policies to its members. `runs` is true of Nightbell itself
    and of whoever runs it, at its command line.
    """

    organization_id: UUID
    actor: actor.Actor
    role: Role
    edits: bool = False
    runs: bool = False

    @property
    def is_admin(self) -> bool:
        """Whether they may change people, keys and settings."""
        return self.may(Needs.ADMINISTRATION)

    @property
    def may_edit(self) -> bool:
        """Whether they may change schedules and policies."""
        return self.may(Needs.EDITING)

    def may(self, needs: Needs) -> bool:
        """Whether they may do what needs this."""
        if needs is Needs.INSTALLATION:
            return self.runs
        if self.organization_id == NOWHERE:
            return False
        return needs is Needs.MEMBERSHIP or self.role is Role.ADMIN or (needs is Needs.EDITING and self.edits)

    def require(self, needs: Needs) -> None:
        """Raises Rejected: `not_authorized`."""
        if not self.may(needs):
            raise Rejected(Code.NOT_AUTHORIZED, needs.value)

    @classmethod
    def system(cls, organization_id: UUID = NOWHERE) -> Self:
        """Nightbell itself, as it acts in an organization or in the whole installation."""
        return cls(organization_id, actor.SYSTEM, Role.ADMIN, runs=True)

    @classmethod
    def operator(cls, organization_id: UUID = NOWHERE) -> Self:
        """Whoever runs the installation, at its command line."""
        return cls(organization_id, actor.COMMAND_LINE, Role.ADMIN, runs=True)


SYSTEM = Principal.system()


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
    key_id, name, organization_id = row
    return Principal(organization_id, actor.Actor(actor.Type.API_KEY, key_id, name, via), Role.ADMIN)


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
    organization_id, role, first, last, edits = row
    return Principal(organization_id, actor.user(user_id, f"{first} {last}".strip(), via), Role(role), edits=edits)


def of_member(organization_id: UUID, user_id: UUID, via: actor.Via, *, since: datetime | None) -> Principal | None:
    """This member of this organization; None where they are not, or no longer, one. `since` is as for `of_user`."""
    with connection.cursor() as cursor:
        cursor.execute(MEMBER, {"organization": organization_id, "user": user_id, "since": since})
        row = cursor.fetchone()
    if row is None:
        return None
    first, last, role, edits = row
    return Principal(organization_id, actor.user(user_id, f"{first} {last}".strip(), via), Role(role), edits=edits)
