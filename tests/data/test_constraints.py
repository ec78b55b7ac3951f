"""What must never be false is the database's business: each constraint refuses its violation."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import psycopg
import pytest
from django.db import Error, connection, transaction

from nightbell.actions import keys
from nightbell.data.models import Role
from tests.world import World

TABLES = (
    *("account", "api_key", "audit", "escalation_layer", "escalation_policy", "idempotent_answer", "incident"),
    *("installation", "membership", "notice", "organization", "page"),
)

# Each constraint, and statements that break it and no other. An incident here is paging; its copy of a row is `a`.
INCIDENT = "update incident set "
ACKNOWLEDGED = INCIDENT + "state = 'acknowledged', due_at = null, due_cause = null"
CLOSED = INCIDENT + "state = 'closed', status = 'resolved', resolved_at = updated_at, due_at = null, due_cause = null"
ANSWERED_TWICE = """
insert into idempotent_answer (caller, request, key, body_hash) select caller, request, key, 'h' from idempotent_answer
"""
LINKED_TWICE = """
update notice set kind = 'forgotten_password', state = 'queued', due_at = queued_at;
insert into notice (id, organization_id, user_id, channel, kind, data, queued_at, due_at)
select gen_random_uuid(), organization_id, user_id, channel, kind, data, queued_at, due_at from notice
"""
COPIES = {
    "incident": "id, number",
    "page": "id, channel",
    "membership": "id, removed_at",
    "api_key": "id, digest",
    "account": "id, email",
    "organization": "id, slug",
    "escalation_policy": "id, name",
    "escalation_layer": "id, position",
}
VIOLATIONS: dict[str, list[str]] = {
    "incident_state_known": [INCIDENT + "state = 'asleep', due_at = null, due_cause = null"],
    "incident_status_known": [INCIDENT + "status = 'fixed'"],
    "incident_severity_known": [INCIDENT + "severity = 'blue'"],
    "incident_clock_iff_paging": [
        INCIDENT + "due_at = null, due_cause = null",
        INCIDENT + "state = 'none'",
        INCIDENT + "state = 'exhausted'",
        INCIDENT + "state = 'acknowledged', acknowledged_by = '{}', acknowledged_at = updated_at",
        INCIDENT + "state = 'closed', status = 'resolved', resolved_at = updated_at",
    ],
    "incident_clock_has_a_cause": [INCIDENT + "due_cause = null"],
    "incident_acknowledged_has_acknowledger": [
        ACKNOWLEDGED,
        f"{ACKNOWLEDGED}, acknowledged_at = updated_at",
        f"{ACKNOWLEDGED}, acknowledged_by = '{{}}'",
    ],
    "incident_unanswered_has_no_acknowledger": [
        INCIDENT + "acknowledged_by = '{}', acknowledged_at = updated_at",
        INCIDENT + "acknowledged_at = updated_at",
    ],
    "incident_closed_iff_resolved": [
        INCIDENT + "status = 'resolved'",
        CLOSED.replace("'resolved'", "'monitoring'"),
    ],
    "incident_resolved_has_an_instant": [
        INCIDENT + "resolved_at = updated_at",
        CLOSED.replace("resolved_at = updated_at", "resolved_at = null"),
    ],
    "incident_held_is_open": [CLOSED + ", held = true"],
    "incident_number_once": ["copy incident number = a.number"],
    "incident_dedup_key_once_while_open": ["copy incident dedup_key = a.dedup_key"],
    "page_state_known": ["update page set state = 'lost', due_at = null"],
    "page_due_iff_on_the_way": [
        "update page set due_at = null",
        "update page set state = 'sending', due_at = null",
        "update page set state = 'sent'",
        "update page set state = 'failed'",
        "update page set state = 'cancelled'",
    ],
    "page_reason_known": ["update page set reason = 'whim'"],
    "page_once": ["copy page channel = a.channel"],
    "notice_state_known": ["update notice set state = 'lost', due_at = null"],
    "notice_due_iff_on_the_way": ["update notice set due_at = null", "update notice set state = 'sent'"],
    "notice_link_once": [LINKED_TWICE],
    "membership_active_once": ["copy membership removed_at = null"],
    "membership_role_known": ["update membership set role = 'org:king'"],
    "account_email_once": ["copy account email = upper(a.email)"],
    "api_key_digest_key": ["copy api_key digest = a.digest"],
    "organization_slug_key": ["copy organization slug = a.slug"],
    "escalation_policy_name_once": ["copy escalation_policy name = upper(a.name)"],
    "escalation_policy_repeat_count": ["update escalation_policy set repeat_count = 10"],
    "escalation_layer_position_once": ["copy escalation_layer position = a.position; set constraints all immediate"],
    # T9
    "escalation_layer_ack_timeout": [
        "update escalation_layer set ack_timeout_minutes = 0",
        "update escalation_layer set ack_timeout_minutes = 10081",
    ],
    "escalation_layer_one_target": [
        "update escalation_layer set user_ids = null",
        "update escalation_layer set schedule_id = gen_random_uuid()",
    ],
    "escalation_layer_position_from_1": ["update escalation_layer set position = 0"],
    "installation_one_row": ["insert into installation (id, signing_key) values (2, 'x')"],
    "idempotent_answer_once": [ANSWERED_TWICE],
}

# What Django makes for its positive integers, and primary keys: the type's business, and nobody's mistake.
NAMED = """
select c.conname from pg_constraint c join pg_class t on t.oid = c.conrelid
where t.relname = any(%(tables)s) and c.contype in ('c', 'u')
  and not (c.contype = 'c' and pg_get_constraintdef(c.oid) ~ '^CHECK \\(\\(\"?\\w+\"? >= 0\\)\\)$')
