"""The timeline: the only place that puts the audit trail into words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString

from nightbell.core import instants
from nightbell.core.incident import actor, state
from nightbell.data.reads import incidents
from nightbell.web import wording
from nightbell.web.incidents import reasons

VIA = {
    actor.Via.WEB: "on this page",
    actor.Via.API: "over the API",
    actor.Via.SLACK: "in Slack",
    actor.Via.LINK: "by the link in the mail",
    actor.Via.CLI: "from the command line",
}
CANCELLED = {
    "acknowledged": "somebody is on it",
    "handed_off": "the incident was handed over",
    "resolved": "the incident is resolved",
    "member_removed": "they left the organization",
    "restored": "they were waiting since before the restore",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened; `weight` is `loud` for what people did and `quiet` for what followed from it."""

    at: datetime
    icon: str
    tone: str
    weight: str
    text: SafeString
    note: str = ""


HANDED_OFF, TIMED_OUT = "incident_handed_off", "escalation_timed_out"
# Entries after which paging waits for others than the one an incident was handed to.
WAITING = frozenset({"layer_paged", "fallback_paged", "owner_paged"})

Told = tuple[str, str, str, SafeString, str]


def of(view: incidents.IncidentView) -> list[Line]:
    """The record in words, newest first."""
    lines: list[Line] = []
    handed_to, names = None, dict(view.names or {})
    for entry in view.audit_trail:
        # What the record calls people stays as it was, whatever they are called by now.
        names |= {UUID(user_id): name for user_id, name in entry.data.get("names", {}).items()}
        lines.append(Line(entry.at, *_told(replace(view, names=dict(names)), entry, handed_to)))
        if entry.kind == HANDED_OFF:
            handed_to = entry.data["newOwner"]
        elif entry.kind in WAITING:
            handed_to = None
    return lines[::-1]


def last_change(view: incidents.IncidentView) -> SafeString | None:
    """The newest thing somebody did, or the clock: what a stale form did not know of."""
    return next((line.text for line in of(view) if line.weight == "loud"), None)


def _told(view: incidents.IncidentView, entry: incidents.Entry, handed_to: str | None) -> Told:
    """`handed_to` is the one who is waited for since a handoff, and nobody else."""
    if entry.kind == TIMED_OUT:
        return _timed_out(view, entry.data, entry.actor, handed_to)
    tell = TELLERS.get(entry.kind)
    if tell is None:
        return "dot", "", "quiet", _b(entry.kind.replace("_", " ").capitalize()), ""
    return tell(view, entry.data, entry.actor)


def _opened(view: incidents.IncidentView, data: Mapping[str, Any], who: actor.Actor) -> Told:
    severity = wording.plain(str(data.get("severity", "")), 20)
    why = reasons.opening(data, view.names or {})
    return "plus", "", "loud", format_html("{} opened this as {}.{}{}", _who(who), severity, _via(who), why), ""


def _layer_paged(view: incidents.IncidentView, data: Mapping[str, Any], _: actor.Actor) -> Told:
    why = reasons.target(data, view.names or {})
    text = format_html("{}{} paged: {}.", _b(_layer(view, data)), why, _named(view, data["responders"]))
    if data.get("passedOver"):
        text += format_html(" Passed over: {}, who handed this off.", _named(view, data["passedOver"]))
    if data.get("lateSeconds", 0) >= 60:
        text += format_html(" {} late.", instants.span(timedelta(seconds=data["lateSeconds"])))
    return "bell", "paging", "loud", text, ""


def _layer_skipped(view: incidents.IncidentView, data: Mapping[str, Any], _: actor.Actor) -> Told:
    target = reasons.target(data, view.names or {})
    reason = "nobody is on call" if target else data["reason"]
    return "skip", "none", "loud", format_html("{}{} skipped: {}.", _b(_layer(view, data)), target, reason), ""


def _owner_paged(view: incidents.IncidentView, data: Mapping[str, Any], _: actor.Actor) -> Told:
    text = format_html("{} paged, because they own this incident.", _named(view, [data["responder"]]))
    return "bell", "paging", "quiet", text, ""


