"""The walk: which layer is paged next, and whom that wakes. The decision and every preview of it call this."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from nightbell.core.incident.effects import Reason
from nightbell.core.incident.events import LayerSkipped
from nightbell.core.incident.state import Incident, State
from nightbell.core.policy import Layer, Target
from nightbell.core.roster import Member, Roster


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a walk stops: a layer, or the fallback responders (`layer` None).

    `group` is who is paged and why, never empty; `passed_over` the relieved who were left out; `skipped` the layers on
    the way that stood for nobody.
    """

    position: int
    round: int
    layer: Layer | None
    group: tuple[tuple[Member, Reason], ...]
    passed_over: tuple[Member, ...]
    skipped: tuple[LayerSkipped, ...]

    @property
    def target(self) -> Target | None:
        """The target that is paged, or None for the fallback responders."""
        return self.layer.target if self.layer else None


def next_stop(incident: Incident, roster: Roster, *, with_owner: bool = False) -> Stop:
    """Where paging goes from here. The owner is in the first group of each round, or in any `with_owner`."""
    skipped: list[LayerSkipped] = []
    owners = roster.active((incident.owner_id,))
    for position, round_, layer in _itinerary(incident):
        responders = roster.reach(layer.target)
        if not responders:
            skipped.append(LayerSkipped(position, round_, layer.target, "no active member"))
            continue
        first_of_round = incident.position == 0 or round_ != incident.round
        owner = owners if first_of_round or with_owner else ()
        group, passed_over = _group(incident, responders, Reason.LAYER, owner, Reason.OWNER)
        return Stop(position, round_, layer, group, passed_over, tuple(skipped))
    group, passed_over = _group(incident, roster.active(roster.fallback), Reason.FALLBACK, owners, Reason.FALLBACK)
    last_round = incident.policy.repeat_count + 1 if incident.policy else incident.round
    # The walk is over, also where its last layers were skipped; before the first page there was no layer.
    last_position = incident.layer_count if incident.position else 0
    return Stop(last_position, last_round, None, group, passed_over, tuple(skipped))


@dataclass(frozen=True, slots=True)
class Ahead:
    """What follows if nobody answers: at `at` paging goes to `stop`.

    `again` says that it wakes nobody but those who are waited for already; `then` is when and where somebody else is
    paged after that, None where nobody else ever is.
    """

    at: datetime
    stop: Stop
    again: bool = False
    then: tuple[datetime, Stop] | None = None


def ahead(incident: Incident, roster: Roster, waited_for: Collection[UUID]) -> Ahead | None:
    """What every place promises that says who is next; None where no clock runs."""
    if incident.state is not State.PAGING or incident.due_at is None or incident.held:
        return None
    walk = _walk(incident, roster, incident.due_at)
    at, stop = next(walk)
    if not _only(stop, waited_for):
        return Ahead(at, stop)
    return Ahead(at, stop, again=True, then=next((each for each in walk if not _only(each[1], waited_for)), None))


def _walk(incident: Incident, roster: Roster, at: datetime) -> Iterator[tuple[datetime, Stop]]:
    """When and where paging goes, stop by stop, until no layer is left."""
    while True:
        stop = next_stop(incident, roster)
        yield at, stop
        if stop.layer is None:
            return
        incident = replace(incident, position=stop.position, round=stop.round)
        at += stop.layer.ack_timeout


def _only(stop: Stop, people: Collection[UUID]) -> bool:
    """Whether nobody else than these is paged there."""
    return all(member.id in people for member, _ in stop.group)


def _itinerary(incident: Incident) -> Iterator[tuple[int, int, Layer]]:
    """The layers left in this round, then those of one more round if the policy repeats.

    A walk that starts before the first layer has tried a whole round when it has been through: if that reached nobody,
    another round at the same instant would not either.
    """
    if incident.policy is None:
        return
    layers = incident.policy.layers
    for position in range(incident.position + 1, len(layers) + 1):
        yield position, incident.round, layers[position - 1]
    if incident.position > 0 and incident.round <= incident.policy.repeat_count:
        for position, layer in enumerate(layers, start=1):
            yield position, incident.round + 1, layer


def _group(
    incident: Incident,
    named: tuple[Member, ...],
    reason: Reason,
    owners: tuple[Member, ...],
    owner_reason: Reason,
) -> tuple[tuple[tuple[Member, Reason], ...], tuple[Member, ...]]:
    """Who is paged and who is passed over: the relieved are, unless nobody else was named. The owner comes on top."""
    kept = tuple(member for member in named if member.id not in incident.relieved) or named
    group = [(member, reason) for member in kept]
    group += [(member, owner_reason) for member in owners if member not in kept]
    return tuple(group), tuple(member for member in named if member not in kept)
