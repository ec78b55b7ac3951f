"""An engine's signs of life: by progress of all its loops, to its supervisor and to the database."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from nightbell import postgres
from nightbell.actions import deliveries, escalations
from nightbell.channels.base import Channel, Hold, Parcel
from nightbell.core import delivery, health
from nightbell.data import beats
from nightbell.data.access.principal import SYSTEM
from nightbell.engine import beat, chores, loop
from nightbell.engine.lanes import Lane
from tests.engine.conftest import Start
from tests.engine.processes import Engine, ask, count, eventually
from tests.frozen import frozen
from tests.world import World

pytestmark = pytest.mark.xdist_group("engine")


class Signs:
    """The end of a pipe at which a supervisor listens."""

    def __init__(self, read: int) -> None:
        self._read = read
        os.set_blocking(read, False)

    def came(self) -> bool:
        """Whether there was one since this was last asked."""
        try:
            return bool(os.read(self._read, 65536))
        except BlockingIOError:
            return False


@contextmanager
def listening() -> Iterator[tuple[Signs, int]]:
    read, write = os.pipe()
    try:
        yield Signs(read), write
    finally:
        os.close(read)
        os.close(write)


@pytest.fixture
def watched(world: World, server: postgres.Server, tmp_path: Path) -> Iterator[tuple[Engine, Signs]]:
    """A real engine, and what its supervisor would hear."""
    with listening() as (signs, write):
        engine = Engine(tmp_path / "engine.log", server.url, world.mail.url, NIGHTBELL_BEAT=str(write))
        engine.inherits = (write,)
        with engine:
            engine.wait_until_ready()
            eventually(signs.came)
            # From now on the beat has a connection that it keeps.
            eventually(lambda: count("select count(*) from engine_beat") == 1)
            yield engine, signs
    connection.close()
    world.forgets_mail()


def test_a_sign_is_given_when_every_loop_has_moved_since_the_last() -> None:
    signs: list[int] = []
    progress = beat.Progress(["deadlines", "email"], lambda: signs.append(1))
    for _ in range(3):
        progress.moved("deadlines")
    assert (len(signs), progress.rounds) == (0, 0)
    progress.moved("email")
    assert (len(signs), progress.rounds) == (1, 1)
    progress.moved("email")
    assert len(signs) == 1
    progress.moved("deadlines")
    assert (len(signs), progress.rounds) == (2, 2)
    assert set(progress.ages()) == {"deadlines", "email"}


def test_a_sign_never_waits_for_a_supervisor_that_does_not_listen() -> None:
    with listening() as (_, write):
        sign = beat.through(write)
        for _ in range(100_000):
            sign()
    sign()
    beat.through(write)()


def test_p25_a_frozen_engine_gives_no_sign_and_its_row_grows_old(watched: tuple[Engine, Signs]) -> None:
    engine, signs = watched
    eventually(lambda: count("select count(*) from engine_beat") == 1)
    [(before,)] = ask("select beat_at from engine_beat")
    eventually(lambda: ask("select beat_at from engine_beat") > [(before,)])
    engine.send(signal.SIGSTOP)
    eventually(lambda: not signs.came())
    [(last,)] = ask("select beat_at from engine_beat")
    time.sleep(2 * beat.EVERY_SECONDS)
    assert not signs.came()
    assert ask("select beat_at from engine_beat") == [(last,)]
    engine.send(signal.SIGCONT)
    eventually(lambda: signs.came() and ask("select beat_at from engine_beat") > [(last,)])


def test_p25_an_engine_that_waits_for_a_frozen_database_counts_as_alive(
    watched: tuple[Engine, Signs], server: postgres.Server
) -> None:
    _, signs = watched
    connection.close()
    with frozen(server):
        time.sleep(1)
        signs.came()
        for _ in range(2):
            # A third of what a supervisor allows.
            eventually(signs.came, seconds=10)
    eventually(signs.came)


def test_p25_an_engine_that_waits_for_a_lost_database_counts_as_alive(
    watched: tuple[Engine, Signs], server: postgres.Server
) -> None:
    engine, signs = watched
    connection.close()
    with away(server):
        eventually(lambda: "the database is away" in engine.said)
        signs.came()
        for _ in range(3):
            eventually(signs.came, seconds=10)
    eventually(lambda: count("select count(*) from engine_beat") == 1)


@contextmanager
def away(server: postgres.Server) -> Iterator[None]:
    """The server has ended; it comes back afterwards."""
    process = server._process
    assert process is not None
    process.send_signal(signal.SIGINT)
    process.wait(30)
    try:
        yield
    finally:
        server.ensure_running()


@pytest.mark.parametrize("hangs", ["deadlines", "email"])
def test_p25_a_loop_that_hangs_is_told_by_no_other(world: World, monkeypatch: pytest.MonkeyPatch, hangs: str) -> None:
    signs: list[float] = []
    hung, over, stop = threading.Event(), threading.Event(), threading.Event()

    def hang(*_given: object) -> list[object]:
        hung.set()
        over.wait(60)
        return []

    engine = loop.Engine(lambda: signs.append(time.monotonic()))
    running = threading.Thread(target=engine.run, args=(stop,))
    running.start()
    try:
        eventually(lambda: len(signs) > 1 and count("select count(*) from engine_beat") == 1)
        if hangs == "deadlines":
            monkeypatch.setattr(escalations, "fire_due", lambda _principal: len(hang()))
        else:
            monkeypatch.setattr(deliveries, "claim", hang)
        assert hung.wait(30)
        time.sleep(beat.EVERY_SECONDS)
        before = len(signs), ask("select beat_at from engine_beat")
        time.sleep(2 * beat.EVERY_SECONDS)
        assert (len(signs), ask("select beat_at from engine_beat")) == before
    finally:
        stop.set()
        over.set()
        running.join(30)


class _Endless(Channel):
    name = "email"
    backoff = (timedelta(seconds=15),)
    over = threading.Event()

    def _send(self, parcel: Parcel, hold: Hold) -> delivery.Outcome:  # noqa: ARG002 -- whatever it is
        self.over.wait(30)
        return delivery.Unavailable("nobody there")

    def close(self) -> None:
        pass


def test_p32_a_lane_whose_senders_all_overstay_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LONGEST_SENDING", timedelta(seconds=0.5))
    _Endless.over.clear()
    caught_up = threading.Event()
    caught_up.set()
    lane = Lane("email", "email", deliveries, _Endless, 2, caught_up)
    lane.start()
    try:
        world.opens("One", layers=[([world.member("Ana")], 5)], paging=False)
        escalations.fire_due(SYSTEM)
        lane.stir()
        time.sleep(1)
        assert not lane.overstaying, "one sender is free"
        world.opens("Two", layers=[([world.member("Bo")], 5)], paging=False)
        escalations.fire_due(SYSTEM)
        lane.stir()
        eventually(lambda: lane.overstaying)
    finally:
        _Endless.over.set()
        eventually(lambda: not lane.overstaying)
        lane.stop(5)
    world.forgets_mail()


def test_engines_that_stopped_are_forgotten(world: World, start: Start) -> None:
    engine = start()
    eventually(lambda: count("select count(*) from engine_beat") == 1)
    engine.kill()
    beats.forget(chores.REMEMBERED)
    assert count("select count(*) from engine_beat") == 1
    ask("update engine_beat set beat_at = nightbell_now() - interval '25 hours'")
    beats.forget(chores.REMEMBERED)
    assert count("select count(*) from engine_beat") == 0
