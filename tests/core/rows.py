"""What a row of the decision table is, and the words the rows are written in.

A row is a situation, a command, and what is expected: the fields that change (all others stay), the events and the
effects, in order; or the code it is refused with.
"""

from dataclasses import dataclass, field
from typing import Any

from nightbell.core import errors, oncall, policy, roster
from nightbell.core.incident import actor, commands, effects, events, state
from tests.core.builders import (
    ANA,
    BO,
    CY,
    EVERYBODY,
    GHOST,
    HAL,
    NOW,
    acknowledged,
    by,
    minutes,
    opened,
    paging,
    people,
    users,
    walk,
)

Cause = state.Cause
Reason = effects.Reason
State = state.State
Status = state.Status


@dataclass(frozen=True)
class Row:
    """One cell, or one case of a cell."""

    name: str
    given: state.Incident
    command: commands.Command
    changes: dict[str, Any] = field(default_factory=dict)
    recorded: tuple[events.Event, ...] = ()
    asked: tuple[effects.Effect, ...] = ()
    refused: errors.Code | None = None


ROSTER = people()
NOBODY = walk(((GHOST,), 5), ((GHOST,), 10))
NO_LAYERS = walk()
WITHOUT = {member: people(*(other for other in EVERYBODY if other is not member)) for member in EVERYBODY}
DUE = paging(due=-1)
BARE = opened(None)
ACKED = acknowledged(by(BO))
STOPPED: dict[str, Any] = {"due_at": None, "due_cause": None}


def queued(
    *to: tuple[roster.Member, Reason],
    target: policy.Target | None,
    cause: Cause,
    late: int = 0,
) -> tuple[effects.Effect, ...]:
    why = effects.Why(target, cause, late)
    return tuple(effects.QueuePages(member, reason, why) for member, reason in to)


def handed(to: roster.Member, giver: actor.Actor, note: str | None = None) -> tuple[effects.Effect, ...]:
    why = effects.Why(handed_off_by=giver, note=note)
    return (effects.CancelPages("handed_off"), effects.QueuePages(to, Reason.HANDOFF, why))


def clock(count: float, cause: Cause = Cause.TIMEOUT) -> dict[str, Any]:
    return {"due_at": NOW + minutes(count), "due_cause": cause}


def timed_out(cause: Cause, position: int, cleared: actor.Actor | None = None) -> events.Event:
    return events.EscalationTimedOut(cause, position, 1, cleared)


def by_turn(member: roster.Member, position: int) -> oncall.Duty:
    return oncall.Duty(member.id, position, None, 0, None)


LAYER_2 = users(BO, CY)
SECOND = {"position": 2, "notified": frozenset({ANA.id, BO.id, CY.id})}


def second_paged(late: int = 0) -> events.Event:
    return events.LayerPaged(2, 1, LAYER_2, (BO.id, CY.id), (), late)


def second_queued(cause: Cause, late: int = 0) -> tuple[effects.Effect, ...]:
    return queued((BO, Reason.LAYER), (CY, Reason.LAYER), target=LAYER_2, cause=cause, late=late)


FALLBACK = {"state": State.EXHAUSTED, **STOPPED, "notified": frozenset({ANA.id, HAL.id})}


def fallback_paged(round_: int = 1) -> tuple[events.Event, ...]:
    return (events.EscalationExhausted(round_), events.FallbackPaged((HAL.id, ANA.id), ()))


def fallback_queued(cause: Cause, late: int = 0) -> tuple[effects.Effect, ...]:
    return queued((HAL, Reason.FALLBACK), (ANA, Reason.FALLBACK), target=None, cause=cause, late=late)
