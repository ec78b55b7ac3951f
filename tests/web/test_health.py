"""What probes and watchers are answered, whatever the database does; and the banner on an admin's pages."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, RequestFactory

from nightbell import postgres
from nightbell.conf import wsgi
from nightbell.core import health as rules
from nightbell.data import beats, bounded
from nightbell.demo import clock
from nightbell.web import health
from tests.frozen import frozen
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import World

ADDRESSES = ("/healthz", "/readyz", "/pagingz")
# Where nobody answers, the probe is told so within this; the rest is what a busy machine takes.
BOUND_SECONDS = health.PATIENCE_SECONDS + 1


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test found is not good for the next."""
    monkeypatch.setattr(health, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(health, "BANNER_FRESH_SECONDS", 0.0)
    monkeypatch.setattr(health, "BANNER_PATIENCE_SECONDS", 10.0)
    for name, look in (("READY", health._look_at_database), ("PAGING", health._look_at_paging)):
        monkeypatch.setattr(health, name, health.Probe(name, look))
    yield
    for probe in (health.READY, health.PAGING):
        probe.found(0, 10)
        probe._line.close()


def ask(path: str, method: str = "GET", **extra: str) -> tuple[int, dict[str, bool]]:
    """Status and checks, by the web server's door."""
    status: list[str] = []
    environ = RequestFactory().generic(method, path, **extra).environ  # type: ignore[arg-type]
    body = b"".join(wsgi.application(environ, lambda line, _: status.append(line)))  # type: ignore[arg-type]
    found = json.loads(body) if body.startswith(b"{") else {"checks": {}}
    return int(status[0][:3]), found["checks"]


def beat(*overstaying: str, lanes: tuple[str, ...] = ("email",)) -> None:
    """An engine says that it lives."""
    line = bounded.Line("a test")
    beats.write(line, beats.Engine(uuid4(), "host", "0"), dict.fromkeys(("deadlines", *lanes), 0.1), overstaying)
    line.close()


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("door", ["the web server's", "Django's"])
def test_an_answer_needs_no_session_no_host_name_and_is_never_kept(world: World, path: str, door: str) -> None:
    beat()
    if door == "Django's":
        answer = Client().get(path, headers={"Host": "10.11.12.13:8000"})
        assert answer.status_code == 200
        assert (answer["Cache-Control"], answer.cookies) == ("no-store", {})
        assert Client().head(path).content == b""
        assert Client().post(path).status_code == 405
    else:
        assert ask(path, HTTP_HOST="10.11.12.13:8000")[0] == 200
        assert ask(path, "HEAD")[0] == 200
        assert ask(path, "POST")[0] == 405


def test_every_other_address_still_refuses_a_host_that_is_not_ours(world: World) -> None:
    assert Client().get("/accounts/login/", headers={"Host": "10.11.12.13"}).status_code == 400
    assert ask("/accounts/login/", HTTP_HOST="10.11.12.13")[0] == 400


def test_ready_is_a_database_that_is_migrated(world: World) -> None:
    assert ask("/readyz") == (200, {"database": True, "migrations": True})
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    try:
        assert ask("/readyz") == (503, {"database": True, "migrations": False})
    finally:
        MigrationRecorder(connection).record_applied("sessions", "0001_initial")


def test_p23_ready_is_a_database_that_is_written_to_and_again_once_it_is(world: World) -> None:
    run("alter role nightbell set default_transaction_read_only = on")
    try:
        assert ask("/readyz") == (503, {"database": False, "migrations": True})
    finally:
        run("set default_transaction_read_only = off")
        run("alter role nightbell reset default_transaction_read_only")
    assert ask("/readyz")[0] == 200


def test_a_database_that_was_restarted_is_no_trouble(world: World, server: postgres.Server) -> None:
    beat()
    assert ask("/readyz")[0] == ask("/pagingz")[0] == 200
    server.restart_immediate()
    connection.close()
    assert ask("/readyz")[0] == ask("/pagingz")[0] == 200


def test_a_frozen_database_is_told_in_a_bounded_time(world: World, server: postgres.Server) -> None:
    beat()
    assert ask("/readyz")[0] == ask("/pagingz")[0] == 200
    # A thread whose last statement failed asks its connection first, before Django serves anything.
    connection.errors_occurred = True
    with frozen(server):
        for path in ("/readyz", "/pagingz", "/readyz", "/pagingz"):
            began = time.monotonic()
            status, checks = ask(path)
            assert status == 503
            assert not any(checks.values())
            assert time.monotonic() - began < BOUND_SECONDS
        assert ask("/healthz")[0] == 200
    deadline = time.monotonic() + 15
    while (ask("/readyz")[0], ask("/pagingz")[0]) != (200, 200):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def troubles() -> set[str]:
    status, checks = ask("/pagingz")
    assert (status == 200) == all(checks.values())
    return {name for name, holds in checks.items() if not holds}


def test_p25_an_engine_that_does_not_report_is_noticed(world: World) -> None:
    assert troubles() == {"engine"}
    beat()
    assert troubles() == set()
    run("update engine_beat set beat_at = nightbell_now() - interval '14 seconds'")
    assert troubles() == set()
    run("update engine_beat set beat_at = nightbell_now() - interval '16 seconds'")
    assert troubles() == {"engine"}
    beat()
    assert troubles() == set()


def test_p25_a_beat_from_before_the_clock_was_set_back_proves_nothing(world: World) -> None:
    clock.advance(timedelta(hours=1))
    beat()
    clock.reset()
    assert troubles() == {"engine"}


def test_p25_what_waits_too_long_is_noticed_though_an_engine_reports(world: World) -> None:
    beat()
    ana = world.member("Ana")
    incident = world.opens("Waiting", layers=[([ana], 5)], paging=False)
    run("update incident set due_at = nightbell_now() - interval '16 seconds'")
    assert troubles() == {"deadlines"}
    run("update incident set due_at = nightbell_now() - interval '14 seconds'")
    assert troubles() == set()
    world.settles()
    assert ana.was_paged(incident)
    run("update page set state = 'queued', due_at = nightbell_now() - interval '61 seconds'")
    assert troubles() == {"pages"}
    run("update page set due_at = nightbell_now() - interval '59 seconds'")
    assert troubles() == set()
    run("update page set state = 'sent', due_at = null")


def test_p25_a_lane_is_stuck_where_it_is_so_in_every_engine_that_has_it(world: World) -> None:
    beat("email")
    assert troubles() == {"lanes"}
    beat("slack", lanes=("email", "slack"))
    assert troubles() == {"lanes"}
    beat(lanes=("slack",))
    assert troubles() == set()
    run("update engine_beat set beat_at = nightbell_now() - interval '16 seconds' where overstaying = '[]'")
    assert troubles() == {"lanes"}


def test_p25_admins_are_told_on_every_page_and_nobody_else(world: World, sign_in: SignIn) -> None:
    ana = world.member("Ana")
    told = rules.PAGING["engine"]
    for path in ("/", "/policies", "/schedules", "/shifts", "/settings/slack"):
        assert told in markup.get(sign_in(world.zoe), path).words
    assert told not in markup.get(sign_in(ana), "/").words
    beat()
    assert told not in markup.get(sign_in(world.zoe), "/").words


def test_a_page_does_not_fail_where_nobody_knows(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("alter table engine_beat rename to engine_beat_away")
    try:
        assert "may not be paged" not in markup.get(sign_in(world.zoe), "/").words
        assert ask("/pagingz")[0] == 503
    finally:
        run("alter table engine_beat_away rename to engine_beat")


def test_however_many_ask_the_database_is_asked_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def look(line: bounded.Line) -> health.Checks:
        asked.append(time.monotonic())
        return health._look_at_paging(line)

    probe = health.Probe("counted", look)
    for _ in range(20):
        assert probe.found(60.0, 10.0) is not None
    assert len(asked) == 1
    probe._line.close()
