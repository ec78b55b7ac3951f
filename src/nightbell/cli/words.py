"""Incidents in words for a terminal, made from what the API answers."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from nightbell.core import message

Incident = Mapping[str, Any]

STATUS_CHANGED = "status_changed"
# The longest there is, a description.
MAX_TEXT = 10_000


def row(incident: Incident) -> str:
    """One line: `#42  critical  paging, layer 1 of 3, next at 02:19:00  DB pool exhausted`."""
    return "  ".join((f"#{incident['number']}", incident["severity"], _escalation(incident), plain(incident["title"])))


def page(incident: Incident, people: Mapping[str, str]) -> Iterator[str]:
    """Everything: what broke, who has it, who was paged, who is next, what happened."""
    yield f"#{incident['number']} {incident['severity'].upper()} {plain(incident['title'])}"
    yield f"  {incident['status']} since {instant(_since(incident))}, owner {_name(people, incident['ownerId'])}"
    yield f"  {_escalation(incident)}"
    escalation = incident["escalation"]
    for each in escalation.get("notifiedResponders") or ():
        ways = ", ".join(_way(channel) for channel in each["channels"])
        yield f"  paged {plain(each['name'])} at {instant(each['pagedAt'])}: {ways}"
    following = escalation.get("nextLayer")
    if following:
        yield f"  next {', '.join(plain(each['name']) for each in following['responders'])}"
    if incident.get("description"):
        yield ""
        yield from (f"  {plain(line)}" for line in incident["description"].splitlines())
    yield ""
    for entry in incident.get("auditTrail") or ():
        yield f"  {instant(entry['at'])}  {entry['kind']}  {plain(entry['actor']['name'])}"


def _since(incident: Incident) -> str:
    """When it became what it is now: an incident opens with its first status, and each change is in its record."""
    if incident.get("resolvedAt"):
        return str(incident["resolvedAt"])
    changes = [entry["at"] for entry in incident.get("auditTrail") or () if entry["kind"] == STATUS_CHANGED]
    return str(changes[-1] if changes else incident["createdAt"])


def instant(text: str) -> str:
    """An instant of the API, in this terminal's time zone."""
    return local(datetime.fromisoformat(text))


def local(at: datetime) -> str:
    """An instant in this terminal's time zone."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def plain(text: str) -> str:
    """Text that came from an alert, without what would move a terminal's cursor or the reader's eye."""
    return message.clean(text, MAX_TEXT)


def _escalation(incident: Incident) -> str:
    escalation = incident["escalation"]
    said = [escalation["state"]]
    if escalation.get("layerPosition"):
        said.append(f"layer {escalation['layerPosition']} of {escalation['layerCount']}")
    if escalation.get("acknowledgedBy"):
        said.append(f"by {plain(escalation['acknowledgedBy']['name'])}")
    if escalation.get("nextEscalationAt"):
        said.append(f"next at {instant(escalation['nextEscalationAt'])}")
    elif escalation["state"] == "paging":
        said.append("held since the restore: nobody is paged")
    return ", ".join(said)


def _way(channel: Mapping[str, Any]) -> str:
    error = f" ({plain(channel['error'])})" if channel.get("error") else ""
    return f"{channel['channel']} {channel['state']}{error}"


def _name(people: Mapping[str, str], user_id: str) -> str:
    return plain(people.get(user_id, user_id))
