"""Delivery: for each channel a lane, with senders of its own, so that no channel delays another, nor copies a page."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from nightbell.actions.deliveries import Looked
from nightbell.channels.base import Channel, Parcel
from nightbell.core import delivery, health
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.claims.messages import Lease
from nightbell.data.claims.turns import Turns
from nightbell.engine import beat
from nightbell.engine.breakers import SLOW_SECONDS, Breakers, Shares
from nightbell.engine.wake import Bell

log = logging.getLogger(__name__)

# With fewer free senders than one in this many, the lane waits a moment for more: each claim is a statement.
WORTH_CLAIMING = 4
MOMENT_SECONDS = 0.05
# How long a lane lets overdue deadlines go first, before each claim: the first to be paged do not wait for the last.
YIELD_SECONDS = 0.5
# So many senders are connected from the start: whoever else uses up the database's connections, pages go out.
WARM = 2
# How long a sender insists on the database while it is away: not longer than its lease.
INSIST_SECONDS = 20.0
# What waited for somebody who takes messages again is tried within so long, and not all at once.
ALL = 100_000
SPREAD = timedelta(seconds=3)
LOST_DATABASE = (OperationalError, InterfaceError)

R = TypeVar("R")


class Desk(Protocol):
    """What a lane delivers, and what is decided about it: `actions.deliveries` and `actions.copies` are two."""

    def claim(self, principal: Principal, /, channel: str, limit: int, whose: Turns | None = None) -> list[Lease]: ...

    def seconds_to_next(self, channel: str) -> float | None: ...

    def look(self, principal: Principal, /, lease: Lease) -> tuple[Parcel, Looked] | None: ...

    def settle(
        self,
        principal: Principal,
        /,
        lease: Lease,
        outcome: delivery.Outcome,
        backoff: Sequence[timedelta],
        looked: Looked,
    ) -> delivery.Outcome: ...

    def bring_forward(
        self, principal: Principal, /, channel: str, shares: Shares | None, limit: int, spread: timedelta
    ) -> None: ...

    def why_not(self, lease: Lease) -> str | None: ...

    def renew(self, principal: Principal, /, lease: Lease) -> None: ...

    def release(self, principal: Principal, /, leases: Sequence[Lease]) -> None: ...


class Lane:
    """What one desk has for one channel: a thread that leases what is due, and senders that deliver it."""

    def __init__(
        self,
        name: str,
        channel: str,
        desk: Desk,
        make_channel: Callable[[], Channel],
        senders: int,
        caught_up: threading.Event,
        moved: Callable[[], None] = beat.silent,
        slow: float = SLOW_SECONDS,
    ) -> None:
        """`caught_up` is cleared while more deadlines are due than a batch holds: they come before their messages.

        `moved` is called each time the lane's loop goes round. An attempt in vain that takes `slow` seconds is one of a
        slow destination.
        """
        self.name = name
        self._moved = moved
        self._channel = channel
        self._desk = desk
        self._caught_up = caught_up
        self._make_channel = make_channel
        self._bell = Bell()
        self._stopping = threading.Event()
        # The last to come free is the first to be used: few connections, and those warm. Guarded by the condition.
        self._free = [_Sender(self, f"{name}-sender-{number}", warm=number <= WARM) for number in range(senders, 0, -1)]
        self._senders = tuple(self._free)
        self._freed = threading.Condition()
        self._turns = Turns()
        self._breakers = Breakers(senders, slow)
        # What became of messages and is not written down yet: whoever leases one again writes that, and does not send.
        self._unsettled: dict[UUID, tuple[delivery.Outcome, Looked]] = {}
        self._claimer = threading.Thread(target=self._claim, name=f"{name}-lane", daemon=True)
        self.failures = 0

    def start(self) -> None:
        """Begin to deliver."""
        for sender in self._senders:
            sender.start()
        self._claimer.start()

    def stir(self) -> None:
        """Something may be due."""
        self._bell.ring()

    @property
    def overstaying(self) -> bool:
        """Whether every sender has been at one message for so long that no other has a way out."""
        longest = time.monotonic() - health.LONGEST_SENDING.total_seconds()
        return all(sender.since is not None and sender.since < longest for sender in self._senders)

    def stop(self, seconds: float) -> None:
        """Claim no more, give the senders `seconds` to finish, and give back what they have not finished by then."""
        deadline = time.monotonic() + seconds
        self._stopping.set()
        self._bell.ring()
        with self._freed:
            self._freed.notify_all()
        self._claimer.join(seconds)
        self._release([lease for sender in self._senders if (lease := sender.dismiss()) is not None])
        for sender in self._senders:
            sender.join(max(0.0, deadline - time.monotonic()))
        # Their calls end with this process, so that nobody need wait for their leases either.
        self._release([lease for sender in self._senders if (lease := sender.holds) is not None])

    def _release(self, leases: list[Lease]) -> None:
        if not leases:
            return
        try:
            self._desk.release(SYSTEM, leases)
        except LOST_DATABASE as error:
            log.warning("%s: leases not given back, they run out by themselves: %s", self.name, error)

    def _claim(self) -> None:
        """The lane's loop: as many leases as there are free senders."""
        while not self._stopping.is_set():
            self._moved()
            try:
                self._claim_once()
            except LOST_DATABASE as error:
                self.lost(error)
            except Exception:
                self.failures += 1
                log.exception("%s: claiming failed", self.name)
                connection.close()
                self._stopping.wait(1)
        connection.close()

    def _claim_once(self) -> None:
        self._caught_up.wait(YIELD_SECONDS)
        free = self._wait_for_senders()
        if self._stopping.is_set():
            return
        if (probed := self._breakers.probes()) is not False:
            self._bring_forward(probed, 1, timedelta())
        if free == 0:
            return
        closed = self._breakers.closed(others_wait=True)
        taken = self._lease(free, closed)
        if taken < free and (at_most := self._breakers.closed(others_wait=False)) != closed:
            taken += self._lease(free - taken, at_most)
        if taken < free:
            pause = self._desk.seconds_to_next(self._channel)
            # What is due and closed waits for a sender to come free, and that rings.
            self._bell.sleep(None if closed and pause is not None and pause <= 0 else pause)

    def _lease(self, free: int, closed: frozenset[Shares]) -> int:
        """Lease for as many senders as are free, and give back what would hold too many; how many were taken."""
        self._turns.closed = closed
        back: list[Lease] = []
        leases = self._desk.claim(SYSTEM, self._channel, free, self._turns)
        with self._freed:
            for lease in leases:
                if self._breakers.begins(lease.shares):
                    self._free.pop().take(lease)
                else:
                    back.append(lease)
        self._release(back)
        return len(leases) - len(back)

    def _bring_forward(self, shares: Shares | bool, limit: int, spread: timedelta) -> None:
        """Have some of what was tried in vain tried again, of one destination or, True, of all."""
        self._desk.bring_forward(SYSTEM, self._channel, None if isinstance(shares, bool) else shares, limit, spread)

    def _wait_for_senders(self) -> int:
        """How many are free: enough to be worth a claim, or what there is after a moment."""
        enough = max(1, len(self._senders) // WORTH_CLAIMING)
        with self._freed:
            self._freed.wait_for(lambda: self._stopping.is_set() or len(self._free) >= enough, MOMENT_SECONDS)
            return len(self._free)

    def deliver(self, channel: Channel, lease: Lease) -> None:
        """Look once more, send, and write down what became of it; in a sender's thread."""
        if (known := self._unsettled.get(lease.id)) is not None:
            self._settle(channel, lease, *known)
            return
        seen = self._insist(lambda: self._desk.look(SYSTEM, lease))
        if seen is None:
            return
        parcel, looked = seen
        began = time.monotonic()
        outcome = channel.send(parcel, _Hold(lambda: self._why_not(lease), lambda: self._renew(lease)))
        took = time.monotonic() - began
        # What is not written down is sent again: not by us, though.
        self._unsettled[lease.id] = outcome, looked
        judged = self._settle(channel, lease, outcome, looked)
        if (recovered := self._breakers.saw(lease.shares, judged, took)) is not False:
            self._insist(lambda: self._bring_forward(recovered, ALL, SPREAD))
            self._bell.ring()

    def _settle(self, channel: Channel, lease: Lease, outcome: delivery.Outcome, looked: Looked) -> delivery.Outcome:
        judged = self._insist(lambda: self._desk.settle(SYSTEM, lease, outcome, channel.backoff, looked))
        self._unsettled.pop(lease.id, None)
        return judged

    def _why_not(self, lease: Lease) -> str | None:
        """Why a message is not to be sent any more."""
        return self._insist(lambda: self._desk.why_not(lease))

    def _renew(self, lease: Lease) -> None:
        """Hold on to a lease; a database that is away now has not lost it yet."""
        try:
            self._desk.renew(SYSTEM, lease)
        except LOST_DATABASE as error:
            self.lost(error)

    def _insist(self, act: Callable[[], R]) -> R:
        """Do it, again and again while the database is away."""
        deadline = time.monotonic() + INSIST_SECONDS
        while True:
            try:
                return act()
            except LOST_DATABASE as error:
                if time.monotonic() > deadline:
                    raise
                self.lost(error)

    def connect(self) -> None:
        """Be connected before there is anything to deliver."""
        try:
            connection.ensure_connection()
        except LOST_DATABASE as error:
            self.lost(error)

    def make_channel(self) -> Channel:
        """A channel for one sender."""
        return self._make_channel()

    def free(self, sender: "_Sender", lease: Lease) -> None:
        """A sender has done with a lease, and can take the next one."""
        self._breakers.ends(lease.shares)
        with self._freed:
            self._free.append(sender)
            self._freed.notify()
        if self._turns.closed:
            self._bell.ring()

    def lost(self, error: Exception) -> None:
        """No request's end does it for our threads: close what is broken, so that the next statement connects."""
        log.warning("%s: the database is away, trying again: %s", self.name, str(error).strip())
        connection.close()
        time.sleep(0.2)


@dataclass(frozen=True, slots=True)
class _Hold:
    """A sender's hold on what it is sending, as a channel sees it."""

    why_not: Callable[[], str | None]
    renew: Callable[[], None]


class _Sender:
    """A thread that delivers one message after the other, on a connection and a channel of its own."""

    def __init__(self, lane: Lane, name: str, *, warm: bool) -> None:
        self._lane = lane
        self._warm = warm
        self._taken: queue.SimpleQueue[Lease | None] = queue.SimpleQueue()
        self.holds: Lease | None = None
        self.since: float | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.start = self._thread.start
        self.join = self._thread.join

    def take(self, lease: Lease) -> None:
        """Deliver this next."""
        self._taken.put(lease)

    def dismiss(self) -> Lease | None:
        """End after what is under way; the lease that was taken and is not."""
        try:
            untried = self._taken.get_nowait()
        except queue.Empty:
            untried = None
        self._taken.put(None)
        return untried

    def _run(self) -> None:
        if self._warm:
            self._lane.connect()
        channel: Channel | None = None
        while (lease := self._taken.get()) is not None:
            self.holds = lease
            self.since = time.monotonic()
            try:
                channel = channel or self._lane.make_channel()
                self._lane.deliver(channel, lease)
            except LOST_DATABASE as error:
                self._lane.lost(error)
            except Exception:
                self._lane.failures += 1
                log.exception("%s was not delivered; it is due again when its lease runs out", lease.id)
            self.holds = self.since = None
            self._lane.free(self, lease)
        if channel is not None:
            channel.close()
        connection.close()
