"""The people, policies and incidents that the tests of the core are about: the only place that makes them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from nightbell.core import oncall, policy, roster
from nightbell.core.incident import actor, state

NOW = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def person(number: int, name: str, *channels: str) -> roster.Member:
    return roster.Member(UUID(int=number), name, channels or ("email",))


ANA = person(1, "Ana", "email", "slack")
BO = person(2, "Bo")
CY = person(3, "Cy")
DI = person(4, "Di")
EVE = person(5, "Eve")
HAL = person(6, "Hal")
EVERYBODY = (ANA, BO, CY, DI, EVE, HAL)
# Named by policies and schedules, but no member any more.
GHOST = person(90, "Ghost")
SPECTRE = person(91, "Spectre")

NIGHTS = UUID(int=500)
DAYS = UUID(int=501)
KEY = actor.Actor(actor.Type.API_KEY, UUID(int=700), "ci", actor.Via.API)


def by(member: roster.Member, via: actor.Via = actor.Via.WEB) -> actor.Actor:
    return actor.user(member.id, member.name, via)


def duties(user_ids: Iterable[UUID]) -> tuple[oncall.Duty, ...]:
    """These people on call, one a layer."""
    return tuple(oncall.Duty(user_id, position, None, 0, None) for position, user_id in enumerate(user_ids))


def people(
    *members: roster.Member,
    heir: roster.Member = HAL,
    fallback: Iterable[roster.Member] | None = None,
    on_call: Mapping[UUID, tuple[roster.Member, ...]] | None = None,
) -> roster.Roster:
    """A roster of `members` (everybody, unless named); Hal is the admin, heir and fallback responder."""
    return roster.Roster(
        members={member.id: member for member in members or EVERYBODY},
        heir=heir.id,
        fallback=tuple(member.id for member in (fallback or [heir])),
        on_call={schedule: duties(member.id for member in team) for schedule, team in (on_call or {}).items()},
    )


def users(*members: roster.Member) -> policy.Users:
    return policy.Users(tuple(member.id for member in members))


def layer(target: policy.Target, ack_timeout_minutes: int) -> policy.Layer:
    return policy.Layer(target, minutes(ack_timeout_minutes))


def walk(*layers: tuple[tuple[roster.Member, ...], int], repeat: int = 0) -> policy.Policy:
    """A policy whose layers are lists of people with their minutes to answer."""
    return policy.Policy(UUID(int=800), "Payments", tuple(layer(users(*team), limit) for team, limit in layers), repeat)


LAYERS = walk(((ANA,), 5), ((BO, CY), 10), ((DI,), 15))


def opened(plan: policy.Policy | None = LAYERS, owner: roster.Member = ANA) -> state.Incident:
    """Just opened: nobody has been paged by the clock yet; without a policy the owner has been, once."""
    fresh = state.Incident(UUID(int=42), owner.id, state.Status.INVESTIGATING, state.State.PAGING, plan)
    if plan is None:
        return replace(fresh, state=state.State.NONE, notified=frozenset({owner.id}))
    return replace(fresh, due_at=NOW, due_cause=state.Cause.OPENED)


def paging(
    plan: policy.Policy = LAYERS, owner: roster.Member = ANA, position: int = 1, round_: int = 1, *, due: float = 5
) -> state.Incident:
    """Waiting for an answer to the layer at `position`, for `due` minutes more."""
    return replace(
        opened(plan, owner),
        position=position,
        round=round_,
        due_at=NOW + minutes(due),
        due_cause=state.Cause.TIMEOUT,
        epoch=3,
        notified=frozenset({owner.id}),
    )


def acknowledged(by_: actor.Actor, before: state.Incident | None = None) -> state.Incident:
    """Somebody is on it."""
    return replace(
        before or paging(),
        state=state.State.ACKNOWLEDGED,
        due_at=None,
        due_cause=None,
        acknowledged_by=by_,
        acknowledged_at=NOW - minutes(1),
    )


def exhausted(before: state.Incident | None = None) -> state.Incident:
    """No layer is left."""
    return replace(before or paging(position=3), state=state.State.EXHAUSTED, due_at=None, due_cause=None)


def closed(before: state.Incident | None = None) -> state.Incident:
    """Resolved, after Bo had acknowledged it."""
    return replace(
        before or acknowledged(by(BO)),
        state=state.State.CLOSED,
        status=state.Status.RESOLVED,
        resolved_at=NOW - minutes(1),
    )
