"""What only people's pages and messages ask: organizations by name, and policies with their layers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core import policy
from nightbell.data import rows
from nightbell.data.access.principal import Principal

NAME = "select o.name from organization o where o.id = %(organization)s"

ORGANIZATIONS = """
select o.id, o.name, (select count(*) from incident i where i.organization_id = o.id and i.held)
from membership m join organization o on o.id = m.organization_id
where m.user_id = %(user)s and m.removed_at is null
order by lower(o.name), o.id
"""

# In the shape of a frozen copy, so that both are read by one function.
POLICIES = f"""
select p.description, ({rows.FROZEN_POLICY})::text
from escalation_policy p
where p.organization_id = %(organization)s
order by lower(p.name), p.id
"""


@dataclass(frozen=True, slots=True)
class Belonging:
    """An organization somebody belongs to, and how many of its incidents a restore holds."""

    id: UUID
    name: str
    held: int


@dataclass(frozen=True, slots=True)
class PolicyView:
    """An escalation policy as it stands now."""

    policy: policy.Policy
    description: str | None


def organizations(user_id: UUID) -> list[Belonging]:
    """Where this person is an active member, by name."""
    return [Belonging(*row) for row in _all(ORGANIZATIONS, {"user": user_id})]


def name(principal: Principal) -> str:
    """What the organization is called."""
    return str(_all(NAME, {"organization": principal.organization_id})[0][0])


def policies(principal: Principal) -> list[PolicyView]:
    """The organization's escalation policies, by name."""
    found = _all(POLICIES, {"organization": principal.organization_id})
    return [PolicyView(rows.policy_of(json.loads(copy)), description) for description, copy in found]


def _all(statement: str, given: dict[str, Any]) -> list[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