union
select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
where t.relname = any(%(tables)s) and x.indisunique and not x.indisprimary
"""


def columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [
            column.name
            for column in connection.introspection.get_table_description(cursor, table)
            if column.name != "sequence"
        ]


def statement_of(violation: str) -> str:
    """`copy TABLE COLUMN = VALUE` is a second row like the first but for its id and what would collide otherwise."""
    if not violation.startswith("copy "):
        return violation
    table, column, value = violation.removeprefix("copy ").replace(" = ", " ", 1).split(" ", 2)
    value, _, after = value.partition(";")
    fresh = {
        "id": "gen_random_uuid()",
        "number": "a.number + 1",
        "slug": "a.slug || '2'",
        "email": "'2' || a.email",
        "name": "a.name || '2'",
        "digest": "'2'",
        "position": "a.position + 1",
        "dedup_key": "null",
        "removed_at": "joined_at",
    }
    own: Mapping[str, str] = {name: fresh[name] for name in ("id", *COPIES[table].split(", ")[1:]) if name in fresh}
    if table == "incident":
        own = {**own, "dedup_key": fresh["dedup_key"]}
    values = {name: own.get(name, f"a.{name}") for name in columns(table)} | {column: value}
    listed = ", ".join(values)
    selected = ", ".join(values.values())
    return f"insert into {table} ({listed}) select {selected} from {table} a limit 1; {after}"


def refusal(violation: str) -> str | None:
    """The name of the constraint that refuses a statement."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement_of(violation))
    except Error as error:
        return cast(psycopg.Error, error.__cause__).diag.constraint_name
    return None


@pytest.fixture
def rows(world: World) -> Iterator[World]:
    """One row at least of everything, each of them right."""
    world.member("Dee", Role.ADMIN)
    keys.create(world.operator, "ci")
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], dedup_key="pool", paging=False)
    with world.mail.refusing_connections():
        bo.hands_off(incident, to=bo)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into idempotent_answer (caller, request, key, body_hash) values (gen_random_uuid(), 'r', 'k', 'h')"
        )
    yield world
    world.forgets_mail()


def test_each_constraint_refuses_its_violation(rows: World) -> None:
    found = [(name, violation, refusal(violation)) for name in VIOLATIONS for violation in VIOLATIONS[name]]
    assert [each for each in found if each[0] != each[2]] == []


def test_every_constraint_is_broken_above(rows: World) -> None:
    given: dict[str, Any] = {"tables": list(TABLES)}
    with connection.cursor() as cursor:
        cursor.execute(NAMED, given)
        assert {name for (name,) in cursor.fetchall()} == set(VIOLATIONS)


def test_copying_a_row_breaks_nothing_by_itself(rows: World) -> None:
    """Else the copies above would prove nothing of the constraint they name."""
    for table in COPIES:
        column = {"membership": "role"}.get(table, COPIES[table].split(", ")[1])
        harmless = {"role": "a.role", "channel": "'pigeon'", "removed_at": "a.joined_at"}
        own = {"number": "a.number + 7", "slug": "'x'", "email": "'x@y.example'", "name": "'x'", "digest": "'x'"}
        value = (harmless | own | {"position": "a.position + 7"})[column]
        assert (table, refusal(f"copy {table} {column} = {value}")) == (table, None)


@pytest.mark.parametrize(
    "change",
    [
        "update audit set data = '{}'",
        "update audit set at = at",
        "delete from audit",
        "insert into audit (id, sequence, actor, kind, data) values (gen_random_uuid(), 1, '{}', 'x', '{}')",
    ],
)
def test_the_record_is_append_only_and_numbers_itself(rows: World, change: str) -> None:
    before = "select string_agg(a::text, ' ' order by sequence) from audit a"
    with connection.cursor() as cursor:
        cursor.execute(before)
        record = cursor.fetchone()
        with pytest.raises(Error, match=r"append-only|cannot insert a non-DEFAULT value"), transaction.atomic():
            cursor.execute(change)
        cursor.execute(before)
        assert cursor.fetchone() == record
