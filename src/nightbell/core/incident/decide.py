"""What an event does to an incident: the one function that people, programs and the clock all call.

It is the decision table of the reference, cell by cell: one function a command, and under them the moves they are made
of (`_walk`, `_hand`, `_close`).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from nightbell.core import notice
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import paging
from nightbell.core.incident.actor import SYSTEM, Actor, Type
from nightbell.core.incident.commands import (
    Acknowledge,
    ChangeStatus,
    Command,
    DeadlinePassed,
    Escalate,
    GroupFailed,
    HandOff,
    MemberRemoved,
    Resolve,
    Seen,
)
from nightbell.core.incident.effects import CancelPages, Effect, Notify, QueuePages, Reason, Why
from nightbell.core.incident.events import (
    EscalationExhausted,
    EscalationTimedOut,
    Event,
    FallbackPaged,
    IncidentAcknowledged,
    IncidentHandedOff,
    LayerPaged,
    OwnerChanged,
    OwnerPaged,
    StatusChanged,
)
from nightbell.core.incident.state import Cause, Incident, State, Status, steps_after
from nightbell.core.roster import Member, Roster


@dataclass(frozen=True, slots=True)
class Decision:
    """The incident as it is now, what goes on the record, and what is to be done about it."""

    incident: Incident
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()


def opened(*, has_policy: bool) -> tuple[State, Cause | None]:
    """How an incident starts: with a policy its clock is due at once, and the first firing pages the first layer."""
    return (State.PAGING, Cause.OPENED) if has_policy else (State.NONE, None)


def decide(incident: Incident, command: Command, now: datetime) -> Decision:
    """What `command` does to `incident` at `now`.

    An unchanged incident and no events is a success that changed nothing. Raises Rejected where the command is refused.
    """
    if not incident.held:
        return _decide(incident, command, now)
    if isinstance(command, DeadlinePassed):  # its clock stands
        return Decision(incident)
    return _let_go(incident, _decide(incident, command, now))


def _decide(incident: Incident, command: Command, now: datetime) -> Decision:
    match command:
        case DeadlinePassed():
            return _deadline_passed(incident, command, now)
        case GroupFailed():
            return _group_failed(incident, command, now)
        case Acknowledge():
            return _acknowledge(incident, command, now)
        case HandOff():
            return _hand_off(incident, command, now)
        case Escalate():
            return _escalate(incident, command, now)
        case ChangeStatus():
            return _change_status(incident, command, now)
        case Resolve():
            return _resolve(incident, command, now)
        case MemberRemoved():
            return _member_removed(incident, command, now)
        case _:
            assert_never(command)


# The commands.


def _deadline_passed(incident: Incident, command: DeadlinePassed, now: datetime) -> Decision:
    """Nobody answered in time: page the next layer, if the clock really is due."""
    if incident.state is not State.PAGING or incident.due_at is None or incident.due_at > now:
        return Decision(incident)
    late = int((now - incident.due_at).total_seconds())
    return _walk(incident, incident.due_cause or Cause.TIMEOUT, command.roster, now, late_seconds=late)


def _group_failed(incident: Incident, command: GroupFailed, now: datetime) -> Decision:
    """Nobody waits for people who cannot be reached."""
    if incident.state is State.PAGING:
        return Decision(incident.ticking(now, Cause.UNREACHABLE))
    if incident.state is State.NONE:
        return _walk(incident, Cause.UNREACHABLE, command.roster, now)
    return Decision(incident)


def _acknowledge(incident: Incident, command: Acknowledge, now: datetime) -> Decision:
    """Somebody is on it: the clock stops, nothing that was decided before is sent any more."""
    if not incident.unanswered:
        return Decision(incident)
    acknowledger = command.by
    if command.on_behalf_of:
        acknowledger = Actor(Type.USER, command.on_behalf_of.id, command.on_behalf_of.name, command.by.via)
    after = replace(
        incident.stopped(State.ACKNOWLEDGED, epoch=incident.epoch + 1),
        acknowledged_by=acknowledger,
        acknowledged_at=now,
    )
    event = IncidentAcknowledged(acknowledger, paged=acknowledger.user_id in incident.notified)
    return Decision(after, (event,), (CancelPages("acknowledged"), *_relieved_of_waiting(incident, acknowledger)))


def _relieved_of_waiting(incident: Incident, acknowledger: Actor) -> tuple[Notify, ...]:
    """One quiet notice each to whoever else was paged since the opening or the last handoff."""
    others = incident.notified - {acknowledger.user_id}
    return tuple(Notify(user_id, notice.Kind.ACKNOWLEDGED, acknowledger) for user_id in sorted(others))


def _hand_off(incident: Incident, command: HandOff, now: datetime) -> Decision:
    """Not me, her: in the contract's order of checks; a refusal changes nothing, a retry wakes nobody twice."""
    if incident.state is State.CLOSED:
        raise Rejected(Code.INCIDENT_RESOLVED, "The incident is resolved.")
    if command.to is None:
        raise Rejected(
            Code.INVALID_TARGET_USER, "The target is not an active member of the organization.", "targetUserId"
        )
    if _already_handed(incident, command.to):
        return Decision(incident)
    _refuse_stale(incident, command.seen)
    return _hand(incident, command.by, command.to, command.note, now)


