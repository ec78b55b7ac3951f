"""Starting, sharing and stopping the embedded server."""

import os
import stat
import threading
import time
from pathlib import Path

import psycopg
import pytest

from nightbell import postgres
from tests.postgres import servers


def test_a_server_starts_with_role_and_database_and_stops(data: Path) -> None:
    with postgres.start(data, servers.FAST) as server:
        assert server.owned
        assert servers.answer(server.url, "select current_user || ' ' || current_database()") == "nightbell nightbell"
        assert servers.answer(server.url, "select rolsuper from pg_roles where rolname = current_user") is False
    assert servers.server_of(data) is None


def test_what_was_written_is_there_after_a_restart(data: Path) -> None:
    with postgres.start(data, servers.FAST) as server, psycopg.connect(server.url) as connection:
        connection.execute("create table kept as select 42 as answer")
    with postgres.start(data, servers.FAST) as server:
        assert servers.answer(server.url, "select answer from kept") == 42


def test_nothing_listens_on_the_network_and_commits_are_flushed(data: Path) -> None:
    with postgres.start(data) as server:
        for setting, value in [
            ("listen_addresses", ""),
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),
        ]:
            assert servers.answer(server.url, f"show {setting}") == value


def test_text_sorts_the_same_on_every_machine(server: postgres.Server) -> None:
    if int(server.version) < 17:
        pytest.skip("the builtin locale came with PostgreSQL 17")
    locale = servers.answer(
        server.url, "select datlocprovider::text || datlocale from pg_database where datname = 'nightbell'"
    )
    assert locale == "bC.UTF-8"
    assert servers.answer(server.url, "select lower('ÄÖ')") == "äö"


def test_a_second_owner_is_told_who_is_the_first(server: postgres.Server, data: Path) -> None:
    with pytest.raises(postgres.Busy, match=rf"process {os.getpid()}.*{data}"):
        postgres.start(data)
    assert servers.answer(server.url) == 1


def test_a_second_owner_in_another_process_gets_busy(data: Path) -> None:
    with servers.owner(data) as first, pytest.raises(postgres.Busy, match=rf"process {first.pid}\b"):
        postgres.start(data)


def test_attaching_needs_a_running_server(data: Path) -> None:
    with pytest.raises(postgres.NotRunning, match="nightbell serve"):
        postgres.attach(data)
    assert not data.exists()
    postgres.start(data, servers.FAST).stop()
    with pytest.raises(postgres.NotRunning):
        postgres.attach(data)


def test_who_attaches_stops_nothing(server: postgres.Server, data: Path) -> None:
    with postgres.attach(data) as attached:
        assert not attached.owned
        assert attached.url == server.url
        assert attached.version == server.version
    with postgres.share(data) as shared:
        assert not shared.owned
    assert servers.answer(server.url) == 1


def test_sharing_starts_a_server_where_none_runs_and_stops_it(data: Path) -> None:
    with postgres.share(data) as shared:
        assert shared.owned
        assert servers.answer(shared.url) == 1
    assert servers.server_of(data) is None


def test_a_shared_server_stays_until_its_last_user_is_done(data: Path) -> None:
    first = postgres.share(data)
    second = postgres.share(data)
    leaving = threading.Thread(target=first.stop)
    leaving.start()
    try:
        time.sleep(0.3)
        assert servers.answer(second.url) == 1
    finally:
        second.stop()
        leaving.join(10)
    assert servers.server_of(data) is None


def test_an_owner_waits_for_a_verb_that_is_about_to_end(data: Path) -> None:
    shared = postgres.share(data)
    timer = threading.Timer(0.3, shared.stop)
    timer.start()
    with postgres.start(data, servers.FAST) as server:
        assert servers.answer(server.url) == 1
    timer.join()


def test_an_immediate_restart_loses_no_commit_and_keeps_the_address(data: Path) -> None:
    with postgres.start(data) as server:
        url = server.url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table kept as select 7 as answer")
            server.restart_immediate()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("select 1")
        assert server.url == url
        assert servers.answer(url, "select answer from kept") == 7


def test_a_server_that_died_is_started_again(server: postgres.Server, data: Path) -> None:
    server.ensure_running()
    servers.kill(data)
    server.ensure_running()
    assert servers.answer(server.url) == 1


def test_a_server_that_does_not_start_again_is_tried_again(server: postgres.Server, data: Path) -> None:
    servers.kill(data)
    version = data / "postgres" / "PG_VERSION"
    content = version.read_text()
    version.write_text("1\n")
    for _ in range(2):
        with pytest.raises(postgres.Unusable, match="did not start"):
            server.ensure_running()
    version.write_text(content)
    server.ensure_running()
    assert servers.answer(server.url) == 1


def test_a_server_is_started_from_the_main_thread_only(data: Path) -> None:
    caught: list[BaseException] = []

    def start() -> None:
        try:
            postgres.start(data, servers.FAST)
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(caught[0])


def test_a_forked_child_neither_stops_the_server_nor_keeps_its_lock(place: Path) -> None:
    data = place / ("long" * 30)  # its socket lies in a directory that stop() removes
    server = postgres.start(data, servers.FAST)
    reader, writer = os.pipe()
    child = servers.fork()
    if child == 0:
        server.stop()
        os.write(writer, b"x")
        time.sleep(5)
        os._exit(0)
    try:
        os.read(reader, 1)
        assert servers.answer(server.url) == 1
        server.stop()
        postgres.start(data, servers.FAST).stop()
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
        server.stop()


def test_a_setting_postgresql_does_not_know_is_shown_in_its_own_words(data: Path) -> None:
    with pytest.raises(postgres.Unusable, match="no_such_setting"):
        postgres.start(data, {"no_such_setting": "1"})
    postgres.start(data, servers.FAST).stop()


def test_the_environment_does_not_reach_the_server(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTBELL_SECRET_KEY", "not for the user the server runs as")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("LC_ALL", "xx_YY.nonsense")
    with postgres.start(data, servers.FAST) as server:
        assert servers.answer(server.url) == 1
        environment = Path(f"/proc/{servers.server_of(data)}/environ").read_bytes()
    assert b"PATH=" in environment
    assert not any(word in environment for word in (b"NIGHTBELL", b"PGPORT", b"nonsense"))


def test_the_data_is_closed_to_others(server: postgres.Server, data: Path) -> None:
    for directory in (data / "postgres", data / "run"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600