def _fallback_paged(view: incidents.IncidentView, data: Mapping[str, Any], _: actor.Actor) -> Told:
    text = format_html("{} paged: {}.", _b("Last resort"), _named(view, data["responders"]))
    return "bell", "exhausted", "loud", text, ""


def _page_sent(view: incidents.IncidentView, data: Mapping[str, Any], _: actor.Actor) -> Told:
    text = format_html("{} to {} sent.", wording.capital(_channel(data)), _named(view, _recipient(data)))
    return "mail", "", "quiet", text, ""


def _page_failed(view: incidents.IncidentView, data: Mapping[str, Any], _: actor.Actor) -> Told:
    text = format_html("{} to {} failed for good.", wording.capital(_channel(data)), _named(view, _recipient(data)))
    return "cross", "exhausted", "loud", text, wording.plain(str(data.get("error") or ""), 500)


def _pages_cancelled(view: incidents.IncidentView, data: Mapping[str, Any], _: actor.Actor) -> Told:
    pages = data.get("pages") or []
    people = dict.fromkeys(page["userId"] for page in pages)
    why = CANCELLED.get(data.get("reason", ""), "no longer wanted")
    count = "1 page" if len(pages) == 1 else f"{len(pages)} pages"
    text = format_html("{} not sent, because {}: {}.", count, why, _named(view, people))
    return "cross", "", "quiet", text, ""


def _acknowledged(_view: incidents.IncidentView, data: Mapping[str, Any], who: actor.Actor) -> Told:
    by = data["acknowledgedBy"]
    text = format_html("{} acknowledged{}", _b(by["name"]), "" if data["paged"] else ", without having been paged")
    if who.id is not None and by["id"] != str(who.id):
        text += format_html(", says {}", _who(who))
    return "check", "acknowledged", "loud", text + format_html(".{}", _via(who)), ""


def _handed_off(view: incidents.IncidentView, data: Mapping[str, Any], who: actor.Actor) -> Told:
    previous, new = _named(view, [data["previousOwner"]]), _named(view, [data["newOwner"]])
    if who.type is actor.Type.SYSTEM:
        text = format_html("Handed to {}, because the one it waited for left the organization.", new)
    elif who.id is not None and str(who.id) == data["newOwner"]:
        mine = data["previousOwner"] == data["newOwner"]
        text = (
            format_html("{} took this back.", new) if mine else format_html("{} took this over from {}.", new, previous)
        )
    elif who.id is not None and str(who.id) == data["previousOwner"]:
        text = format_html("{} handed this to {}.", _who(who), new)
    elif data["previousOwner"] == data["newOwner"]:
        text = format_html("{} put this back in the hands of {}.", _who(who), new)
    else:
        text = format_html("{} handed this from {} to {}.", _who(who), previous, new)
    if cleared := data.get("clearedAcknowledger"):
        text += format_html(" {} was on it until then.", wording.plain(cleared["name"], 100))
    return "hand", "accent", "loud", text + _via(who), data.get("note") or ""


def _timed_out(view: incidents.IncidentView, data: Mapping[str, Any], who: actor.Actor, handed_to: str | None) -> Told:
    incident, position = view.incident, data["position"]
    timeout = instants.span(incident.policy.ack_timeout(position)) if incident.policy and incident.layer_count else ""
    where = format_html("{}: ", _b(_layer(view, data))) if position else ""
    new_owner = _named(view, [handed_to]) if handed_to else ""
    match data["cause"]:
        case state.Cause.UNREACHABLE:
            lost = format_html("{}nobody paged could be reached.", where)
            if new_owner:
                lost = format_html("{} could not be reached.", new_owner)
            return "cross", "exhausted", "loud", lost, ""
        case state.Cause.ESCALATED:
            text = format_html("{} escalated by hand.{}", _who(who), _via(who))
            if cleared := data.get("clearedAcknowledger"):
                text += format_html(" {} was on it until then.", wording.plain(cleared["name"], 100))
            return "up", "accent", "loud", text, ""
        case state.Cause.REMOVED:
            return "person", "none", "loud", SafeString("The owner left the organization: paging moved on."), ""
        case _:
            answer = format_html("{}nobody answered in {}.", where, timeout)
            if new_owner:
                answer = format_html("{} did not answer in {}.", new_owner, timeout)
            elif not where:
                answer = format_html("Nobody answered in {}.", timeout)
            return "clock", "none", "loud", answer, ""


