"""What an engine sleeps on: a notification from the database, or the next due instant; a poll is the net under both."""

import logging
import threading

import psycopg
from django.db import connection

from nightbell.data import wake

log = logging.getLogger(__name__)

# A notification that was lost costs at most this.
LONGEST_SLEEP_SECONDS = 1.0
# What is due and could not be claimed is locked by somebody who will be done in a moment.
HELD_SECONDS = 0.02


class Bell:
    """Rings whoever sleeps on it; several rings while nobody sleeps are one."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ring(self) -> None:
        """Wake the sleeper, now or when it next lies down."""
        self._event.set()

    def sleep(self, seconds: float | None) -> None:
        """Until the bell rings or `seconds` have passed; None is as long as may be, and none at all a moment."""
        if seconds is None:
            seconds = LONGEST_SLEEP_SECONDS
        self._event.wait(min(seconds, LONGEST_SLEEP_SECONDS) if seconds > 0 else HELD_SECONDS)
        self._event.clear()


class Listener:
    """A thread with a raw connection that listens, and rings a bell for what it hears; the poll works without it."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; takes at most a second."""
        self._stop.set()
        self._thread.join(2 * LONGEST_SLEEP_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("listening failed, polling meanwhile: %s", error)
                self._stop.wait(LONGEST_SLEEP_SECONDS)

    def _listen(self) -> None:
        parameters = connection.get_connection_params()
        for name in ("context", "cursor_factory", "prepare_threshold"):
            parameters.pop(name, None)
        with psycopg.connect(**parameters, autocommit=True) as listening:
            listening.execute(f"listen {wake.CHANNEL}")
            # Whatever was said before this connection listened.
            self._bell.ring()
            while not self._stop.is_set():
                for _ in listening.notifies(timeout=LONGEST_SLEEP_SECONDS, stop_after=1):
                    self._bell.ring()
