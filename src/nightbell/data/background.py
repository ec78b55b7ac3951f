"""Small writes that nothing waits for, done by one thread a process, many at once; losing one costs no promise."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from django.db import Error, connection

log = logging.getLogger(__name__)
T = TypeVar("T")


class Background(Generic[T]):
    """Collects values and hands each lot to `write`, no oftener than every `pause`, on a connection of its own."""

    def __init__(self, name: str, write: Callable[[set[T]], None], pause: timedelta) -> None:
        self._name = name
        self._write = write
        self._pause = pause.total_seconds()
        self._waiting: set[T] = set()
        self._lock = threading.Lock()
        # A word for each lot: where one is waited for, an event costs several times as much.
        self._begun: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._idle = threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None

    def add(self, value: T) -> None:
        """Have `value` written soon."""
        with self._lock:
            if not self._waiting:
                self._idle.clear()
                self._begun.put(None)
            self._waiting.add(value)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def drain(self, timeout: timedelta) -> bool:
        """Wait until everything added has been written or given up; False where that takes longer than `timeout`."""
        return self._idle.wait(timeout.total_seconds())

    def _run(self) -> None:
        while True:
            self._begun.get()
            with self._lock:
                lot, self._waiting = self._waiting, set()
            try:
                self._write(lot)
            except Error as error:
                # The next lot gets a new connection; this one is decoration.
                log.warning("%s: %s", self._name, error)
                connection.close()
            with self._lock:
                if not self._waiting:
                    self._idle.set()
            time.sleep(self._pause)
