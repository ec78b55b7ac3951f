"""Who holds a lane's senders: the only place that bounds what a slow destination may hold, and sees it recover.

A destination is a mail domain, or an organization where no other fate is shared.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from uuid import UUID

from nightbell.core import delivery

# A domain or, where messages have none, an organization.
Shares = str | UUID

# An attempt in vain that took so long has held a sender for nothing.
SLOW_SECONDS = 4.0
# So many in a row, whomever they were for, and nobody taken for so long, say that nobody is.
IN_A_ROW = 3
QUIET_SECONDS = 15.0
# While nobody is taken, one that waits is tried so often. Each is a further attempt at somebody who may be the only one
# who is not taken: unless the channel itself is away, the next comes after twice the time.
PROBE_SECONDS = 5.0
LONGEST_PROBE_SECONDS = 60.0


class Breakers:
    """What one lane knows of its destinations, from what its own senders have seen; for any thread.

    One that took something when last tried may hold every sender. One nobody knows anything of, or that was slow,
    leaves a quarter of them free; one that was slow holds no more than a quarter while messages for others wait.
    """

    def __init__(self, senders: int, slow: float = SLOW_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._senders = senders
        self._slow_seconds = slow
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Counter[Shares] = Counter()
        self._healthy: set[Shares] = set()
        # In the order in which they are tried again.
        self._slow: dict[Shares, None] = {}
        self._failed_in_a_row = 0
        self._down = False
        self._away = False
        self._taken_at = float("-inf")
        self._probed_at = clock()
        self._pause = PROBE_SECONDS

    def begins(self, shares: Shares) -> bool:
        """Take a sender for it; False where it has as many as it may."""
        with self._lock:
            if self._held[shares] >= self._room(shares, others_wait=False):
                return False
            self._held[shares] += 1
            return True

    def ends(self, shares: Shares) -> None:
        """Its sender is free again."""
        with self._lock:
            self._held[shares] -= 1
            if not self._held[shares]:
                del self._held[shares]

    def closed(self, *, others_wait: bool) -> frozenset[Shares]:
        """Those that may hold no more senders; more of them where others wait."""
        with self._lock:
            return frozenset(
                shares for shares, held in self._held.items() if held >= self._room(shares, others_wait=others_wait)
            )

    def saw(self, shares: Shares, outcome: delivery.Outcome, seconds: float) -> Shares | bool:
        """Note an attempt and how long it took.

        What has recovered by it: this destination, True for all of them, False for none.
        """
        with self._lock:
            match outcome:
                case delivery.Accepted():
                    recovered: Shares | bool = self._down or (shares in self._slow and shares)
                    self._slow.pop(shares, None)
                    self._healthy.add(shares)
                    self._down = self._away = False
                    self._failed_in_a_row = 0
                    self._taken_at = self._clock()
                    self._pause = PROBE_SECONDS
                    return recovered
                case delivery.Unavailable(of_channel=of_channel):
                    self._failed_in_a_row += 1
                    quiet = self._clock() - self._taken_at >= QUIET_SECONDS
                    self._away = of_channel
                    self._down = self._down or of_channel or (quiet and self._failed_in_a_row >= IN_A_ROW)
                    self._healthy.discard(shares)
                    if seconds >= self._slow_seconds:
                        self._slow[shares] = None
                case _:
                    # That says nothing of how it would go for others.
                    pass
            return False

    def probes(self) -> Shares | bool:
        """Whether it is time to try one that waits: any where nobody is taken, or one of a slow destination."""
        with self._lock:
            pause = PROBE_SECONDS if self._away or not self._down else self._pause
            if not (self._down or self._slow) or self._clock() - self._probed_at < pause:
                return False
            self._probed_at = self._clock()
            if self._down:
                self._pause = min(2 * pause, LONGEST_PROBE_SECONDS)
                return True
            shares = next(iter(self._slow))
            self._slow[shares] = self._slow.pop(shares)
            return shares

    def _room(self, shares: Shares, *, others_wait: bool) -> int:
        if shares in self._healthy:
            return self._senders
        if shares in self._slow and others_wait:
            return max(1, self._senders // 4)
        return max(1, self._senders - self._senders // 4)
