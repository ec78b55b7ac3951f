"""Escalation policies as they are shown."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core import policy
from nightbell.data import rows
from nightbell.data.access.principal import Principal

LIST = """
select p.id, p.name, p.description, p.repeat_count, p.created_at, p.updated_at, p.version
from escalation_policy p where p.organization_id = %(organization)s
order by lower(p.name), p.id
"""

ONE = """
select p.id, p.name, p.description, p.repeat_count, p.created_at, p.updated_at, p.version, (
  select jsonb_agg(jsonb_build_object('id', l.id, 'position', l.position, 'ackTimeoutMinutes', l.ack_timeout_minutes,
    'target', case when l.schedule_id is null then jsonb_build_object('type', 'users', 'userIds', to_jsonb(l.user_ids))
      else jsonb_build_object('type', 'schedule', 'scheduleId', l.schedule_id) end
  ) order by l.position) from escalation_layer l where l.policy_id = p.id
)::text
from escalation_policy p where p.organization_id = %(organization)s and p.id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class LayerView:
    """A layer of a policy."""

    id: UUID
    position: int
    ack_timeout_minutes: int
    target: policy.Target


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A policy; in a list without its layers."""

    id: UUID
    name: str
    description: str | None
    repeat_count: int
    created_at: datetime
    updated_at: datetime
    version: int
    layers: tuple[LayerView, ...] = ()


def listed(principal: Principal) -> list[PolicyView]:
    """The organization's policies by name, without layers."""
    with connection.cursor() as cursor:
        cursor.execute(LIST, {"organization": principal.organization_id})
        return [PolicyView(*row) for row in cursor.fetchall()]


def one(principal: Principal, policy_id: UUID) -> PolicyView | None:
    """The policy with its layers."""
    with connection.cursor() as cursor:
        cursor.execute(ONE, {"organization": principal.organization_id, "id": policy_id})
        row = cursor.fetchone()
    if row is None:
        return None
    *shown, layers = row
    return replace(PolicyView(*shown), layers=tuple(_layer(values) for values in json.loads(layers or "[]")))


def _layer(values: dict[str, Any]) -> LayerView:
    return LayerView(
        UUID(values["id"]), values["position"], values["ackTimeoutMinutes"], rows.target_of(values["target"])
    )
