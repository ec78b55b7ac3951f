"""Slack's rate limits: how often each method may be called, and when it may be called again."""

import math
import threading
import time
from collections.abc import Hashable

# Calls a minute; chat.postMessage counts by channel.
TIERS = {2: 20, 3: 50, 4: 100}
POSTS_A_SECOND = 1.0
POSTS_AT_ONCE = 3


class Limits:
    """Buckets that fill with time; one for each key that was ever asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[Hashable, tuple[float, float]] = {}

    def wait(self, key: Hashable, per_second: float, at_once: int) -> int:
        """Take one from a bucket; where it is empty, the whole seconds until it is not, and nothing is taken."""
        now = time.monotonic()
        with self._lock:
            left, since = self._left.get(key, (float(at_once), now))
            left = min(float(at_once), left + (now - since) * per_second)
            enough = left >= 1
            self._left[key] = (left - 1 if enough else left, now)
        return 0 if enough else max(1, math.ceil((1 - left) / per_second))
