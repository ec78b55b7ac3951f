"""The hot statements find what they look for by an index, under the real clock and under one that can be moved."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from nightbell import postgres
from nightbell.data import record, store
from nightbell.data.access import principal
from nightbell.data.claims import due, messages, notices, opening, refusals, stepped, turns
from nightbell.data.reads import copies, incidents, pages
from nightbell.demo import clock
from nightbell.postgres import binaries
from tests.data import crowd

# The oldest PostgreSQL a machine is likely to have beside ours.
OLDER = 15

ORGANIZATION = {"organization": crowd.ORGANIZATION}
BY_ID = {"id": crowd.INCIDENT, "number": None, "incident": crowd.INCIDENT, "since": 0, **ORGANIZATION}
BY_NUMBER = {"id": None, "number": 4711, **ORGANIZATION}
EVERYTHING: dict[str, Any] = {
    **dict.fromkeys(("cursor", "status", "severity", "owner", "state", "since", "until", "open", "words")),
    "limit": 21,
    **ORGANIZATION,
}
SETTLED: dict[str, Any] = {
    "id": crowd.PAGE,
    "attempts": 1,
    "state": "sent",
    "due_at": None,
    "error": None,
    "provider_id": None,
    "retried": False,
    "kind": "page_sent",
    "audit_id": crowd.PAGE,
    "actor": "{}",
    "shown": None,
    "compared_after": 2,
}
NOTED: dict[str, Any] = {
    "ids": [crowd.PAGE],
    "email": "x@y.example",
    "theirs": True,
    "via": "web",
    "actor": "{}",
    "kind": "signed_in",
    "address": "127.0.0.1",
}
PLACED: dict[str, Any] = {"id": crowd.COPY, "channel_id": "C1", "message_id": "1.1"}
CLAIMED: dict[str, Any] = {"channel": "email", "limit": 8, "lease": 30}
IN_TURN: dict[str, Any] = CLAIMED | turns.Turns(frozenset({"hangs.example"})).asked("page")
FORWARD: dict[str, Any] = {"channel": "email", "destination": None, "organization": None, "limit": 9, "spread": 3}
EXPECTED: list[tuple[str, dict[str, Any], set[str]]] = [
    (due.CLAIM_DUE, {"limit": 500}, {"incident_due"}),
    (due.CLAIM_NEWEST, {"limit": 50, "taken": [crowd.INCIDENT] * 450}, {"incident_due"}),
    (due.DUE_IDS, {"limit": 500}, {"incident_due"}),
    (due.NEXT_DUE, {}, {"incident_due"}),
    (due.CLAIM_ONE, {"id": crowd.INCIDENT}, {"incident_pkey"}),
    (messages.CLAIM["page"], CLAIMED, {"page_due", "page_pkey"}),
    (messages.CLAIM["notice"], CLAIMED, {"notice_due", "notice_pkey"}),
    (messages.CLAIM["incident_copy"], {**CLAIMED, "channel": "slack"}, {"copy_due", "incident_copy_pkey"}),
    (messages.CLAIM_IN_TURN["page"], IN_TURN, {"page_due", "page_turns", "page_pkey"}),
    (messages.CLAIM_IN_TURN["notice"], IN_TURN, {"notice_due", "notice_turns", "notice_pkey"}),
    (messages.CLAIM_IN_TURN["incident_copy"], {**IN_TURN, "channel": "slack"}, {"copy_due", "copy_turns"}),
    (messages.FORWARD["page"], FORWARD, {"page_pkey"}),
    (refusals.TRIED, {"id": crowd.PAGE, "channel": "email", "within": 60}, {"page_settled", "page_pkey"}),
    (messages.NEXT_DUE[messages.MESSAGES], {"channel": "email"}, {"page_due", "notice_due"}),
    (messages.NEXT_DUE[messages.COPIES], {"channel": "slack"}, {"copy_due"}),
    (messages.SETTLE["page"], SETTLED, {"page_pkey"}),
    (messages.SETTLE["notice"], SETTLED, set()),
    (messages.SETTLE_COPIED, SETTLED, {"page_pkey"}),
    (messages.SETTLE_COPY, SETTLED | PLACED, {"incident_copy_pkey"}),
    (copies.LOOK_AT_COPY, {"id": crowd.COPY, "attempts": 1}, {"incident_copy_pkey"}),
    *((statement, {}, set()) for statement in stepped.PULL.values()),
    (messages.INCIDENT_OF_PAGE, {"id": crowd.PAGE}, {"page_pkey"}),
    (store.LOCK, BY_ID, {"incident_pkey"}),
    (store.LOCK, BY_NUMBER, {"incident_number_once"}),
    (store.NOTIFIED, BY_ID, {"incident_pkey", "page_once"}),
    (store.GROUP_FAILED, {"incident": crowd.INCIDENT}, {"incident_pkey", "page_once"}),
    (store.INVOLVING, {**ORGANIZATION, "user": crowd.USER}, {"page_once"}),
    (opening.OPEN_WITH_DEDUP_KEY, {**ORGANIZATION, "dedup_key": "key 40"}, {"incident_dedup_key_once_while_open"}),
    (incidents.ONE, BY_ID, {"incident_pkey", "page_once"}),
    (incidents.ONE, BY_NUMBER, {"incident_number_once", "page_once"}),
    (incidents.LIST, EVERYTHING, {"incident_number_once"}),
    (incidents.LIST, {**EVERYTHING, "cursor": 1000}, {"incident_number_once"}),
    (incidents.AUDIT_TRAIL, {"incident": crowd.INCIDENT}, {"audit_trail_order"}),
    (pages.OF_INCIDENT, {"incident": crowd.INCIDENT, **ORGANIZATION}, {"page_once"}),
    (principal.KEY, {"digest": principal.digest("nb_live_7")}, set()),
    (notices.QUEUE_LINK, {"id": crowd.PAGE, "email": "x@y.example", "now": None}, set()),
    (record.OF_ACCOUNT, NOTED, set()),
]
# Where it is the clock that an index is searched by.
BY_CLOCK: list[tuple[str, dict[str, Any], str]] = [
    (due.CLAIM_DUE, {"limit": 500}, "incident_due"),
    (due.DUE_IDS, {"limit": 500}, "incident_due"),
    (messages.CLAIM["page"], CLAIMED, "page_due"),
    (messages.CLAIM["notice"], CLAIMED, "notice_due"),
    (messages.CLAIM["incident_copy"], {**CLAIMED, "channel": "slack"}, "copy_due"),
]
# Prepared, and so planned for whatever may be asked.
PREPARED: list[tuple[str, set[str]]] = [
    (incidents.ONE, {"incident_pkey", "incident_number_once", "page_once"}),
    (store.LOCK, {"incident_pkey", "incident_number_once"}),
    (store.NOTIFIED, {"incident_pkey", "incident_number_once", "page_once"}),
    (store.WRITE, {"incident_pkey", "copy_incident", "page_once"}),
    (pages.LOOK, {"page_pkey", "incident_pkey"}),
    (pages.STILL_WANTED, {"page_pkey", "incident_pkey"}),
    (messages.CLAIM["page"], {"page_due", "page_pkey"}),
    (messages.CLAIM["notice"], {"notice_due", "notice_pkey"}),
    (messages.CLAIM["incident_copy"], {"copy_due", "incident_copy_pkey"}),
    (messages.CLAIM_IN_TURN["page"], {"page_due", "page_turns", "page_pkey"}),
    (messages.CLAIM_IN_TURN["notice"], {"notice_due", "notice_turns", "notice_pkey"}),
    (messages.CLAIM_IN_TURN["incident_copy"], {"copy_due", "copy_turns"}),
    (pages.LOOK_AT_NOTICE, {"notice_pkey", "incident_pkey"}),
    (messages.SETTLE["page"], {"page_pkey"}),
    (messages.SETTLE["notice"], {"notice_pkey"}),
    (principal.KEY, set()),
    (opening.OPEN, set()),
]
VOLATILE = clock.REAL.replace("stable", "volatile")


def check_plans() -> None:
    for statement, given, expected in EXPECTED:
        plan = crowd.explain(statement, given)
        assert plan.scanned == set(), statement
        assert expected <= plan.indexes, (statement, plan.indexes)
    assert all("nightbell_now()" in at for at in searched_by_clock())
    for statement, expected in PREPARED:
        plan = crowd.explain_prepared(statement)
        assert plan.scanned == set(), statement
        assert expected <= plan.indexes, (statement, plan.indexes)


def searched_by_clock() -> list[str]:
    return [crowd.explain(statement, given).conditions(index) for statement, given, index in BY_CLOCK]


@contextmanager
def real_clock() -> Iterator[None]:
    with connection.cursor() as cursor:
        clock.remove(cursor)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            clock.install(cursor)


def check_both_clocks() -> None:
    try:
        crowd.fill()
        check_plans()
        with real_clock():
            check_plans()
            # Were it volatile, no index could be searched by it: this is what the checks above would see.
            with connection.cursor() as cursor:
                cursor.execute(VOLATILE)
            assert not any("nightbell_now()" in at for at in searched_by_clock())
            with connection.cursor() as cursor:
                cursor.execute(clock.REAL)
    finally:
        crowd.empty()


@pytest.mark.django_db(transaction=True)
def test_every_hot_statement_uses_its_index() -> None:
    check_both_clocks()


@contextmanager
def older_server() -> Iterator[postgres.Server]:
    found = [each for each in binaries._candidates() if each.major == OLDER]
    if not found:
        pytest.skip(f"this machine has no PostgreSQL {OLDER}")
    directory = Path(tempfile.mkdtemp(prefix="nightbell-tests-"))
    directory.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binaries, "find_binaries", lambda _major=None: found[0])
        with postgres.start(directory / "data", {"fsync": "off"}) as started:
            yield started
    shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.django_db(transaction=True)
def test_every_hot_statement_uses_its_index_on_an_older_server() -> None:
    ours = dict(connection.settings_dict)
    with older_server() as server:
        connection.close()
        connection.settings_dict["HOST"] = server.url.split("host=")[1].split("&")[0]
        try:
            call_command("migrate", verbosity=0)
            with connection.cursor() as cursor:
                clock.install(cursor)
                cursor.execute("show server_version_num")
                assert int(cursor.fetchone()[0]) // 10_000 == OLDER
            check_both_clocks()
        finally:
            connection.close()
            connection.settings_dict.update(ours)
