"""Settings that are other than the environment says, for a while."""

from typing import Any

from nightbell.conf.env import Settings


def changed(before: Settings, **values: Any) -> Settings:
    """The same settings with these, whichever channel's part they are."""
    parts = tuple(
        part.model_copy(update={name: value for name, value in values.items() if name in type(part).model_fields})
        for part in before.parts
    )
    own = {name: value for name, value in values.items() if name in Settings.model_fields}
    return before.model_copy(update={**own, "parts": parts})
