"""One step of a story and what came of it: the only place for the words the fault list is tested in."""

from nightbell.core import roster as rosters
from nightbell.core.incident import actor, commands, decide, effects, events, state
from tests.core.builders import NOW, by, minutes, people

State = state.State
Cause = state.Cause
Reason = effects.Reason
ROSTER = people()


def acknowledge(incident: state.Incident, who: actor.Actor) -> decide.Decision:
    return decide.decide(incident, commands.Acknowledge(who), NOW)


def hand_off(
    incident: state.Incident,
    giver: rosters.Member,
    to: rosters.Member | None,
    seen: commands.Seen | None = None,
) -> decide.Decision:
    return decide.decide(incident, commands.HandOff(by(giver), to, None, seen), NOW)


def fire(incident: state.Incident, *, late: float = 0, roster: rosters.Roster = ROSTER) -> decide.Decision:
    """The deadline passes, `late` minutes after it was due."""
    assert incident.due_at is not None
    return decide.decide(incident, commands.DeadlinePassed(roster), incident.due_at + minutes(late))


def paged(decision: decide.Decision) -> dict[str, Reason]:
    return {effect.member.name: effect.reason for effect in decision.effects if isinstance(effect, effects.QueuePages)}


def cancelled(decision: decide.Decision) -> bool:
    """Whether everything still queued is cancelled."""
    return any(isinstance(effect, effects.CancelPages) and effect.user_id is None for effect in decision.effects)


def causes(decision: decide.Decision) -> list[Cause]:
    return [event.cause for event in decision.events if isinstance(event, events.EscalationTimedOut)]


def unchanged(decision: decide.Decision, incident: state.Incident) -> bool:
    return decision == decide.Decision(incident)
