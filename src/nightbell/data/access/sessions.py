"""Since when somebody is signed in: the only place that writes that into a session, and reads it."""

from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

from nightbell.data import clock

_KEY = "signed_in_at"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def begin(session: MutableMapping[str, Any]) -> None:
    """Somebody has just signed in."""
    session[_KEY] = clock.now().isoformat()


def since(session: Mapping[str, Any]) -> datetime:
    """When whoever has this session signed in; long ago where it does not say."""
    return datetime.fromisoformat(session[_KEY]) if _KEY in session else _LONG_AGO
