"""The Escalation panel: the only place that puts how far paging has gone into words."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from nightbell.core import instants, policy
from nightbell.core.incident import paging, state
from nightbell.data.reads import incidents, rosters
from nightbell.web import wording


@dataclass(frozen=True, slots=True)
class Rung:
    """One layer on the ladder; `place` is `done`, `now`, `next` or `later`, `word` says it."""

    label: str
    people: str
    timeout: str
    place: str = "later"
    word: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """What the panel says. `tone` is the state; `wants_you` says why the reader is paged, while nobody answered.

    `again`: whoever is next is waited for already, and `then_people` are the first others after that.
    """

    tone: str
    title: str
    detail: str
    wants_you: str
    next_people: str
    next_verb: str
    again: bool
    then_people: str
    then_at: datetime | None
    due_at: datetime | None
    overdue: str
    round: str
    ladder: tuple[Rung, ...]


# An engine acts within a second; past this the page says that none did.
PATIENCE = timedelta(seconds=15)


def version(view: incidents.IncidentView, now: datetime) -> str:
    """Changes with whatever the page shows: what is on the record also changes the incident or a page."""
    shown = replace(view, audit_trail=(), names=None)
    return hashlib.blake2b(repr((shown, _overdue(view.incident, now))).encode(), digest_size=8).hexdigest()


def version_of_list(
    views: Sequence[incidents.IncidentView], next_stops: Mapping[UUID, paging.Stop], now: datetime
) -> str:
    """The same for a list."""
    versions = [version(replace(view, next_stop=next_stops.get(view.incident.id)), now) for view in views]
    return hashlib.blake2b(repr(versions).encode(), digest_size=8).hexdigest()


def stops(views: Sequence[incidents.IncidentView]) -> Mapping[UUID, paging.Stop]:
    """Who is next for each of these incidents of one organization that has a running clock, read at once."""
    running = [view for view in views if view.incident.state is state.State.PAGING]
    if not running:
        return {}
    organization_id = running[0].organization_id
    roster = rosters.read([organization_id], [view.incident for view in running])[organization_id]
    return {view.incident.id: paging.next_stop(view.incident, roster) for view in running}


def of(view: incidents.IncidentView, reader: UUID | None, names: Mapping[UUID, str], now: datetime) -> Panel:
    """The panel of a foreseen incident as `reader` sees it; `names` are the organization's members and schedules."""
    incident, stop, ahead = view.incident, view.next_stop, view.ahead
    title, detail = _held(view, reader) if incident.held else _state(view, reader)
    return Panel(
        tone=incident.state.value,
        title=title,
        detail=detail,
        wants_you=_wants(view, reader) if incident.unanswered and not incident.held else "",
        next_people=wording.capital(wording.stop_people(stop)) if stop else "",
        next_verb=wording.verb(stop) if stop else "",
        again=ahead is not None and ahead.again,
        then_people=wording.stop_people(ahead.then[1]) if ahead and ahead.then else "",
        then_at=ahead.then[0] if ahead and ahead.then else None,
        due_at=None if incident.held else incident.due_at,
        overdue=_overdue(incident, now),
        round=_round(incident),
        ladder=_ladder(view, stop, names),
    )


def short(view: incidents.IncidentView, stop: paging.Stop | None) -> str:
    """The state in a few words, for a row of the list."""
    incident = view.incident
    if incident.held and incident.unanswered:
        return "Held since the restore: nobody is paged"
    match incident.state:
        case state.State.PAGING:
            return f"Next: {wording.stop_short(stop)}" if stop else "Unanswered"
        case state.State.ACKNOWLEDGED:
            return f"{_acknowledger(incident)} is on it{', held since the restore' if incident.held else ''}"
        case state.State.EXHAUSTED:
            return "Nobody answered, no layer is left"
        case state.State.NONE:
            return "Nobody else will be paged"
        case state.State.CLOSED:
            return "Resolved"


def _state(view: incidents.IncidentView, reader: UUID | None) -> tuple[str, str]:
    incident = view.incident
    match incident.state:
        case state.State.PAGING:
            return _waiting(view, reader)
        case state.State.ACKNOWLEDGED:
            by = incident.acknowledged_by
            if by is not None and by.user_id == reader and reader is not None:
                return "You are on it.", ""
            return f"{_acknowledger(incident)} is on it.", ""
        case state.State.EXHAUSTED:
            return (
                "Nobody answered.",
                "No layer is left. Everybody of the last resort has been paged, and nobody else will be.",
            )
        case state.State.NONE:
            why = (
                "There is no escalation policy on this incident."
                if incident.policy is None
                else "Its policy has no layers."
            )
            return "Nobody else will be paged.", f"{why} {wording.plain(view.owner.name)} was paged once."
        case state.State.CLOSED:
            return "Resolved.", ""


