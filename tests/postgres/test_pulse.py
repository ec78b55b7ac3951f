"""A server that lives and does not answer: it is noticed, started again at the same place, and nothing is lost."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from nightbell import postgres
from nightbell.postgres import layout, processes, pulse
from tests.postgres import servers


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 0.1)


@pytest.fixture(params=["data", "long" * 30])
def kept(place: Path, request: pytest.FixtureRequest) -> Iterator[postgres.Server]:
    """A server that has promised to keep something."""
    with postgres.start(place / request.param) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("create table kept as select 7 as answer")
        yield server


def process_of(server: postgres.Server) -> int:
    running = servers.server_of(server.log.parent)
    assert running is not None
    return running


def looks(server: postgres.Server, seconds: float = 30) -> str:
    """What the owner's loop does, until it has something to say."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if why := server.ensure_running():
            return why
        time.sleep(0.05)
    raise AssertionError("nobody noticed")


def assert_started_again(server: postgres.Server, before: int) -> None:
    assert looks(server) == "it did not answer"
    assert process_of(server) != before
    assert servers.answer(server.url, "select answer from kept") == 7
    assert server.ensure_running() is None


def _socket(server: postgres.Server) -> None:
    layout.socket_file(server.socket_directory).unlink()


def _directory(server: postgres.Server) -> None:
    shutil.rmtree(server.socket_directory)


@pytest.mark.parametrize("lose", [_socket, _directory])
def test_p21_a_server_whose_socket_is_gone_is_started_again(
    kept: postgres.Server, lose: Callable[[postgres.Server], None]
) -> None:
    before = process_of(kept)
    lose(kept)
    assert_started_again(kept, before)


def test_p21_a_server_in_whose_place_another_answers_is_started_again(kept: postgres.Server, place: Path) -> None:
    before = process_of(kept)
    with postgres.start(place / "other", servers.FAST) as other:
        _socket(kept)
        layout.socket_file(kept.socket_directory).hardlink_to(layout.socket_file(other.socket_directory))
        assert_started_again(kept, before)
        assert servers.answer(other.url) == 1


def test_p21_a_frozen_server_is_started_again(kept: postgres.Server) -> None:
    before = process_of(kept)
    os.kill(before, signal.SIGSTOP)
    assert_started_again(kept, before)


def test_p21_a_server_frozen_with_all_its_processes_is_started_again(kept: postgres.Server) -> None:
    before = process_of(kept)
    with psycopg.connect(kept.url):
        for each in (before, *processes._children(before)):
            os.kill(each, signal.SIGSTOP)
        assert_started_again(kept, before)


def test_p21_backends_of_a_server_that_had_to_be_killed_do_not_hold_up_the_next(
    kept: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "IN_HASTE", processes.IN_HASTE[-1:])
    before = process_of(kept)
    with psycopg.connect(kept.url, autocommit=True) as connection:
        backend = connection.info.backend_pid
        os.kill(before, signal.SIGSTOP)
        monkeypatch.setattr(signal, "SIGCONT", signal.SIGURG)  # as a freezer does, which knows no continuing
        os.kill(backend, signal.SIGSTOP)
        assert_started_again(kept, before)


def test_p21_a_frozen_server_is_stopped_in_order(data: Path) -> None:
    with postgres.start(data, servers.FAST) as server:
        os.kill(process_of(server), signal.SIGSTOP)
    assert servers.server_of(data) is None
    assert "received fast shutdown request" in server.log.read_text()


def test_a_server_that_runs_and_is_slow_is_given_longer(
    server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "_is_stopped", lambda _pid: False)
    before = process_of(server)
    os.kill(before, signal.SIGSTOP)
    try:
        for _ in range(2 * pulse.SILENT_LOOKS):
            assert server.ensure_running() is None
            time.sleep(0.05)
    finally:
        os.kill(before, signal.SIGCONT)
    assert process_of(server) == before


def test_a_server_that_answers_late_is_left_alone(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 0.0)
    before = process_of(server)
    for _ in range(3):
        os.kill(before, signal.SIGSTOP)
        for _ in range(pulse.SILENT_LOOKS - 1):
            assert server.ensure_running() is None
        os.kill(before, signal.SIGCONT)
        until = time.monotonic() + 30
        while not server._pulse._is_answered(before):
            assert time.monotonic() < until
        assert server.ensure_running() is None
    assert process_of(server) == before


def test_many_looks_in_a_moment_are_no_silence(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 3600.0)
    _socket(server)
    for _ in range(3 * pulse.SILENT_LOOKS):
        assert server.ensure_running() is None


def test_a_server_with_too_many_clients_is_alive(data: Path) -> None:
    few = {**servers.FAST, "max_connections": "6", "superuser_reserved_connections": "1", "max_wal_senders": "0"}
    with postgres.start(data, few) as server:
        before = process_of(server)
        clients = [psycopg.connect(server.url) for _ in range(5)]
        with pytest.raises(psycopg.OperationalError, match="remaining connection slots"):
            psycopg.connect(server.url)
        for _ in range(2 * pulse.SILENT_LOOKS):
            assert server.ensure_running() is None
            time.sleep(0.05)
        for client in clients:
            client.close()
        assert process_of(server) == before


def test_looking_leaves_nothing_in_the_log(server: postgres.Server) -> None:
    before = server.log.read_text()
    for _ in range(5):
        assert server.ensure_running() is None
    assert server.log.read_text() == before
