"""The verb that runs one engine: `nightbell engine`."""

import os
import signal
import sys
import threading

from nightbell.cli import proof
from nightbell.conf import env
from nightbell.engine import beat, loop

ASKED_TWICE = 1
_STOPS = (signal.SIGTERM, signal.SIGINT)


def engine() -> None:
    """Run one engine: it fires deadlines and sends pages. Any number of them may run on one database.

    It stops on SIGTERM: claims no more, finishes what is under way within ten seconds. A second one stops it at once.
    """
    descriptor = env.beat_descriptor()
    sign = beat.silent if descriptor is None else beat.through(descriptor)
    stop = threading.Event()
    # A thread waits for the signal, because a handler that sets an event while its own thread waits for it can block.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    threading.Thread(target=_wait_for_signal, args=(stop,), name="signals", daemon=True).start()

    def pause(seconds: float) -> None:
        sign()
        if stop.wait(seconds):
            sys.exit(0)

    proof.patiently(lambda: None, pause)
    loop.run(stop, sign)


def _wait_for_signal(stop: threading.Event) -> None:
    signal.sigwait(_STOPS)
    stop.set()
    signal.sigwait(_STOPS)
    os._exit(ASKED_TWICE)