def _held(view: incidents.IncidentView, reader: UUID | None) -> tuple[str, str]:
    """What stood before the restore, and that nothing follows from it by itself."""
    title, detail = _state(view, reader)
    if not view.incident.unanswered:
        return title, "Held since the restore: whatever a clock was to do about it waits until an admin resumes paging."
    before = {
        state.State.PAGING: "Its clock stands.",
        state.State.EXHAUSTED: "Before the restore nobody had answered, and no layer was left.",
        state.State.NONE: detail,
    }[view.incident.state]
    what = "Acknowledge it, resolve it or hand it off, or have an admin resume paging."
    return "Held since the restore: nobody is paged.", f"{before} {what}"


def _waiting(view: incidents.IncidentView, reader: UUID | None) -> tuple[str, str]:
    if not view.notified:
        return "Paging starts now.", "Nobody has been paged yet: the first layer is about to be."
    others = [each.person.name for each in view.notified if each.person.id != reader]
    you = ["you"] if len(others) < len(view.notified) else []
    return f"Waiting for {wording.joined([*you, *others])}.", ""


def _wants(view: incidents.IncidentView, reader: UUID | None) -> str:
    for each in view.notified:
        if each.person.id == reader:
            match each.reason:
                case "handoff":
                    return "You are paged: this was handed to you."
                case "owner":
                    return "You are paged: you own this incident."
                case "fallback":
                    return "You are paged as the last resort."
                case _:
                    return _wanted_in_layer(view.incident, each)
    return ""


def _wanted_in_layer(incident: state.Incident, you: incidents.Notified) -> str:
    """The layer somebody was paged in, and how far paging has gone since."""
    layer = f"layer {you.position} of {incident.layer_count}"
    if incident.state is state.State.EXHAUSTED:
        return f"You were paged: {layer}. Now everybody of the last resort is paged too."
    if you.round != incident.round:
        return (
            f"You were paged: {layer}, round {you.round}. Now round {incident.round} is at layer {incident.position}."
        )
    if you.position != incident.position:
        return f"You were paged: {layer}. Now layer {incident.position} is paged too."
    return f"You are paged: {layer}."


def _overdue(incident: state.Incident, now: datetime) -> str:
    """Why a clock that has run out is still standing, by the minute; empty while all is well."""
    if incident.due_at is None or incident.held or now - incident.due_at < PATIENCE:
        return ""
    late = instants.span(timedelta(minutes=max((now - incident.due_at) // timedelta(minutes=1), 1)))
    return f"Overdue by {late}: no engine has acted. Nobody is paged until one runs (nightbell engine)."


def _acknowledger(incident: state.Incident) -> str:
    return wording.plain(incident.acknowledged_by.name, 100) if incident.acknowledged_by else wording.SOMEBODY


def _round(incident: state.Incident) -> str:
    if incident.policy is None or incident.policy.repeat_count == 0:
        return ""
    return f"Round {incident.round} of {incident.policy.repeat_count + 1}"


def layers(copy: policy.Policy, names: Mapping[UUID, str]) -> tuple[Rung, ...]:
    """The layers of a policy that nothing is walking."""
    return tuple(
        Rung(f"Layer {position}", target_words(layer.target, names), instants.span(layer.ack_timeout))
        for position, layer in enumerate(copy.layers, start=1)
    )


def _ladder(view: incidents.IncidentView, stop: paging.Stop | None, names: Mapping[UUID, str]) -> tuple[Rung, ...]:
    incident, standing = view.incident, _standing(view)
    if incident.policy is None:
        return ()
    rungs = [
        _placed(rung, _place(incident, stop, position), standing)
        for position, rung in enumerate(layers(incident.policy, names), start=1)
    ]
    at_end = incident.state is state.State.EXHAUSTED
    place = "now" if at_end else "next" if stop and stop.layer is None else "later"
    return (*rungs, _placed(Rung("Last resort", "the fallback responders", ""), place, standing))


def _standing(view: incidents.IncidentView) -> str:
    """What the layer that was paged last is now: only what is waited for, by a clock that runs, is `now`."""
    if not view.incident.unanswered:
        return "reached"
    if view.incident.held:
        return "held"
    handed = view.notified and all(each.reason == "handoff" for each in view.notified)
    return "handed over" if handed else "now"


def _placed(rung: Rung, place: str, standing: str) -> Rung:
    """Where it stands, in a word."""
    word = {"done": "passed", "now": standing, "next": "next"}.get(place, "")
    return replace(rung, place=place, word=word)


def _place(incident: state.Incident, stop: paging.Stop | None, position: int) -> str:
    if incident.state in {state.State.EXHAUSTED, state.State.NONE}:
        return "done"
    if stop and stop.layer and stop.position == position:
        return "next"
    if position == incident.position:
        return "now"
    return "done" if position < incident.position else "later"


def target_words(target: policy.Target, names: Mapping[UUID, str]) -> str:
    """Whom a layer pages."""
    match target:
        case policy.Users(user_ids):
            return wording.joined(names.get(each, wording.SOMEBODY) for each in user_ids)
        case policy.Schedule(schedule_id):
            return f"{wording.plain(names.get(schedule_id, wording.GONE), 100)} (whoever is on call)"