def _exhausted(_view: incidents.IncidentView, data: Mapping[str, Any], _: actor.Actor) -> Told:
    rounds = f" after {data['round']} rounds" if data["round"] > 1 else ""
    return "cross", "exhausted", "loud", format_html("{} is left{}.", _b("No layer"), rounds), ""


def _status_changed(_view: incidents.IncidentView, data: Mapping[str, Any], who: actor.Actor) -> Told:
    status = wording.STATUS[state.Status(data["status"])].lower()
    icon, tone = ("done", "closed") if status == "resolved" else ("step", "")
    text = format_html("{} set the status to {}.{}", _who(who), _b(status), _via(who))
    return icon, tone, "loud", text, data.get("resolutionNote") or ""


def _owner_changed(view: incidents.IncidentView, data: Mapping[str, Any], _: actor.Actor) -> Told:
    new, previous = _named(view, [data["newOwner"]]), _named(view, [data["previousOwner"]])
    return "person", "", "loud", format_html("{} owns this now: {} left the organization.", new, previous), ""


def _held(_view: incidents.IncidentView, _data: Mapping[str, Any], _: actor.Actor) -> Told:
    text = SafeString("Restored from a file: <b>held</b>, nobody is paged.")
    return "clock", "none", "loud", text, ""


def _resumed(_view: incidents.IncidentView, data: Mapping[str, Any], who: actor.Actor) -> Told:
    if data.get("because") == "repeated":
        return "bell", "paging", "loud", format_html("{} says that it is still so: paging goes on.", _who(who)), ""
    return "bell", "paging", "loud", format_html("{} resumed paging.{}", _who(who), _via(who)), ""


TELLERS: dict[str, Callable[[incidents.IncidentView, Mapping[str, Any], actor.Actor], Told]] = {
    "incident_opened": _opened,
    "layer_paged": _layer_paged,
    "layer_skipped": _layer_skipped,
    "owner_paged": _owner_paged,
    "fallback_paged": _fallback_paged,
    "page_sent": _page_sent,
    "page_failed": _page_failed,
    "pages_cancelled": _pages_cancelled,
    "incident_acknowledged": _acknowledged,
    HANDED_OFF: _handed_off,
    "escalation_exhausted": _exhausted,
    "status_changed": _status_changed,
    "owner_changed": _owner_changed,
    "paging_held": _held,
    "paging_resumed": _resumed,
}


def _who(who: actor.Actor) -> SafeString:
    kind = " (API key)" if who.type is actor.Type.API_KEY else ""
    return format_html("<b>{}</b>{}", wording.plain(who.name, 100), kind)


def _via(who: actor.Actor) -> SafeString:
    """The door, where it was another one than the dashboard."""
    if who.via is None or who.via is actor.Via.WEB or who.type is not actor.Type.USER:
        return SafeString()
    return format_html(' <span class="dim">{}</span>', wording.capital(VIA[who.via]) + ".")


def _layer(view: incidents.IncidentView, data: Mapping[str, Any]) -> str:
    of = f" of {wording.plain(view.incident.policy.name, 100)}" if view.incident.policy else ""
    round_ = f", round {data['round']}" if data.get("round", 1) > 1 else ""
    return f"Layer {data['position']}{of}{round_}"


def _named(view: incidents.IncidentView, ids: Any) -> SafeString:
    return _b(wording.named(ids, view.names or {}))


def _b(text: str) -> SafeString:
    return format_html("<b>{}</b>", wording.plain(text, 1000))


def _channel(data: Mapping[str, Any]) -> str:
    return wording.plain(str(data.get("channel", "page")), 20)


def _recipient(data: Mapping[str, Any]) -> list[str]:
    return [data["userId"]] if data.get("userId") else []
