"""Tens of thousands of rows, and the plans PostgreSQL makes for a statement among them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

ORGANIZATION = UUID("00000000-0000-0000-0001-000000000001")
USER = UUID("00000000-0000-0000-0002-000000000001")
INCIDENT = UUID("00000000-0000-0000-0003-000000000001")
PAGE = UUID("00000000-0000-0000-0004-000000000001")
COPY = UUID("00000000-0000-0000-0005-000000000001")

_ID = "('00000000-0000-0000-000{kind}-' || lpad(to_hex(({number})::int), 12, '0'))::uuid"


def _id(kind: int, number: str) -> str:
    return _ID.format(kind=kind, number=number)


# 5 organizations, 200 people, 40,000 incidents of which one in ten is open and one in eighty due, and what belongs to
# them.
FILL = f"""
insert into organization (id, name, slug) select {_id(1, "n")}, 'O' || n, 'o' || n from generate_series(1, 5) n;
insert into account (id, password, email, first_name, last_name, timezone, is_active)
select {_id(2, "n")}, '', 'p' || n || '@owls.example', 'P', n::text, 'UTC', true from generate_series(1, 200) n;
insert into membership (id, organization_id, user_id, role)
select gen_random_uuid(), {_id(1, "n % 5 + 1")}, {_id(2, "n")},
  case when n % 20 = 0 then 'org:admin' else 'org:member' end
from generate_series(1, 200) n;
insert into api_key (id, organization_id, name, digest)
select gen_random_uuid(), {_id(1, "n % 5 + 1")}, 'k', sha256(n::text::bytea) from generate_series(1, 20000) n;
insert into incident (id, organization_id, number, title, severity, status, owner_id, created_by, state, position,
  round, epoch, handed_off_epoch, relieved, due_at, due_cause, resolved_at, acknowledged_by, acknowledged_at, dedup_key)
select {_id(3, "n")}, {_id(1, "n % 5 + 1")}, n / 5 + 1, 'T', 'high',
  case when n % 10 > 0 then 'resolved' else 'investigating' end, {_id(2, "n % 200 + 1")}, '{{}}',
  case when n % 10 > 0 then 'closed' when n % 20 = 0 then 'paging' else 'acknowledged' end, 1, 1, 0, 0, '{{}}',
  case when n % 80 = 0 then nightbell_now() - interval '1 minute'
    when n % 20 = 0 then nightbell_now() + n * interval '1 s' end,
  case when n % 20 = 0 then 'timeout' end, case when n % 10 > 0 then nightbell_now() end,
  case when n % 10 = 0 and n % 20 > 0 then '{{"id": "7"}}'::jsonb end,
  case when n % 10 = 0 and n % 20 > 0 then nightbell_now() end, 'key ' || n
from generate_series(1, 40000) n;
insert into page (id, organization_id, incident_id, user_id, channel, reason, epoch, round, position, why, queued_at,
  state, due_at)
select {_id(4, "n")}, {_id(1, "n % 5 + 1")}, {_id(3, "n")}, {_id(2, "n % 200 + 1")}, 'email', 'layer', 0, 1, 1, '{{}}',
  nightbell_now(), case when n % 20 = 0 then 'queued' else 'sent' end,
  case when n % 80 = 0 then nightbell_now() - interval '1 s'
    when n % 20 = 0 then nightbell_now() + n * interval '1 s' end
from generate_series(1, 40000) n;
insert into notice (id, organization_id, incident_id, user_id, channel, kind, data, queued_at, state, due_at)
select gen_random_uuid(), {_id(1, "n % 5 + 1")}, {_id(3, "n")}, {_id(2, "n % 200 + 1")}, 'email', 'x', '{{}}',
  nightbell_now(), case when n % 20 = 0 then 'queued' else 'sent' end, case when n % 20 = 0 then nightbell_now() end
from generate_series(1, 20000) n;
insert into incident_copy (id, organization_id, incident_id, channel, place, channel_id, message_id, queued_at, state,
  due_at)
select {_id(5, "n")}, {_id(1, "n % 5 + 1")}, {_id(3, "n")}, 'slack', 'alerts', 'C1', '1.1', nightbell_now(),
  case when n % 20 = 0 then 'queued' else 'sent' end, case when n % 20 = 0 then nightbell_now() end
from generate_series(1, 20000) n;
insert into audit (id, organization_id, incident_id, actor, kind, data)
select gen_random_uuid(), {_id(1, "n % 5 + 1")}, {_id(3, "n % 40000 + 1")}, '{{}}', 'page_sent', '{{}}'
from generate_series(1, 60000) n;
"""
ANALYZE = "analyze organization, account, membership, api_key, incident, page, notice, audit, incident_copy"
EMPTY = "truncate organization, account, membership, api_key, incident, page, notice, audit, incident_copy cascade"
LARGE = {"incident", "page", "notice", "audit", "api_key", "incident_copy"}


@dataclass(frozen=True)
class Plan:
    """How PostgreSQL would run one statement."""

    nodes: tuple[Mapping[str, Any], ...]

    @property
    def scanned(self) -> set[str]:
        """The large tables it would read from end to end."""
        found = {node["Relation Name"] for node in self.nodes if node["Node Type"] == "Seq Scan"}
        return found & LARGE

    @property
    def indexes(self) -> set[str]:
        """The indexes it would find rows by: those with a condition, or read in order up to a limit."""
        return {node["Index Name"] for node in self.nodes if "Index Name" in node}

    def conditions(self, index: str) -> str:
        """What an index is searched for."""
        return " ".join(node.get("Index Cond", "") for node in self.nodes if node.get("Index Name") == index)


def fill() -> None:
    """Insert the crowd, and let the planner know of it."""
    with connection.cursor() as cursor:
        cursor.execute(FILL)
        cursor.execute(ANALYZE)


def empty() -> None:
    """Take it away, at once."""
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)


def explain(statement: str, given: Mapping[str, Any]) -> Plan:
    """The plan of a statement, bound on the client as it is when it runs."""
    with connection.cursor() as cursor:
        cursor.execute(f"explain (format json) {statement}", given)
        (found,) = cursor.fetchone()
    return Plan(tuple(_nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])))


def explain_prepared(statement: str) -> Plan:
    """The plan of a statement that the server prepares before it knows what is asked."""
    names = list(dict.fromkeys(_NAMED.findall(statement)))
    numbered = _NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", statement).replace("%%", "%")
    types = ", ".join(_TYPES.get(name, "unknown") for name in names)
    nothing = ", ".join("null" for _ in names)
    with connection.cursor() as cursor:
        cursor.execute(f"prepare hot ({types}) as {numbered}")
        try:
            cursor.execute("set plan_cache_mode = force_generic_plan")
            cursor.execute(f"explain (format json) execute hot ({nothing})")
            (found,) = cursor.fetchone()
        finally:
            cursor.execute("deallocate hot")
            cursor.execute("reset plan_cache_mode")
    return Plan(tuple(_nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])))


_NAMED = re.compile(r"%\((\w+)\)s")
_TYPES = {"id": "uuid", "organization": "uuid", "user": "uuid", "number": "int", "attempts": "int", "digest": "bytea"}
_TYPES |= {"limit": "int", "lease": "float8", "closed_destinations": "text[]", "closed_organizations": "uuid[]"}
_TYPES |= {"channel": "text", "destination": "text", "newest": "boolean"}


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)
