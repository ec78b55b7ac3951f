"""A reader of iCalendar of our own: just enough of RFC 5545 to read our feeds without the library that makes them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Event:
    """What a calendar shows of a VEVENT."""

    uid: str
    start: datetime
    end: datetime
    summary: str


@dataclass(frozen=True)
class Calendar:
    """A calendar's own properties, as they stand, and its events in order."""

    properties: dict[str, str]
    events: list[Event]


def read(raw: bytes) -> Calendar:
    """The calendar. Raises ValueError for lines that RFC 5545 does not have."""
    *lines, last = raw.split(b"\r\n")
    if last or any(b"\n" in line or b"\r" in line for line in lines):
        raise ValueError("every line ends in CRLF")
    if any(len(line) > 75 for line in lines):
        raise ValueError("a line is longer than 75 octets")
    unfolded = b"\r\n".join(lines).replace(b"\r\n ", b"").decode().split("\r\n")
    if (unfolded[0], unfolded[-1]) != ("BEGIN:VCALENDAR", "END:VCALENDAR"):
        raise ValueError("it is one VCALENDAR")
    properties: dict[str, str] = {}
    events: list[Event] = []
    event: dict[str, str] | None = None
    for line in unfolded[1:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            event = {}
        elif line == "END:VEVENT":
            assert event is not None
            events.append(
                Event(event["UID"], _instant(event["DTSTART"]), _instant(event["DTEND"]), _text(event["SUMMARY"]))
            )
            assert event["DTSTAMP"].endswith("Z")
            event = None
        elif name in {"BEGIN", "END"}:
            raise ValueError(f"an unexpected {line}")
        elif event is not None:
            if name in event:
                raise ValueError(f"{name} stands twice in an event")
            event[name] = value
        else:
            properties[name] = value
    return Calendar(properties, events)


def _instant(value: str) -> datetime:
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _text(value: str) -> str:
    return re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], value)
