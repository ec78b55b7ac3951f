"""What is tidied now and then; every engine does it, and twice is no harm."""

import logging
import threading
from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.db import Error, connection

from nightbell.actions import contacts, gaps, once
from nightbell.data import beats
from nightbell.data.access.principal import SYSTEM

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
# How soon what somebody asks for on a page, and waits for, is begun.
ASKED = timedelta(seconds=2)
# How long an engine that stopped is remembered.
REMEMBERED = timedelta(days=1)


class Chores:
    """A thread of its own, because no deadline waits for a chore."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)

    def start(self) -> None:
        """Begin; tidying is an hour away, so that a restart loop does not tidy all the time."""
        self._thread.start()

    def stop(self) -> None:
        """No further round."""
        self._stop.set()

    def _run(self) -> None:
        rounds = 0
        while not self._stop.wait(ASKED.total_seconds()):
            rounds += 1
            try:
                contacts.match(SYSTEM)
                if rounds % (EVERY // ASKED) == 0:
                    tidy()
            except Error as error:
                log.warning("a chore failed, and is done in a later round: %s", error)
                connection.close()
        connection.close()


def tidy() -> None:
    """Forget what nobody is promised any more; tell admins of hours with nobody on call; look after contacts."""
    SessionStore.clear_expired()
    once.forget(SYSTEM)
    beats.forget(REMEMBERED)
    gaps.tell_all(SYSTEM)
    contacts.bring_all(SYSTEM)
    contacts.look_again(SYSTEM)
