"""Delivery: for each channel a lane, with senders of its own, so that no channel delays another."""

import logging
import queue
import threading
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

from nightbell.actions import deliveries
from nightbell.channels.base import Channel
from nightbell.data.claims.messages import Lease
from nightbell.engine.wake import Bell

log = logging.getLogger(__name__)

# With fewer free senders than one in this many, the lane waits a moment for more: each claim is a statement.
WORTH_CLAIMING = 4
MOMENT_SECONDS = 0.05
# How long a sender tries to write down what became of an attempt while the database is away.
SETTLE_SECONDS = 20.0
LOST_DATABASE = (OperationalError, InterfaceError)


class Lane:
    """One channel's messages: a thread that leases what is due, and senders that deliver it."""

    def __init__(self, name: str, make_channel: Callable[[], Channel], senders: int) -> None:
        self._name = name
        self._make_channel = make_channel
        self._senders = senders
        self._bell = Bell()
        self._waiting: queue.SimpleQueue[Lease | None] = queue.SimpleQueue()
        self._busy = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, name=f"{name}-sender-{number}", daemon=True)
            for number in range(senders)
        ]
        self._claimer = threading.Thread(target=self._claim, name=f"{name}-lane", daemon=True)
        self.failures = 0

    def start(self) -> None:
        """Begin to deliver."""
        for thread in (*self._threads, self._claimer):
            thread.start()

    def stir(self) -> None:
        """Something may be due."""
        self._bell.ring()

    def stop(self, seconds: float) -> None:
        """Claim no more, give back what no sender has taken up, and give the others `seconds` to finish."""
        deadline = time.monotonic() + seconds
        self._stopping.set()
        self._bell.ring()
        self._claimer.join(seconds)
        untried = self._untaken()
        for _ in self._threads:
            self._waiting.put(None)
        try:
            deliveries.release(untried)
        except LOST_DATABASE as error:
            log.warning("%s: leases not given back, they run out by themselves: %s", self._name, error)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _untaken(self) -> list[Lease]:
        untaken: list[Lease] = []
        while True:
            try:
                lease = self._waiting.get_nowait()
            except queue.Empty:
                return untaken
            if lease is not None:
                untaken.append(lease)

    def _claim(self) -> None:
        """The lane's loop: as many leases as there are free senders."""
        waited = False
        while not self._stopping.is_set():
            free = self._senders - self._busy
            few = free < max(1, self._senders // WORTH_CLAIMING)
            if free == 0 or (few and not waited):
                waited = free > 0
                self._bell.sleep(MOMENT_SECONDS if free else None)
                continue
            waited = False
            try:
                leases = deliveries.claim(self._name, free)
                pause = None if leases else deliveries.seconds_to_next(self._name)
            except LOST_DATABASE as error:
                self._lost(error)
                continue
            except Exception:
                self.failures += 1
                log.exception("%s: claiming failed", self._name)
                self._stopping.wait(1)
                continue
            with self._lock:
                self._busy += len(leases)
            for lease in leases:
                self._waiting.put(lease)
            if not leases:
                self._bell.sleep(pause)
        connection.close()

    def _send(self) -> None:
        """A sender's loop: one message after the other, on a connection and a channel of its own."""
        channel = self._make_channel()
        while (lease := self._waiting.get()) is not None:
            try:
                self._deliver(channel, lease)
            except LOST_DATABASE as error:
                self._lost(error)
            except Exception:
                self.failures += 1
                log.exception("%s: %s was not delivered; it is due again when its lease runs out", self._name, lease.id)
            with self._lock:
                self._busy -= 1
            self._bell.ring()
        channel.close()
        connection.close()

    def _deliver(self, channel: Channel, lease: Lease) -> None:
        seen = deliveries.look(lease)
        if seen is None:
            return
        parcel, looked_at = seen
        outcome = channel.send(parcel)
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            try:
                deliveries.settle(lease, outcome, channel.backoff, looked_at)
            except LOST_DATABASE as error:
                # What is not written down is sent again when the lease runs out: better tried for a while.
                if time.monotonic() > deadline:
                    raise
                self._lost(error)
            else:
                return

    def _lost(self, error: Exception) -> None:
        """No request's end does it for our threads: close what is broken, so that the next statement connects."""
        log.warning("%s: the database is away, trying again: %s", self._name, str(error).strip())
        connection.close()
        time.sleep(0.2)
