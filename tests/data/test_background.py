"""Small writes that nothing waits for: many at once, and they survive a broken connection."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from nightbell.actions import keys
from nightbell.data import key_use, wake
from nightbell.data.background import Background
from nightbell.data.models import ApiKey
from tests import races
from tests.world import World

PATIENCE_SECONDS = 15.0


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def terminate(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 5000)", (pid,))


def test_a_lot_that_meets_a_broken_connection_is_lost_and_the_next_is_written(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    written: queue.SimpleQueue[tuple[int, set[str]]] = queue.SimpleQueue()

    def write(lot: set[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            (pid,) = cursor.fetchone()
        written.put((pid, lot))

    background = Background("decoration", write, timedelta(milliseconds=1))
    background.add("one")
    pid, lot = written.get(timeout=PATIENCE_SECONDS)
    assert lot == {"one"}
    terminate(pid)
    with caplog.at_level(logging.WARNING):
        background.add("lost")
        eventually(lambda: "decoration: " in caplog.text)
    background.add("two")
    again, lot = written.get(timeout=PATIENCE_SECONDS)
    assert (lot, again == pid) == ({"two"}, False)
    terminate(again)


def test_what_comes_while_it_pauses_is_written_at_once(world: World) -> None:
    written: queue.SimpleQueue[set[int]] = queue.SimpleQueue()
    background = Background("decoration", written.put, timedelta(milliseconds=300))
    background.add(0)
    assert written.get(timeout=PATIENCE_SECONDS) == {0}
    for number in (1, 2, 2, 3):
        background.add(number)
    assert written.get(timeout=PATIENCE_SECONDS) == {1, 2, 3}
    assert written.empty()


def test_whoever_stops_waits_for_what_is_not_written_yet_but_not_for_ever(world: World) -> None:
    written: queue.SimpleQueue[set[int]] = queue.SimpleQueue()
    go_on = threading.Event()

    def write(lot: set[int]) -> None:
        go_on.wait(PATIENCE_SECONDS)
        written.put(lot)

    background = Background("decoration", write, timedelta(milliseconds=1))
    assert background.drain(timedelta(0))
    background.add(1)
    assert not background.drain(timedelta(milliseconds=50))
    go_on.set()
    assert background.drain(timedelta(seconds=PATIENCE_SECONDS))
    assert written.get_nowait() == {1}


def test_a_key_that_was_used_says_when(world: World) -> None:
    made, _ = keys.create(world.operator, "ci")
    other, _ = keys.create(world.operator, "unused")

    def is_marked() -> bool:
        # Another story may have ended the connection it writes on: then one mark is lost, and the next is not.
        key_use.mark(made.id)
        return ApiKey.objects.get(id=made.id).last_used_at is not None

    eventually(is_marked)
    assert ApiKey.objects.get(id=other.id).last_used_at is None


def test_engines_are_woken_again_after_the_notifier_lost_its_connection(world: World) -> None:
    with races.stranger() as listening:
        listening.execute(f"listen {wake.CHANNEL}".encode())
        listening.commit()
        wake.engines()
        assert len(list(listening.notifies(timeout=5, stop_after=1))) == 1
        with connection.cursor() as cursor:
            cursor.execute("select pid from pg_stat_activity where query = 'notify nightbell_wake'")
            pids = [pid for (pid,) in cursor.fetchall()]
        assert pids
        for pid in pids:
            terminate(pid)

        def is_heard() -> bool:
            wake.engines()
            return bool(list(listening.notifies(timeout=0.1, stop_after=1)))

        eventually(is_heard)
