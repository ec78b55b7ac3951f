"""An engine's signs of life: the only place that says them, to its supervisor and to the database, by progress."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata

import psycopg

from nightbell.actions import ids
from nightbell.data import beats
from nightbell.data.bounded import Line

log = logging.getLogger(__name__)

EVERY_SECONDS = 3.0
# How soon after its start an engine is seen: its loops have gone round by then.
FIRST_SECONDS = 0.2
UNREACHABLE = (psycopg.OperationalError, psycopg.InterfaceError)


def silent() -> None:
    """A sign to nobody: nobody watches over this process."""


def through(descriptor: int) -> Callable[[], None]:
    """A sign through the pipe whose other end the supervisor reads. It never waits, whoever reads there or not."""
    with contextlib.suppress(OSError):
        os.set_blocking(descriptor, False)

    def sign() -> None:
        with contextlib.suppress(OSError):
            os.write(descriptor, b".")

    return sign


class Progress:
    """Whether all loops go round: a sign is given when each of them has since the last one.

    No thread gives it for another: an engine whose loops hang gives none, however well the rest of it does.
    """

    def __init__(self, loops: Iterable[str], sign: Callable[[], None] = silent) -> None:
        self._lock = threading.Lock()
        self._moved_at = dict.fromkeys(loops, time.monotonic())
        self._missing = set(self._moved_at)
        self._sign = sign
        self.rounds = 0

    def moved(self, loop: str) -> None:
        """This loop has gone round once more, or still tries to reach the database."""
        with self._lock:
            self._moved_at[loop] = time.monotonic()
            self._missing.discard(loop)
            if self._missing:
                return
            self._missing = set(self._moved_at)
            self.rounds += 1
        self._sign()

    def waits_for_database(self) -> None:
        """The database does not answer: loops that wait for its answer are not hanging."""
        self._sign()

    def ages(self) -> dict[str, float]:
        """How many seconds ago each loop last went round."""
        now = time.monotonic()
        with self._lock:
            return {loop: round(now - at, 1) for loop, at in self._moved_at.items()}


class Beat:
    """A thread that writes the engine's row while its loops go round; off their way, and nothing waits for it."""

    def __init__(self, progress: Progress, overstaying: Callable[[], Sequence[str]]) -> None:
        self._progress = progress
        self._overstaying = overstaying
        self._engine = beats.Engine(ids.new(), os.uname().nodename, metadata.version("nightbell"))
        self._line = Line("nightbell beat")
        self._written = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """No further beat."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS if self._written else FIRST_SECONDS):
            try:
                self._once()
            except UNREACHABLE as error:
                log.warning("no beat written, the database is away: %s", str(error).strip())
                self._progress.waits_for_database()
            except psycopg.Error as error:
                log.warning("no beat written: %s", str(error).strip())
        self._line.close()

    def _once(self) -> None:
        rounds = self._progress.rounds
        if rounds == self._written:
            # Some loop has not moved. If that is because the database is frozen, this notices.
            beats.look(self._line)
            return
        beats.write(self._line, self._engine, self._progress.ages(), self._overstaying())
        self._written = rounds