def _escalate(incident: Incident, command: Escalate, now: datetime) -> Decision:
    """Page the next layer now, whether or not somebody is on it."""
    if incident.state is State.CLOSED:
        raise Rejected(Code.INCIDENT_RESOLVED, "The incident is resolved.")
    walkable = incident.state is State.PAGING or (incident.state is State.ACKNOWLEDGED and incident.layer_count > 0)
    if not walkable:
        raise Rejected(Code.NOTHING_TO_ESCALATE, "No layer is left to escalate to.")
    _refuse_stale(incident, command.seen)
    return _walk(incident, Cause.ESCALATED, command.roster, now)


def _change_status(incident: Incident, command: ChangeStatus, now: datetime) -> Decision:
    """One step forward; the last step closes."""
    if incident.state is State.CLOSED:
        raise Rejected(Code.INCIDENT_RESOLVED, "The incident is resolved.")
    if command.to not in steps_after(incident.status)[:1]:
        raise Rejected(
            Code.INVALID_STATUS_TRANSITION,
            f"An incident moves one step at a time: {incident.status} cannot become {command.to}.",
            "status",
        )
    if command.to is Status.RESOLVED:
        return _close(incident, command.note, now)
    event = StatusChanged(incident.status, command.to, command.note)
    return Decision(replace(incident, status=command.to), (event,))


def _resolve(incident: Incident, command: Resolve, now: datetime) -> Decision:
    """All the steps that are left; resolving twice is a success that changed nothing."""
    if incident.state is State.CLOSED:
        return Decision(incident)
    return _close(incident, command.note, now)


def _member_removed(incident: Incident, command: MemberRemoved, now: datetime) -> Decision:
    """Somebody left: whatever waited for them goes to the heir or the owner, or moves on."""
    if incident.state is State.CLOSED:
        return Decision(incident)
    acknowledged = incident.state is State.ACKNOWLEDGED and incident.acknowledged_by is not None
    acknowledger_left = acknowledged and incident.acknowledged_by.user_id == command.user_id  # type: ignore[union-attr]
    if incident.owner_id == command.user_id:
        return _owner_removed(incident, command, now, hand=acknowledger_left or incident.state is State.NONE)
    if acknowledger_left:
        return _hand(incident, SYSTEM, command.roster.members[incident.owner_id], None, now)
    after = incident
    if incident.state is State.PAGING and command.group_failed:
        after = incident.ticking(now, Cause.UNREACHABLE)
    return Decision(after, (), (CancelPages("member_removed", command.user_id),))


def _owner_removed(incident: Incident, command: MemberRemoved, now: datetime, *, hand: bool) -> Decision:
    """The heir owns, and is paged unless somebody else is on it or everybody already was."""
    heir = command.roster.members[command.roster.heir]
    moved = OwnerChanged(incident.owner_id, heir.id, "member_removed")
    if hand:
        handed = _hand(incident, SYSTEM, heir, None, now)
        return Decision(handed.incident, (moved, *handed.events), handed.effects)
    owned = replace(incident, owner_id=heir.id, relieved=incident.relieved - {heir.id})
    cancel = CancelPages("member_removed", command.user_id)
    if incident.state is not State.PAGING:
        return Decision(owned, (moved,), (cancel,))
    walked = _walk(owned, Cause.REMOVED, command.roster, now, with_owner=True)
    return Decision(walked.incident, (moved, *walked.events), (cancel, *walked.effects))


# The moves.


def _walk(
    incident: Incident,
    cause: Cause,
    roster: Roster,
    now: datetime,
    *,
    late_seconds: int = 0,
    with_owner: bool = False,
) -> Decision:
    """Page the first layer that stands for somebody, or the fallback responders; earlier pages are still wanted."""
    events: list[Event] = []
    if cause is not Cause.OPENED:
        events.append(EscalationTimedOut(cause, incident.position, incident.round, incident.acknowledged_by))
    stop = paging.next_stop(incident, roster, with_owner=with_owner)
    events += stop.skipped
    duties = roster.duties(stop.target)
    duty_of = {duty.user_id: duty for duty in reversed(duties)}
    effects = tuple(
        QueuePages(member, reason, Why(stop.target, cause, late_seconds, duty=duty_of.get(member.id)))
        for member, reason in stop.group
    )
    responders = tuple(member.id for member, reason in stop.group if reason is not Reason.OWNER)
    passed_over = tuple(member.id for member in stop.passed_over)
    moved: dict[str, Any] = {
        "position": stop.position,
        "round": stop.round,
        "notified": incident.notified | {member.id for member, _ in stop.group},
    }
    if stop.layer is None:
        events += [EscalationExhausted(stop.round), FallbackPaged(responders, passed_over)]
        after = incident.stopped(State.EXHAUSTED, acknowledged_by=None, acknowledged_at=None, **moved)
        return Decision(after, tuple(events), effects)
    target = stop.layer.target
    events.append(LayerPaged(stop.position, stop.round, target, responders, passed_over, late_seconds, duties))
    events += [OwnerPaged(member.id) for member, reason in stop.group if reason is Reason.OWNER]
    after = incident.ticking(now + stop.layer.ack_timeout, **moved)
    return Decision(after, tuple(events), effects)


