"""How often Slack may be called: the only place that counts, by workspace and method, and by channel for posting.

The rates are Slack's published tiers: https://docs.slack.dev/apis/web-api/rate-limits
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

POST = "chat.postMessage"


class Priority(IntEnum):
    """Who goes first. A page waits only when Slack itself says so; the others also for our own count."""

    PAGE = 0
    NOTICE = 1
    EDIT = 2


# What part of a bucket is left alone by each: a page takes the last drop and more.
_KEPT = {Priority.NOTICE: 0.25, Priority.EDIT: 0.5}


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second, and how many at once after a rest."""

    per_second: float
    at_once: int


_TIER_2, _TIER_3, _TIER_4 = Rate(20 / 60, 5), Rate(50 / 60, 20), Rate(100 / 60, 40)
_RATES = {
    "chat.update": _TIER_3,
    "conversations.archive": _TIER_2,
    "conversations.create": _TIER_2,
    "conversations.invite": _TIER_3,
    "pins.list": _TIER_2,
    "users.lookupByEmail": _TIER_3,
    # "Several hundred a minute" for a workspace.
    POST: Rate(4.0, 100),
}
_A_CHANNELS_POSTS = Rate(1.0, 4)

Key = tuple[str, str, str]


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float
    shut_until: float = 0.0


class Buckets:
    """Shared by every sender of a process. Each process counts for itself; Slack's own word corrects them all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[Key, _Bucket] = {}

    def take(self, team_id: str, method: str, channel: str, priority: Priority) -> timedelta | None:
        """Take a call from its buckets, all or none; how long to wait where one of them does not give it."""
        keys = _keys(team_id, method, channel)
        with self._lock:
            wait = max(self._wait(key, priority) for key in keys)
            if wait > 0:
                return timedelta(seconds=wait)
            for key in keys:
                self._buckets[key].left -= 1
        return None

    def shut(self, team_id: str, method: str, channel: str, wait: timedelta) -> None:
        """Slack asks for a pause: of this method, or of this channel alone where it is posting."""
        key = _keys(team_id, method, channel)[-1]
        with self._lock:
            bucket = self._filled(key)
            bucket.shut_until = max(bucket.shut_until, self._clock() + wait.total_seconds())
            bucket.left = min(bucket.left, 1.0)

    def _wait(self, key: Key, priority: Priority) -> float:
        bucket, rate = self._filled(key), _rate(key)
        shut = bucket.shut_until - bucket.at
        if shut > 0:
            return shut
        if priority is Priority.PAGE:
            return 0.0
        return (1 + _KEPT[priority] * (rate.at_once - 1) - bucket.left) / rate.per_second

    def _filled(self, key: Key) -> _Bucket:
        now, rate = self._clock(), _rate(key)
        bucket = self._buckets.setdefault(key, _Bucket(float(rate.at_once), now))
        bucket.left = min(float(rate.at_once), bucket.left + (now - bucket.at) * rate.per_second)
        bucket.at = now
        return bucket


def _keys(team_id: str, method: str, channel: str) -> tuple[Key, ...]:
    """The buckets of a call; the narrowest, which a pause is for, comes last."""
    of_method = (team_id, method, "")
    return (of_method, (team_id, method, channel)) if method == POST and channel else (of_method,)


def _rate(key: Key) -> Rate:
    _, method, channel = key
    return _A_CHANNELS_POSTS if channel else _RATES.get(method, _TIER_4)
