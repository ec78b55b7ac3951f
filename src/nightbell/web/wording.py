"""Small words: the only place that says on a page who, how long and how far."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from nightbell.core import message
from nightbell.core.incident import paging, state

MAX_NAMES = 4

STATUS = {
    state.Status.INVESTIGATING: "Investigating",
    state.Status.IDENTIFIED: "Identified",
    state.Status.MONITORING: "Monitoring",
    state.Status.RESOLVED: "Resolved",
}
FALLBACK = "the fallback responders"
SOMEBODY = "somebody who has left"
GONE = "a schedule that was deleted"


def plain(text: str, length: int = 10_000) -> str:
    """Text from outside, without what would make it look like something else; in one line."""
    return message.clean(text, length)


def joined(names: Iterable[str]) -> str:
    """`Ana, Bo and Cy`; a long list is cut with how many more there are."""
    return message.listed(names, MAX_NAMES, "more")


def named(ids: Iterable[str], names: Mapping[UUID, str]) -> str:
    """The people with these ids, as they are called now."""
    return joined(names.get(UUID(each), SOMEBODY) for each in ids)


def stop_people(stop: paging.Stop) -> str:
    """Who is paged at this stop: `Bo and Cy`, or `the fallback responders (Ana)`."""
    people = joined(member.name for member, _ in stop.group)
    return people if stop.layer else f"{FALLBACK} ({people})"


def stop_short(stop: paging.Stop) -> str:
    """The same in a few words: `Bo`, `Bo +2`, `last resort`."""
    if stop.layer is None:
        return "last resort"
    first, *others = [plain(member.name, 100) for member, _ in stop.group]
    return f"{first} +{len(others)}" if others else first


def verb(stop: paging.Stop) -> str:
    """The verb that agrees with `stop_people`."""
    return "is" if stop.layer and len(stop.group) == 1 else "are"


def capital(text: str) -> str:
    """The same, to begin a sentence with."""
    return text[:1].upper() + text[1:]


def left(until: datetime, now: datetime) -> str:
    """How long is left, as a clock shows it: `4:31`, `1:04:31`; `0:00` once it has passed."""
    seconds = max(int((until - now).total_seconds()), 0)
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
