"""The hand-off form: whom to offer, likeliest first, and what will happen if they are chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from nightbell.core import instants, message, roster
from nightbell.core.incident import decide, paging, state
from nightbell.core.incident.commands import HandOff
from nightbell.data.access.principal import Principal
from nightbell.data.reads import incidents, people, rosters
from nightbell.web import wording

# Offers for so many people are worked out one by one; beyond, everybody else is told the general case.
MAX_PREVIEWS = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """Somebody to hand the incident to; `promise` is what will happen."""

    id: str
    name: str
    email: str
    promise: str


@dataclass(frozen=True, slots=True)
class Offers:
    """The likeliest first: who would be paged next anyway, then everybody else by name."""

    likely: tuple[Offer, ...]
    others: tuple[Offer, ...]
    promise: str


def offers(
    principal: Principal, view: incidents.IncidentView, members: Sequence[people.Member], now: datetime
) -> Offers:
    """Everybody this incident can be handed to."""
    likely_ids = view.next_in_line
    ranked = sorted(members, key=lambda each: likely_ids.index(each.id) if each.id in likely_ids else len(likely_ids))
    promises = _promises(principal, view, ranked[:MAX_PREVIEWS], now)
    made = [
        Offer(str(each.id), wording.plain(each.name, 100), each.email, promises.get(str(each.id), ""))
        for each in ranked
    ]
    likely = tuple(offer for offer in made if offer.id in {str(each) for each in likely_ids})
    others = tuple(offer for offer in made if offer not in likely)
    return Offers(likely, others, message.handing(view.incident))


def _promises(
    principal: Principal, view: incidents.IncidentView, members: Sequence[people.Member], now: datetime
) -> dict[str, str]:
    """What the decision itself says would follow from each handoff, read with one roster."""
    if view.incident.state is state.State.CLOSED:
        return {}
    # What is read for a page leaves out who was notified, and the decision asks.
    incident = replace(view.incident, notified=frozenset(each.person.id for each in view.notified))
    after: dict[str, state.Incident] = {}
    for each in members:
        command = HandOff(principal.actor, roster.Member(each.id, each.name, channels=()))
        after[str(each.id)] = decide.decide(incident, command, now).incident
    everybody = rosters.read([principal.organization_id], after.values())[principal.organization_id]
    names = {str(each.id): wording.plain(each.name, 100) for each in members}
    return {each: _promise(names[each], incident, moved, everybody) for each, moved in after.items()}


def _promise(name: str, before: state.Incident, after: state.Incident, everybody: roster.Roster) -> str:
    if after == before:
        return f"{name} has it already: nothing happens."
    if after.policy is None or after.state is not state.State.PAGING:
        return f"{name} is paged now. Nobody else will be: there is no layer to go on with."
    ahead = paging.ahead(after, everybody, after.notified)
    assert ahead is not None  # its clock has just been set
    timeout = after.policy.ack_timeout(after.position)
    if not ahead.again:
        who, verb = wording.stop_people(ahead.stop), wording.verb(ahead.stop)
        return f"{name} is paged now. If {name} does not answer in {instants.span(timeout)}, {who} {verb} paged."
    now_and_then = f"{name} is paged now, and again if {name} does not answer in {instants.span(timeout)}."
    if ahead.then is None:
        return f"{now_and_then} Nobody else will be."
    at, stop = ahead.then
    in_all = instants.span(timeout + (at - ahead.at))
    return (
        f"{now_and_then} If {name} does not answer in {in_all}, {wording.stop_people(stop)} {wording.verb(stop)} paged."
    )
