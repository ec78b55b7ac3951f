"""Threads that work on requests: as many as are needed, none that rests for long, and none missing after a fault."""

import threading
from queue import SimpleQueue

import pytest

from nightbell.cli.threads import Threads


def nothing() -> None:
    """Nothing to do."""


def test_there_are_as_many_as_are_needed_and_no_more() -> None:
    threads = Threads(2, 60.0, nothing)
    names: SimpleQueue[threading.Thread] = SimpleQueue()
    done: SimpleQueue[None] = SimpleQueue()
    together = threading.Barrier(2)

    def meet() -> None:
        together.wait(20)
        names.put(threading.current_thread())

    for _ in range(4):
        threads.run(meet, lambda: done.put(None))
    for _ in range(4):
        done.get(timeout=20)
    assert len({names.get() for _ in range(4)}) == 2
    threads.close()


def test_one_that_rested_gives_back_what_it_keeps_and_another_comes_when_there_is_work() -> None:
    left: SimpleQueue[threading.Thread] = SimpleQueue()
    threads = Threads(1, 0.01, lambda: left.put(threading.current_thread()))
    for _ in range(3):
        done = threading.Event()
        threads.run(nothing, done.set)
        assert done.wait(20)
        thread = left.get(timeout=20)
        thread.join(20)
        assert not thread.is_alive()
    threads.close()
    assert left.empty()


def test_work_that_raises_is_done_and_keeps_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    told: SimpleQueue[object] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", told.put)
    threads = Threads(1, 60.0, nothing)
    done: SimpleQueue[str] = SimpleQueue()
    go_on = threading.Event()

    def fail() -> None:
        go_on.wait(20)
        raise ValueError("a fault of ours")

    threads.run(fail, lambda: done.put("first"))
    threads.run(nothing, lambda: done.put("second"))
    go_on.set()
    assert [done.get(timeout=20), done.get(timeout=20)] == ["first", "second"]
    assert told.get(timeout=20)
    threads.close()


def test_closing_waits_for_what_is_under_way() -> None:
    threads = Threads(1, 60.0, nothing)
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(20)

    threads.run(work, done.set)
    assert begun.wait(20)
    closing = threading.Thread(target=threads.close)
    closing.start()
    assert closing.is_alive()
    go_on.set()
    closing.join(20)
    assert done.is_set()
