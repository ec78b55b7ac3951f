"""A change that was made of an older version: the only place that refuses one, and says what has changed since."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nightbell.core import message, spelling
from nightbell.core.errors import Code, Rejected
from nightbell.data.access.principal import Principal
from nightbell.data.reads import changes

# So many changes are told; more than these, and the schedule or policy is another one anyway.
MAX_TOLD = 5


def refuse(principal: Principal, whose: Mapping[str, str], version: int, seen: int | None) -> None:
    """Raises Rejected: `stale_configuration` where a version was seen, and it is not this one any more.

    `whose` names the schedule or the policy as the record does.
    """
    if seen is None or seen == version:
        return
    told = [
        f"{message.clean(each.by, 100)} changed {', '.join(_differing(each.before, each.after))} "
        f"at {each.at:%Y-%m-%d %H:%M} UTC"
        for each in changes.since(principal, whose, seen, MAX_TOLD)
    ]
    what = "; ".join(told) or "It was changed"
    raise Rejected(Code.STALE_CONFIGURATION, f"{what}. Nothing was saved; look again, then decide.")


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """The fields that differ, which are all an entry has, in words; of layers, those of each by its name or place."""
    for key in after:
        if key == "layers":
            yield from _layers(before.get(key, []), after[key])
        else:
            yield spelling.words_of(key)


def _layers(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterable[str]:
    was, becomes = (dict(_named(layers)) for layers in (before, after))
    for key, layer in becomes.items():
        if key not in was:
            yield f"{layer[0]} (added)"
        elif differing := [name for name in layer[1] if was[key][1].get(name) != layer[1][name]]:
            yield f"{layer[0]} ({', '.join(map(spelling.words_of, differing))})"
    yield from (f"{layer[0]} (removed)" for key, layer in was.items() if key not in becomes)
    shared = [key for key in was if key in becomes]
    if shared != [key for key in becomes if key in was]:
        yield "the order of layers"


def _named(layers: Iterable[dict[str, Any]]) -> Iterator[tuple[object, tuple[str, dict[str, Any]]]]:
    for place, layer in enumerate(layers, start=1):
        name = f"rotation {message.clean(layer['name'], 100)}" if "name" in layer else f"layer {place}"
        yield layer.get("id", place), (name, layer)
