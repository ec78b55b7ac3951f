"""How an instant is read and said, by the clock of whoever reads it and with its zone, and how a length of time is."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from nightbell.core import zones

# How an instant is said where people of many zones look.
Say = Callable[[datetime], str]

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?", re.ASCII)


def read(text: str) -> datetime:
    """An instant with its offset, or the start of a day in UTC; in UTC. Raises ValueError for anything else.

    The one reader for what programs send: the library's own takes week dates, and a time without an offset.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError("must be an instant like 2026-11-23T10:00:00Z, or a day like 2026-11-23")
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not an instant that exists") from None


def said(at: datetime, timezone: str, known: datetime | None = None) -> str:
    """`02:19 (Europe/Berlin) on Mon 23 Nov 2026`; without the day where that is the day of `known`."""
    zone, name = _zone(timezone)
    local = at.astimezone(zone)
    day = "" if known is not None and local.date() == known.astimezone(zone).date() else f" on {_day(local)}"
    return f"{_clock(local, name)}{day}"


def dated(at: datetime, timezone: str) -> str:
    """`Mon 23 Nov 2026, 02:19 (Europe/Berlin)`."""
    zone, name = _zone(timezone)
    local = at.astimezone(zone)
    return f"{_day(local)}, {_clock(local, name)}"


def span(length: timedelta) -> str:
    """`45 s`, `5 min`, `1 h 30 min`, `3 days`: a length in words, from a second on."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if hours < 1:
        return f"{minutes} min"
    if days < 2:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} days"


def _clock(local: datetime, zone_name: str) -> str:
    """`02:19 (Europe/Berlin)`; in the hour that a change of clocks repeats, with the offset that tells both apart."""
    offset = local.strftime("%z")
    repeated = local.replace(fold=1 - local.fold).strftime("%z") != offset
    return f"{local:%H:%M} ({zone_name}{f', UTC{offset[:3]}:{offset[3:]}' if repeated else ''})"


def _day(local: datetime) -> str:
    """`Mon 23 Nov 2026`, whatever the locale of the process."""
    return f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"


def _zone(name: str) -> tuple[tzinfo, str]:
    """The zone and its name; UTC for one that does not exist."""
    try:
        return zones.zone(name), name
    except ValueError:
        return UTC, "UTC"


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
