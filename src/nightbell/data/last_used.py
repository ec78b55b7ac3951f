"""When a key was last used: off the request's transaction, because nobody's page may wait for a decoration."""

from datetime import timedelta
from uuid import UUID

from django.db import connection

from nightbell.data.background import Background

MARK = "update api_key set last_used_at = nightbell_now() where id = any(%(keys)s::uuid[])"


def mark(key_id: UUID) -> None:
    """Note that this key has been used."""
    _marker.add(key_id)


def _mark(keys: set[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MARK, {"keys": list(keys)})


_marker = Background("last-used", _mark, timedelta(seconds=5))
