"""Threads that work on requests: the only place that starts one, and that ends one which has rested."""

import queue
import threading
from collections.abc import Callable

Work = Callable[[], None]


class Threads:
    """At most `most` threads, each started when it is needed. `leave` is called in one that ends, as its last act."""

    def __init__(self, most: int, rest_seconds: float, leave: Work) -> None:
        self._most = most
        self._rest_seconds = rest_seconds
        self._leave = leave
        self._todo: queue.SimpleQueue[tuple[Work, Work] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        # Asked for and not done; and the threads there are, never fewer than it, up to the most.
        self._pending = 0
        self._threads: set[threading.Thread] = set()

    def run(self, work: Work, done: Work) -> None:
        """Have a thread do it, and then call `done`, whatever came of it."""
        with self._lock:
            self._pending += 1
            self._start_one()
        self._todo.put((work, done))

    def close(self) -> None:
        """Wait for what is under way."""
        with self._lock:
            threads = list(self._threads)
        for _ in threads:
            self._todo.put(None)
        for thread in threads:
            thread.join()

    def _start_one(self) -> None:
        """If there is work for one more. The lock is held."""
        if len(self._threads) < min(self._pending, self._most):
            thread = threading.Thread(target=self._live, name="web")
            self._threads.add(thread)
            thread.start()

    def _live(self) -> None:
        try:
            while True:
                try:
                    given = self._todo.get(timeout=self._rest_seconds)
                except queue.Empty:
                    if self._may_leave():
                        return
                    continue
                if given is None:
                    return
                self._do(*given)
        finally:
            # Where the work raised, too: Python tells it at the thread's end, and another takes its place.
            with self._lock:
                self._threads.discard(threading.current_thread())
                self._start_one()
            self._leave()

    def _do(self, work: Work, done: Work) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._pending -= 1
            done()

    def _may_leave(self) -> bool:
        """Not if something was put just now and counts on this thread."""
        with self._lock:
            if self._pending >= len(self._threads):
                return False
            self._threads.discard(threading.current_thread())
            return True
