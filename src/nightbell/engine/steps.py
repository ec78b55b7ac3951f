"""A clock that steps back: the only place that notices it."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from nightbell.actions import escalations
from nightbell.data import clock
from nightbell.data.access.principal import SYSTEM

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
# A step too small to be noticed, or that nobody was there to notice, waits no longer than this.
PULL_EVERY_SECONDS = 60.0
# Less is no step: clocks are corrected by slowing down, and a look takes its time.
SMALLEST_STEP = timedelta(seconds=1)


class Steps:
    """Compares the database's clock with one that cannot be set; for one thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._looked: tuple[float, datetime] | None = None
        self._pulled_at = float("-inf")

    def look(self) -> None:
        """Where the clock has stepped back since the last look, pull what is due to what it was set for."""
        at = self._monotonic()
        if self._looked is not None and at - self._looked[0] < LOOK_EVERY_SECONDS:
            return
        now = clock.now()
        back = self._back(at, now)
        self._looked = at, now
        if back > SMALLEST_STEP:
            log.warning("the database's clock has stepped back by %.0f s", back.total_seconds())
        elif at - self._pulled_at < PULL_EVERY_SECONDS:
            return
        pulled = {table: count for table, count in escalations.pull_back(SYSTEM).items() if count}
        self._pulled_at = at
        if pulled:
            log.warning("due later than they were set for, and pulled to that: %s", pulled)

    def _back(self, at: float, now: datetime) -> timedelta:
        """How far the clock is behind what it should have reached at least."""
        if self._looked is None:
            return timedelta()
        before, then = self._looked
        return then + timedelta(seconds=at - before) - now