def _hand(incident: Incident, by: Actor, to: Member, note: str | None, now: datetime) -> Decision:
    """Ownership and the page go to `to`; the clock restarts on the current layer; whoever gave it away is relieved."""
    epoch = incident.epoch + 1
    relieved = incident.relieved | {incident.owner_id} | ({by.user_id} if by.user_id else set())
    cleared = incident.acknowledged_by
    after = replace(
        incident,
        owner_id=to.id,
        epoch=epoch,
        handed_off_epoch=epoch,
        acknowledged_by=None,
        acknowledged_at=None,
        relieved=frozenset(relieved - {to.id}),
        notified=frozenset({to.id}),
    )
    if incident.policy and incident.layer_count:
        after = after.ticking(now + incident.policy.ack_timeout(incident.position))
    else:
        after = after.stopped(State.NONE, epoch=epoch)
    event = IncidentHandedOff(incident.owner_id, to.id, note, cleared)
    why = Why(cause=None, handed_off_by=by, note=note)
    return Decision(
        after,
        (event,),
        (CancelPages("handed_off"), QueuePages(to, Reason.HANDOFF, why), *_displaced(incident, by, to)),
    )


def _displaced(incident: Incident, by: Actor, to: Member) -> tuple[Notify, ...]:
    """One notice each to the owner and the acknowledger who lost the incident, unless they did it or have it now."""
    if by.type is Type.SYSTEM:  # it displaces only the member who was removed
        return ()
    told = {}
    if incident.acknowledged_by and incident.acknowledged_by.user_id:
        told[incident.acknowledged_by.user_id] = notice.Kind.ACKNOWLEDGER_DISPLACED
    told[incident.owner_id] = notice.Kind.OWNER_DISPLACED
    return tuple(
        Notify(user_id, kind, by, to.id) for user_id, kind in told.items() if user_id not in (by.user_id, to.id)
    )


def _close(incident: Incident, note: str | None, now: datetime) -> Decision:
    """Every step that is left, in one go, so that history never skips; the acknowledger stays on record."""
    events: list[Event] = []
    status = incident.status
    for step in steps_after(status):
        events.append(StatusChanged(status, step, note if step is Status.RESOLVED else None))
        status = step
    after = replace(incident.stopped(State.CLOSED, epoch=incident.epoch + 1), status=Status.RESOLVED, resolved_at=now)
    return Decision(after, tuple(events), (CancelPages("resolved"),))


# The rules they share.


def _let_go(before: Incident, decision: Decision) -> Decision:
    """Whatever starts or stops the clock of a held incident ends its hold; what was queued before the restore is void.

    A step of the status does neither, and leaves it held.
    """
    after = decision.incident
    if (after.epoch, after.state, after.due_at) == (before.epoch, before.state, before.due_at):
        return decision
    cancelled = [each for each in decision.effects if isinstance(each, CancelPages) and each.user_id is None]
    others = [each for each in decision.effects if not isinstance(each, CancelPages)]
    return Decision(replace(after, held=False), decision.events, (*(cancelled or [CancelPages("restored")]), *others))


def _already_handed(incident: Incident, to: Member) -> bool:
    """Whether the handoff asked for is what already holds, so that a retried request wakes nobody twice."""
    if incident.owner_id != to.id:
        return False
    if incident.state is State.ACKNOWLEDGED:
        return incident.acknowledged_by is not None and incident.acknowledged_by.user_id == to.id
    # Whom a held incident has paged was paged before the restore: that handoff is asked for anew.
    return incident.state in (State.PAGING, State.NONE) and incident.notified == {to.id} and not incident.held


def _refuse_stale(incident: Incident, seen: Seen | None) -> None:
    """A form acts on what it showed, or not at all."""
    if seen is None:
        return
    moved = seen.epoch != incident.epoch
    moved = moved or (seen.round is not None and seen.round != incident.round)
    moved = moved or (seen.position is not None and seen.position != incident.position)
    if moved:
        raise Rejected(Code.STALE_INCIDENT, "The incident has changed since this page was loaded.")
