"""The engine: fire what is due, have it delivered, sleep until there is more; any number of them on one database."""

import logging
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import connection

from nightbell.actions import copies, deliveries, escalations
from nightbell.channels import registry
from nightbell.channels.declaration import Ability
from nightbell.data.access.principal import SYSTEM
from nightbell.engine import beat
from nightbell.engine.chores import Chores
from nightbell.engine.lanes import LOST_DATABASE, Lane
from nightbell.engine.steps import Steps
from nightbell.engine.wake import Bell, Listener

log = logging.getLogger(__name__)

DRAIN_SECONDS = 10.0
# Senders work all the time; a deadline waits for the interpreter this long at most, not ten times as long.
SWITCH_SECONDS = 0.0005
# Copies have few senders of their own: they may be late, and never make a page late.
COPY_SENDERS = 4
DEADLINES = "deadlines"


def run(stop: threading.Event, sign: Callable[[], None] = beat.silent) -> None:
    """Run an engine in this thread until `stop` is set; then finish what is under way, within ten seconds.

    `sign` is called while all its loops go round.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    Engine(sign).run(stop)


class Engine:
    """Deadlines in the calling thread, deliveries and copies in lanes of their own, chores beside them."""

    def __init__(self, sign: Callable[[], None] = beat.silent) -> None:
        self._bell = Bell()
        self._listener = Listener(self._bell)
        self._behind = threading.Event()
        self._caught_up = threading.Event()
        self._caught_up.set()
        pages, shown = registry.makers(Ability.PAGE), registry.makers(Ability.EDIT)
        self._progress = beat.Progress([DEADLINES, *pages, *map(_copies_of, shown)], sign)
        self._lanes = [
            Lane(name, name, deliveries, make, settings.NIGHTBELL.senders, self._caught_up, self._moving(name))
            for name, make in pages.items()
        ] + [
            Lane(_copies_of(name), name, copies, make, COPY_SENDERS, self._caught_up, self._moving(_copies_of(name)))
            for name, make in shown.items()
        ]
        self._beat = beat.Beat(self._progress, self._overstaying)
        self._chores = Chores()
        self._steps = Steps()
        self.failures = 0

    def run(self, stop: threading.Event) -> None:
        """See `run` above."""
        watcher = threading.Thread(target=self._ring_on, args=(stop,), name="stop", daemon=True)
        watcher.start()
        self._listener.start()
        for lane in self._lanes:
            lane.start()
        self._chores.start()
        self._beat.start()
        threading.Thread(target=self._assist, args=(stop,), name="assistant", daemon=True).start()
        log.info("the engine runs")
        while not stop.is_set():
            self._turn(stop)
        self._drain()

    def _turn(self, stop: threading.Event) -> None:
        """Once round: fire, and sleep if that was all. Whatever goes wrong, the next turn comes."""
        self._progress.moved(DEADLINES)
        try:
            self._steps.look()
            fired = self._fire()
            if fired >= escalations.BATCH:
                self._behind.set()
                self._caught_up.clear()
            else:
                self._caught_up.set()
            if fired < escalations.BATCH and not stop.is_set():
                self._sleep(fired)
        except LOST_DATABASE as error:
            self._lost(error)
        except Exception:
            self.failures += 1
            log.exception("a turn of the engine failed")
            connection.close()
            stop.wait(1)

    def _assist(self, stop: threading.Event) -> None:
        """While there is more due than one batch, prepare one while the database writes the other."""
        while not stop.is_set():
            self._behind.wait()
            self._behind.clear()
            try:
                while not stop.is_set() and self._fire() >= escalations.BATCH:
                    pass
            except LOST_DATABASE as error:
                self._lost(error)
            except Exception:
                self.failures += 1
                log.exception("the engine's second hand failed")
            connection.close()

    def _ring_on(self, stop: threading.Event) -> None:
        stop.wait()
        self._bell.ring()

    def _sleep(self, fired: int) -> None:
        pause = escalations.seconds_to_next()
        if fired and pause is not None and pause <= 0:
            return  # more has come due meanwhile
        self._bell.sleep(pause)
        self._stir()

    def _moving(self, lane: str) -> Callable[[], None]:
        return partial(self._progress.moved, lane)

    def _overstaying(self) -> list[str]:
        return [lane.name for lane in self._lanes if lane.overstaying]

    def _stir(self) -> None:
        for lane in self._lanes:
            lane.stir()

    def _drain(self) -> None:
        log.info("the engine stops: no more claims, %d s to finish", DRAIN_SECONDS)
        deadline = time.monotonic() + DRAIN_SECONDS
        self._chores.stop()
        self._beat.stop()
        for lane in self._lanes:
            lane.stop(max(0.0, deadline - time.monotonic()))
        self._listener.stop()
        connection.close()

    def _fire(self) -> int:
        """Fire one batch; a batch that fails is gone through one by one, so that one bad row stops nobody."""
        try:
            fired = escalations.fire_due(SYSTEM)
        except LOST_DATABASE:
            raise
        except Exception:
            self.failures += 1
            log.exception("a batch of due incidents failed; trying each alone")
            fired = self._fire_each()
        if fired:
            self._stir()
        return fired

    def _fire_each(self) -> int:
        fired = 0
        for incident_id in escalations.due_now():
            try:
                fired += escalations.fire_one(SYSTEM, incident_id)
            except LOST_DATABASE:
                raise
            except Exception:
                self.failures += 1
                log.exception("incident %s cannot be advanced; it is set aside for a minute", incident_id)
                escalations.set_aside(SYSTEM, incident_id)
        return fired

    def _lost(self, error: Exception) -> None:
        """No request's end does it for this thread: close what is broken, so that the next statement connects anew."""
        log.warning("the database is away, trying again: %s", str(error).strip())
        connection.close()
        time.sleep(0.2)


def _copies_of(channel: str) -> str:
    """The name of the lane that keeps this channel's messages up to date."""
    return f"{channel}-copies"
