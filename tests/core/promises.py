"""What must be true of every decision, said without looking at how it is made: the only place that judges one.

`refusal` and `changes_nothing` say what becomes of a command; `keeps` holds a decision against the promises, with the
model's own memory of who was paged, which fences were raised and what the clock should say.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

from nightbell.core import errors, policy, roster
from nightbell.core.incident import actor, commands, decide, effects, events, state
from tests.core.model import World

Cause = state.Cause
Reason = effects.Reason
State = state.State
Status = state.Status
Code = errors.Code
UNANSWERED = (State.PAGING, State.EXHAUSTED, State.NONE)


def stale(incident: state.Incident, seen: commands.Seen | None) -> bool:
    if seen is None:
        return False
    shown = (seen.epoch, seen.round or incident.round, incident.position if seen.position is None else seen.position)
    return shown != (incident.epoch, incident.round, incident.position)


def refusal(world: World, command: commands.Command) -> Code | None:
    """With which code a command has to be refused, if it has to."""
    here = world.incident
    if not isinstance(command, commands.HandOff | commands.Escalate | commands.ChangeStatus):
        return None
    if here.state is State.CLOSED:
        return Code.INCIDENT_RESOLVED
    if isinstance(command, commands.ChangeStatus):
        follows = dict(pairwise(Status))
        return None if follows.get(here.status) is command.to else Code.INVALID_STATUS_TRANSITION
    if isinstance(command, commands.HandOff):
        if command.to is None:
            return Code.INVALID_TARGET_USER
        if changes_nothing(world, command):
            return None
    elif here.state in (State.EXHAUSTED, State.NONE) or (here.state is State.ACKNOWLEDGED and not layers(here)):
        return Code.NOTHING_TO_ESCALATE
    return Code.STALE_INCIDENT if stale(here, command.seen) else None


def refuses(world: World, command: commands.Command, code: Code) -> None:
    """Hold a decision that has to refuse the command against the code it has to refuse it with."""
    answer: Code | None = None
    try:
        decide.decide(world.incident, command, world.now)
    except errors.Rejected as refused:
        answer = refused.code
    assert answer is code


def layers(incident: state.Incident) -> int:
    return len(incident.policy.layers) if incident.policy else 0


def changes_nothing(world: World, command: commands.Command) -> bool:
    """Whether a command is a success that must leave no trace."""
    here = world.incident
    match command:
        case commands.DeadlinePassed():
            return here.state is not State.PAGING or world.due is None or world.due > world.now
        case commands.GroupFailed():
            return here.state not in (State.PAGING, State.NONE)
        case commands.Acknowledge():
            return here.state not in UNANSWERED
        case commands.Resolve() | commands.MemberRemoved():
            return here.state is State.CLOSED
        case commands.HandOff(to=roster.Member(id=target)):
            if here.owner_id != target or here.state is State.EXHAUSTED:
                return False
            return world.acknowledger == target if here.state is State.ACKNOWLEDGED else world.notified == {target}
        case _:
            return False


def owner_left(world: World, command: commands.Command) -> bool:
    return isinstance(command, commands.MemberRemoved) and command.user_id == world.incident.owner_id


def handed(world: World, command: commands.Command) -> tuple[actor.Actor, UUID] | None:
    """Who hands it to whom, if that is what the command comes to."""
    here = world.incident
    if isinstance(command, commands.HandOff) and command.to:
        return command.by, command.to.id
    if isinstance(command, commands.MemberRemoved):
        answered = here.state is State.ACKNOWLEDGED and world.acknowledger == command.user_id
        if owner_left(world, command):
            return (actor.SYSTEM, command.roster.heir) if answered or here.state is State.NONE else None
        return (actor.SYSTEM, here.owner_id) if answered else None
    return None


def walks(world: World, command: commands.Command) -> Cause | None:
    """Why the next layer is paged now, if it is."""
    here = world.incident
    match command:
        case commands.DeadlinePassed():
            return world.cause
        case commands.GroupFailed():
            return Cause.UNREACHABLE if here.state is State.NONE else None
        case commands.Escalate():
            return Cause.ESCALATED
        case commands.MemberRemoved() if owner_left(world, command) and here.state is State.PAGING:
            return Cause.REMOVED
        case _:
            return None


def fences(world: World, command: commands.Command) -> bool:
    """Whether what was decided before is stale from here on: acknowledge, hand off, resolve."""
    closes = isinstance(command, commands.Resolve) or (
        isinstance(command, commands.ChangeStatus) and command.to is Status.RESOLVED
    )
    return closes or isinstance(command, commands.Acknowledge) or handed(world, command) is not None


def next_place(world: World) -> tuple[int, int] | None:
    """The first place after this one whose layer reaches somebody; every layer comes by within one round."""
    here = world.incident
    if here.policy is None:
        return None
    count = len(here.policy.layers)
    for round_ in range(here.round, here.policy.repeat_count + 2):
        for position in range(1, count + 1):
            reached = world.reachable(here.policy.layers[position - 1].target)
            if (round_, position) > (here.round, here.position) and reached:
                return round_, position
    return None


def ordered(decision: decide.Decision) -> list[effects.QueuePages]:
    return [effect for effect in decision.effects if isinstance(effect, effects.QueuePages)]


def keeps(world: World, command: commands.Command, decision: decide.Decision) -> None:
    """Hold a decision that has to change something against every promise about a single step."""
    before, after = world.incident, decision.incident
    hand, cause, fence = handed(world, command), walks(world, command), fences(world, command)
    assert after.epoch == before.epoch + fence, "the epoch is what a fence moves, and nothing else"
    keeps_fence(command, decision, fence=fence)
    keeps_owner(world, command, decision)
    keeps_history(world, command, decision)
    pages = ordered(decision)
    assert len({order.member.id for order in pages}) == len(pages), "a person is paged once per group"
    assert all(order.member.id in world.active for order in pages), "only members are paged"
    if hand:
        keeps_handoff(world, command, hand, decision)
    elif cause:
        keeps_walk(world, command, cause, decision)
    else:
        assert not pages, "nothing but a walk or a handoff pages anybody"
        assert (after.position, after.round) == (before.position, before.round)
    if isinstance(command, commands.Acknowledge):
        keeps_acknowledgement(world, command, decision)
    if isinstance(command, commands.ChangeStatus) and not fence:
        assert after == replace(before, status=command.to), "a status step touches nothing else"


def keeps_fence(command: commands.Command, decision: decide.Decision, *, fence: bool) -> None:
    """A fence cancels everything, before it pages anybody; nothing else cancels but what was on its way to who left."""
    cancels = [effect for effect in decision.effects if isinstance(effect, effects.CancelPages)]
    if fence:
        assert [cancel.user_id for cancel in cancels] == [None], "a fence cancels every queued page, once"
        assert isinstance(decision.effects[0], effects.CancelPages), "first cancel, then page"
    elif isinstance(command, commands.MemberRemoved):
        assert [cancel.user_id for cancel in cancels] == [command.user_id], "only who left is not paged any more"
    else:
        assert not cancels, "moving on cancels nothing"


def keeps_owner(world: World, command: commands.Command, decision: decide.Decision) -> None:
    """Ownership moves by a handoff, or to the heir when the owner leaves, and the record says so."""
    before, after = world.incident, decision.incident
    expected = before.owner_id
    if isinstance(command, commands.HandOff) and command.to:
        expected = command.to.id
    elif owner_left(world, command):
        expected = world.people().heir
    assert after.owner_id == expected
    inherited = [event for event in decision.events if isinstance(event, events.OwnerChanged)]
    if owner_left(world, command):
        assert [(event.previous_owner, event.new_owner) for event in inherited] == [(before.owner_id, expected)]
    else:
        assert not inherited


def keeps_history(world: World, command: commands.Command, decision: decide.Decision) -> None:
    """Every step that was taken is on the record, and none is skipped."""
    taken = list(world.statuses)
    for event in decision.events:
        if isinstance(event, events.StatusChanged):
            assert event.previous_status is taken[-1]
            taken.append(event.status)
    assert taken == list(Status)[: len(taken)], "history never skips"
    assert decision.incident.status is taken[-1]
    if not isinstance(command, commands.ChangeStatus | commands.Resolve):
        assert taken == world.statuses, "only people move the status"
    if isinstance(command, commands.Resolve):
        assert taken[-1] is Status.RESOLVED


def keeps_acknowledgement(world: World, command: commands.Acknowledge, decision: decide.Decision) -> None:
    """Who and when is on the record; nothing else than the clock changes."""
    before, after = world.incident, decision.incident
    who = command.on_behalf_of.id if command.on_behalf_of else command.by.id
    assert after.acknowledged_by is not None
    assert (after.state, after.acknowledged_by.id, after.acknowledged_at) == (State.ACKNOWLEDGED, who, world.now)
    assert (after.status, after.owner_id, after.relieved) == (before.status, before.owner_id, before.relieved)
    assert decision.events == (events.IncidentAcknowledged(after.acknowledged_by, who in world.notified),)


def keeps_handoff(
    world: World, command: commands.Command, hand: tuple[actor.Actor, UUID], decision: decide.Decision
) -> None:
    """Back to one notified responder, a fresh clock on the current layer, and nobody displaced without being told."""
    before, after = world.incident, decision.incident
    giver, target = hand
    assert [(order.member.id, order.reason) for order in ordered(decision)] == [(target, Reason.HANDOFF)]
    assert (after.position, after.round) == (before.position, before.round), "it resumes where it left off"
    assert after.state is (State.PAGING if layers(before) else State.NONE)
    assert after.handed_off_epoch == after.epoch
    record = [event for event in decision.events if isinstance(event, events.IncidentHandedOff)]
    note = command.note if isinstance(command, commands.HandOff) else None
    assert record == [events.IncidentHandedOff(before.owner_id, target, note, before.acknowledged_by)]
    told = [effect.user_id for effect in decision.effects if isinstance(effect, effects.Notify)]
    lost = (
        {before.owner_id, world.acknowledger} & world.active
        if before.state is State.ACKNOWLEDGED
        else {before.owner_id}
    )
    displaced = (lost - {target, giver.user_id, None}) & world.active
    assert sorted(told) == sorted(user for user in displaced if user), "one notice each to the displaced"


def keeps_walk(world: World, command: commands.Command, cause: Cause, decision: decide.Decision) -> None:
    """The first place that reaches somebody, with everybody who has to be woken there; else the last resort."""
    before, after = world.incident, decision.incident
    place = next_place(world)
    kinds = [event for event in decision.events if not isinstance(event, events.OwnerChanged)]
    if cause is not Cause.OPENED:
        left = events.EscalationTimedOut(cause, before.position, before.round, before.acknowledged_by)
        assert kinds.pop(0) == left, "that paging moved on is on the record, with the reason"
    keeps_skips(world, place, kinds)
    record = [event for event in kinds if not isinstance(event, events.LayerSkipped)]
    assert after.acknowledged_by is None
    late = 0
    if isinstance(command, commands.DeadlinePassed) and world.due:
        late = int((world.now - world.due).total_seconds())
    target: policy.Target | None = None
    if place is None:
        named = command_roster(command).fallback
        expected = woken(world, after.owner_id, named, Reason.FALLBACK, Reason.FALLBACK)
        rounds = before.policy.repeat_count + 1 if before.policy else before.round
        assert (after.state, after.round) == (State.EXHAUSTED, rounds)
        assert after.position == (layers(before) if world.rounds_begun else 0), "it stands at the last layer"
        passed_over = tuple(user for user in named if user not in expected)
        assert record == [events.EscalationExhausted(rounds), events.FallbackPaged(tuple(expected), passed_over)]
    else:
        round_, position = place
        assert before.policy
        target = before.policy.layers[position - 1].target
        named = tuple(world.reachable(target))
        owner_rule = cause is Cause.REMOVED or round_ not in world.rounds_begun
        expected = woken(world, after.owner_id, named, Reason.LAYER, Reason.OWNER if owner_rule else None)
        assert (after.state, after.round, after.position) == (State.PAGING, *place)
        answering = tuple(user for user, why in expected.items() if why is Reason.LAYER)
        passed_over = tuple(user for user in named if user not in expected)
        duties = world.on_duty(target)
        assert record == [
            events.LayerPaged(position, round_, target, answering, passed_over, late, duties),
            *(events.OwnerPaged(user) for user, why in expected.items() if why is Reason.OWNER),
        ]
    pages = ordered(decision)
    assert pages, "never nobody"
    assert {order.member.id: order.reason for order in pages} == expected
    for order in pages:
        own = [duty for duty in world.on_duty(target) if duty.user_id == order.member.id]
        duty = min(own, key=lambda duty: duty.position, default=None)
        assert order.why == effects.Why(target, cause, late, duty=duty), "the page says why"


def command_roster(command: commands.Command) -> roster.Roster:
    assert not isinstance(
        command, commands.Acknowledge | commands.HandOff | commands.ChangeStatus | commands.Resolve
    ), "only what needs people walks"
    return command.roster


def woken(
    world: World, owner: UUID, named: tuple[UUID, ...], reason: Reason, owner_reason: Reason | None
) -> dict[UUID, Reason]:
    """Of those who are named the ones not relieved, else all of them; on top the owner, if it is their turn."""
    kept = [user for user in named if user not in world.relieved - {owner}]
    expected = dict.fromkeys(kept or named, reason)
    if owner_reason:
        expected.setdefault(owner, owner_reason)
    return expected


def keeps_skips(world: World, place: tuple[int, int] | None, record: Sequence[events.Event]) -> None:
    """Every layer that was passed by on the way is on the record, in order, once, and truly reached nobody."""
    here = world.incident
    skips = [event for event in record if isinstance(event, events.LayerSkipped)]
    assert list(record[: len(skips)]) == skips, "skips come before what they led to"
    at = [(event.round, event.position) for event in skips]
    count = layers(here)
    behind = count - here.position
    full = (
        [
            (here.round + (here.position + step) // count, (here.position + step) % count + 1)
            for step in range(count * 2)
        ]
        if count
        else []
    )
    if place:
        assert at == full[: full.index(place)]
    else:
        assert at == full[: len(at)]
        assert len(at) >= behind
    assert not any(world.reachable(event.target) for event in skips)


def remember(world: World, command: commands.Command, decision: decide.Decision) -> None:
    """Write a step into the model's own memory, from the command and never from what was decided about the clock."""
    before, after = world.incident, decision.incident
    hand, cause = handed(world, command), walks(world, command)
    paged = {order.member.id for order in ordered(decision)}
    world.statuses += [event.status for event in decision.events if isinstance(event, events.StatusChanged)]
    world.fences += fences(world, command)
    if owner_left(world, command):
        world.relieved.discard(world.people().heir)
    if hand:
        giver, target = hand
        world.relieved |= {before.owner_id} | ({giver.user_id} if giver.user_id else set())
        world.relieved.discard(target)
        world.notified, world.acknowledger = {target}, None
        remember_clock(world, layers(before) > 0, before.position)
    elif cause:
        world.notified |= paged
        world.acknowledger = None
        if place := next_place(world):
            world.rounds_begun.add(place[0])
        else:
            world.exhaustions += 1
            world.rounds_begun |= {after.round} if after.position else set()
        remember_clock(world, place is not None, place[1] if place else 0)
    elif isinstance(command, commands.Acknowledge):
        who = command.on_behalf_of.id if command.on_behalf_of else command.by.user_id
        world.acknowledger, world.due, world.cause = who, None, None
    elif fences(world, command):
        world.due, world.cause = None, None
    elif before.state is State.PAGING and unreachable(command):
        world.due, world.cause = world.now, Cause.UNREACHABLE


def unreachable(command: commands.Command) -> bool:
    gone = isinstance(command, commands.MemberRemoved) and command.group_failed
    return gone or isinstance(command, commands.GroupFailed)


def remember_clock(world: World, runs: bool, position: int) -> None:
    world.due, world.cause = None, None
    if runs and world.incident.policy:
        limit = world.incident.policy.layers[max(position, 1) - 1].ack_timeout
        world.due, world.cause = world.now + limit, Cause.TIMEOUT
