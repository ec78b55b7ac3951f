"""What a decision does to an incident that a restore holds, and how such a one is spoken of."""

from dataclasses import replace

import pytest

from nightbell.core import standing
from nightbell.core.incident import commands, decide, effects, state
from tests.channels.standings import standing_in
from tests.core import builders
from tests.core.builders import ANA, BO, CY, NOW, by, minutes, walk
from tests.core.steps import ROSTER, State, cancelled, fire, hand_off, paged

PLAN = walk(((ANA,), 5), ((BO,), 15), ((CY,), 30))


def held(incident: state.Incident) -> state.Incident:
    return replace(incident, held=True)


def test_p27_a_held_clock_stands() -> None:
    incident = held(builders.paging(PLAN))
    decision = fire(incident)
    assert (decision.incident, decision.events, decision.effects) == (incident, (), ())


def test_p27_a_step_of_the_status_leaves_it_held() -> None:
    incident = held(builders.paging(PLAN))
    command = commands.ChangeStatus(by(ANA), state.Status.IDENTIFIED)
    decision = decide.decide(incident, command, NOW)
    assert decision.incident == replace(incident, status=state.Status.IDENTIFIED)
    assert decision.effects == ()


@pytest.mark.parametrize("command", [commands.Acknowledge(by(BO)), commands.Resolve(by(BO), None)])
def test_p27_an_answer_ends_the_hold_and_cancels_as_ever(command: commands.Command) -> None:
    incident = builders.paging(PLAN)
    free, decision = (decide.decide(each, command, NOW) for each in (incident, held(incident)))
    assert decision == free


def test_p27_escalating_cancels_what_waited_since_before_the_restore() -> None:
    incident = builders.paging(PLAN)
    command = commands.Escalate(by(ANA), ROSTER)
    free, decision = (decide.decide(each, command, NOW) for each in (incident, held(incident)))
    assert decision.incident == free.incident
    assert paged(decision) == paged(free)
    assert cancelled(decision)
    assert not cancelled(free)


def test_p27_a_removal_that_moves_the_clock_cancels_everybody_s_and_one_that_does_not_only_theirs() -> None:
    incident = held(builders.paging(PLAN))
    for failed, wanted in (
        (True, effects.CancelPages("restored")),
        (False, effects.CancelPages("member_removed", BO.id)),
    ):
        decision = decide.decide(incident, commands.MemberRemoved(BO.id, ROSTER, group_failed=failed), NOW)
        assert decision.effects == (wanted,)
        assert decision.incident.held is not failed


def test_p27_a_handoff_that_already_held_before_the_restore_is_made_again() -> None:
    handed = hand_off(builders.paging(PLAN), ANA, BO).incident
    assert hand_off(handed, ANA, BO).incident == handed
    again = hand_off(held(handed), ANA, BO)
    assert list(paged(again)) == ["Bo"]
    assert again.incident.due_at == NOW + minutes(5)
    assert not again.incident.held


@pytest.mark.parametrize("in_state", [State.PAGING, State.EXHAUSTED, State.NONE])
def test_p27_whoever_shows_it_says_that_it_is_held(in_state: state.State) -> None:
    lines = standing.lines(replace(standing_in(in_state), held=True), str)
    assert lines[-1] == standing.HELD
    assert len(lines) == 2
    assert standing.lines(replace(standing_in(in_state), held=True, notified=()), str) == [standing.HELD]


def test_p27_an_answered_one_is_spoken_of_as_ever() -> None:
    answered = standing_in(State.ACKNOWLEDGED)
    assert standing.lines(replace(answered, held=True), str) == standing.lines(answered, str)
