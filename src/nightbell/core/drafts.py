"""What was typed into a form that met somebody signed out: the only place for what is kept of it, and where."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from nightbell.core.incident import state

FIELDS = ("note", "target")
# One more than a note may have, so that too much is still refused and not shortened in silence.
_MAX = state.MAX_NOTE + 1
_KEY = "draft"


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """What of a form is worth keeping."""
    return {name: form[name][:_MAX] for name in FIELDS if form.get(name)}


def keep(session: MutableMapping[str, Any], path: str, fields: Mapping[str, str]) -> None:
    """For the form at this address, which somebody who signed in is about to see."""
    session[_KEY] = {"path": path, "fields": dict(fields)}


def take(session: MutableMapping[str, Any], path: str) -> dict[str, str]:
    """What was kept for the form at this address, once."""
    draft = session.get(_KEY)
    if not draft or draft["path"] != path:
        return {}
    del session[_KEY]
    return dict(draft["fields"])
