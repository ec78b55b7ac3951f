"""How keys are used: when last, and how much each has written of late, shared between processes off the paging path.

Each process counts for itself and tells the database every few seconds, which answers with what all of them counted.
So several processes together let a key write a little more than its pace for a few seconds, and nobody waits for it.
"""

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from nightbell.data.background import Background

# The level is as of when the key was last used. Rows are locked in order, so that two processes do not cross.
MARK = """
with given as (
  select * from unnest(%(keys)s::uuid[], %(writes)s::int[]) as g(id, writes)
), locked as (
  select k.id from api_key k where k.id = any(%(keys)s::uuid[]) order by k.id for no key update
)
update api_key k set last_used_at = nightbell_now(), writes_level = g.writes + greatest(0, k.writes_level
  - %(per_minute)s / 60.0 * greatest(0, extract(epoch from nightbell_now() - k.last_used_at)))
from given g join locked l on l.id = g.id
where k.id = g.id
returning k.id, k.writes_level
"""

PAUSE = timedelta(seconds=5)


@dataclass(slots=True)
class _Use:
    """What this process knows of a key: its level at `at`, and the writes it has not told the database of."""

    level: float = 0.0
    at: float = 0.0
    untold: int = 0


_uses: dict[UUID, _Use] = {}
_lock = threading.Lock()


def mark(key_id: UUID) -> None:
    """Note that this key has been used."""
    _marker.add(key_id)


def level(key_id: UUID) -> float:
    """How much this key has written of late, as a level of its pace."""
    with _lock:
        return _use(key_id).level


def write(key_id: UUID) -> bool:
    """Count a write of this key, unless it has to wait; whether it was counted."""
    with _lock:
        use = _use(key_id)
        if settings.NIGHTBELL.key_pace.wait(use.level):
            return False
        use.level += 1
        use.untold += 1
    return True


def _use(key_id: UUID) -> _Use:
    """What is known of a key now; the caller holds the lock."""
    use, now = _uses.setdefault(key_id, _Use()), time.monotonic()
    use.level, use.at = settings.NIGHTBELL.key_pace.level(use.level, now - use.at), now
    return use


def _tell(key_ids: set[UUID]) -> None:
    with _lock:
        told = {key_id: _use(key_id).untold for key_id in key_ids}
    per_minute = settings.NIGHTBELL.key_pace.per_minute
    given: dict[str, Any] = {"keys": list(told), "writes": list(told.values()), "per_minute": per_minute}
    with connection.cursor() as cursor:
        cursor.execute(MARK, given)
        levels = cursor.fetchall()
    with _lock:
        for key_id, shared in levels:
            use = _use(key_id)
            use.untold -= told[key_id]
            use.level = shared + use.untold


_marker = Background("key-use", _tell, PAUSE)
