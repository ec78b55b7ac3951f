"""The rows of the fault list that are decisions and nothing else, each by its number."""

from dataclasses import replace
from itertools import pairwise

import pytest

from nightbell.core import errors, notice
from nightbell.core.incident import commands, decide, effects, events, state
from tests.core import builders
from tests.core.builders import ANA, BO, CY, DI, EVE, GHOST, HAL, LAYERS, NOW, by, minutes, people, walk
from tests.core.steps import (
    ROSTER,
    Cause,
    Reason,
    State,
    acknowledge,
    cancelled,
    causes,
    fire,
    hand_off,
    paged,
    unchanged,
)


def test_k01_of_two_who_acknowledge_the_first_is_the_acknowledger() -> None:
    first = acknowledge(builders.paging(), by(BO))
    second = acknowledge(first.incident, by(CY))
    assert first.incident.acknowledged_by == by(BO)
    assert unchanged(second, first.incident)


def test_k02_a_double_tap_leaves_no_second_trace() -> None:
    once = acknowledge(builders.paging(), by(BO)).incident
    assert unchanged(acknowledge(once, by(BO)), once)


def test_k03_when_acknowledge_wins_the_deadline_finds_nothing_to_do() -> None:
    after = acknowledge(builders.paging(due=0), by(ANA)).incident
    assert unchanged(decide.decide(after, commands.DeadlinePassed(ROSTER), NOW + minutes(60)), after)


def test_k04_when_the_engine_wins_acknowledge_cancels_the_new_layers_pages() -> None:
    late = acknowledge(fire(builders.paging()).incident, by(ANA))
    assert late.incident.state is State.ACKNOWLEDGED
    assert cancelled(late)


def test_k06_acknowledge_after_exhaustion_clears_it() -> None:
    after = acknowledge(builders.exhausted(), by(BO)).incident
    assert (after.state, after.acknowledged_by, after.due_at) == (State.ACKNOWLEDGED, by(BO), None)


def test_k07_acknowledge_after_resolve_never_reopens() -> None:
    assert unchanged(acknowledge(builders.closed(), by(ANA)), builders.closed())


def test_k09_acknowledge_by_a_member_who_was_not_paged_is_recorded_as_such() -> None:
    assert acknowledge(builders.paging(), by(EVE)).events == (events.IncidentAcknowledged(by(EVE), paged=False),)
    assert acknowledge(builders.paging(), by(ANA)).events == (events.IncidentAcknowledged(by(ANA), paged=True),)


def test_k15_acknowledge_and_resolve_end_resolved_in_either_order() -> None:
    resolve = commands.Resolve(by(CY))
    answered = acknowledge(builders.paging(), by(BO)).incident
    closed = decide.decide(answered, resolve, NOW).incident
    assert (closed.state, closed.acknowledged_by) == (State.CLOSED, by(BO))
    at_once = decide.decide(builders.paging(), resolve, NOW).incident
    assert unchanged(acknowledge(at_once, by(BO)), at_once)
    assert at_once.acknowledged_by is None


def test_h01_a_handoff_after_an_acknowledgement_applies_and_a_form_that_did_not_see_it_is_stale() -> None:
    shown = builders.paging()
    answered = acknowledge(shown, by(CY)).incident
    handed = hand_off(answered, ANA, BO)
    assert (handed.incident.owner_id, handed.incident.state) == (BO.id, State.PAGING)
    assert paged(handed) == {"Bo": Reason.HANDOFF}
    assert effects.Notify(CY.id, notice.Kind.ACKNOWLEDGER_DISPLACED, by(ANA), BO.id) in handed.effects
    with pytest.raises(errors.Rejected) as refused:
        hand_off(answered, ANA, BO, commands.Seen(shown.epoch))
    assert refused.value.code is errors.Code.STALE_INCIDENT


def test_h02_an_acknowledgement_after_a_handoff_stops_the_clock_and_leaves_the_owner() -> None:
    answered = acknowledge(hand_off(builders.paging(), ANA, BO).incident, by(CY))
    assert (answered.incident.state, answered.incident.due_at) == (State.ACKNOWLEDGED, None)
    assert answered.incident.owner_id == BO.id
    assert cancelled(answered)


def test_h03_of_two_handoffs_the_last_to_commit_owns_unless_its_form_did_not_see_the_first() -> None:
    shown = builders.paging()
    first = hand_off(shown, ANA, BO).incident
    second = hand_off(first, DI, EVE)
    assert second.incident.owner_id == EVE.id
    assert cancelled(second)
    assert paged(second) == {"Eve": Reason.HANDOFF}
    with pytest.raises(errors.Rejected) as refused:
        hand_off(first, DI, EVE, commands.Seen(shown.epoch))
    assert refused.value.code is errors.Code.STALE_INCIDENT


def test_h04_a_handoff_after_the_deadline_stays_on_the_layer_that_was_paged() -> None:
    handed = hand_off(fire(builders.paging()).incident, ANA, EVE).incident
    assert (handed.position, handed.due_at) == (2, NOW + minutes(10))
    assert paged(fire(handed)) == {"Di": Reason.LAYER}


def test_h05_a_handoff_before_the_deadline_gives_a_full_timeout_of_the_current_layer() -> None:
    handed = hand_off(builders.paging(due=0.1), ANA, BO).incident
    assert handed.due_at == NOW + minutes(5)
    assert unchanged(decide.decide(handed, commands.DeadlinePassed(ROSTER), NOW + minutes(0.1)), handed)


def test_h06_a_handoff_to_no_member_is_refused() -> None:
    with pytest.raises(errors.Rejected) as refused:
        hand_off(builders.paging(), ANA, None)
    assert (refused.value.code, refused.value.field) == (errors.Code.INVALID_TARGET_USER, "targetUserId")


def test_h07_when_the_owner_is_removed_the_heir_owns_and_is_paged_with_the_next_layer() -> None:
    handed = hand_off(builders.paging(), ANA, BO).incident
    gone = decide.decide(handed, commands.MemberRemoved(BO.id, people(ANA, CY, HAL)), NOW)
    assert gone.incident.owner_id == HAL.id
    assert paged(gone) == {"Cy": Reason.LAYER, "Hal": Reason.OWNER}
    assert causes(gone) == [Cause.REMOVED]


def test_h08_when_the_acknowledger_is_removed_the_owner_is_paged_again() -> None:
    answered = builders.acknowledged(by(BO))
    gone = decide.decide(answered, commands.MemberRemoved(BO.id, people(ANA, HAL)), NOW)
    assert paged(gone) == {"Ana": Reason.HANDOFF}
    assert (gone.incident.state, gone.incident.due_at) == (State.PAGING, NOW + minutes(5))


def test_h08_when_the_owner_who_acknowledged_is_removed_the_heir_is_paged() -> None:
    answered = builders.acknowledged(by(ANA))
    gone = decide.decide(answered, commands.MemberRemoved(ANA.id, people(BO, HAL)), NOW)
    assert paged(gone) == {"Hal": Reason.HANDOFF}
    assert (gone.incident.owner_id, gone.incident.state) == (HAL.id, State.PAGING)


@pytest.mark.parametrize("given", [builders.exhausted(), builders.acknowledged(by(BO))], ids=lambda given: given.state)
def test_h08_when_the_owner_is_removed_and_nobody_waits_only_ownership_moves(given: state.Incident) -> None:
    gone = decide.decide(given, commands.MemberRemoved(ANA.id, people(BO, HAL)), NOW)
    assert gone.incident == replace(given, owner_id=HAL.id)
    assert not paged(gone)


def test_h09_a_handoff_to_where_it_already_is_wakes_nobody() -> None:
    waiting = hand_off(builders.paging(), ANA, BO).incident
    assert unchanged(hand_off(waiting, ANA, BO), waiting)
    answered = acknowledge(waiting, by(BO)).incident
    assert unchanged(hand_off(answered, ANA, BO), answered)


@pytest.mark.parametrize(
    "given",
    [
        replace(builders.paging(), notified=frozenset({ANA.id, CY.id})),
        builders.acknowledged(by(CY)),
        replace(builders.exhausted(), notified=frozenset({ANA.id})),
    ],
    ids=["others are notified", "somebody else acknowledged", "exhausted"],
)
def test_h10_a_handoff_to_the_present_owner_is_real_when_it_changes_something(given: state.Incident) -> None:
    handed = hand_off(given, DI, ANA)
    assert cancelled(handed)
    assert paged(handed) == {"Ana": Reason.HANDOFF}
    assert handed.incident.due_at == NOW + LAYERS.ack_timeout(given.position)


def test_h11_an_unanswered_handoff_resumes_at_the_layer_after_the_current_one() -> None:
    handed = hand_off(builders.paging(position=2), ANA, EVE).incident
    resumed = fire(handed)
    assert resumed.incident.position == 3
    assert paged(resumed) == {"Di": Reason.LAYER}


def test_h12_an_unanswered_handoff_on_the_last_layer_repeats_or_exhausts() -> None:
    repeating = replace(LAYERS, repeat_count=1)
    again = fire(hand_off(builders.paging(repeating, position=3), ANA, EVE).incident)
    assert (again.incident.round, again.incident.position) == (2, 1)
    ended = fire(hand_off(builders.paging(position=3), ANA, EVE).incident)
    assert ended.incident.state is State.EXHAUSTED
    assert paged(ended) == {"Hal": Reason.FALLBACK, "Eve": Reason.FALLBACK}


def test_h13_a_handoff_from_exhausted_has_the_last_layers_timeout_and_then_exhausts_again() -> None:
    handed = hand_off(builders.exhausted(), ANA, BO)
    assert paged(handed) == {"Bo": Reason.HANDOFF}
    assert handed.incident.due_at == NOW + minutes(15)
    ended = fire(handed.incident)
    assert ended.incident.state is State.EXHAUSTED
    assert paged(ended) == {"Hal": Reason.FALLBACK, "Bo": Reason.FALLBACK}


def test_h13_from_exhausted_the_last_layers_timeout_runs_also_where_that_layer_was_skipped() -> None:
    plan = walk(((ANA,), 5), ((CY,), 10), ((GHOST,), 15))
    ended = fire(builders.paging(plan, position=2)).incident
    assert ended.state is State.EXHAUSTED
    handed = hand_off(ended, ANA, BO)
    assert handed.incident.due_at == NOW + minutes(15)
    # Whoever the skipped layer stands for by now, the walk does not go back to it.
    again = fire(handed.incident, roster=people(*builders.EVERYBODY, GHOST))
    assert again.incident.state is State.EXHAUSTED
    assert paged(again) == {"Hal": Reason.FALLBACK, "Bo": Reason.FALLBACK}


def test_h14_a_resolved_incident_cannot_be_handed_off() -> None:
    with pytest.raises(errors.Rejected) as refused:
        hand_off(builders.closed(), ANA, BO)
    assert refused.value.code is errors.Code.INCIDENT_RESOLVED


def test_h15_without_a_policy_a_handoff_pages_the_target_and_starts_no_clock() -> None:
    handed = hand_off(builders.opened(None), ANA, BO)
    assert paged(handed) == {"Bo": Reason.HANDOFF}
    assert (handed.incident.owner_id, handed.incident.state, handed.incident.due_at) == (BO.id, State.NONE, None)


def test_h16_a_chain_of_five_handoffs_is_on_the_record_and_relieves_all_but_the_last() -> None:
    chain = [ANA, BO, CY, DI, EVE, HAL]
    incident = builders.paging()
    record = []
    for giver, target in pairwise(chain):
        step = hand_off(incident, giver, target)
        assert paged(step) == {target.name: Reason.HANDOFF}
        record += [
            (event.previous_owner, event.new_owner)
            for event in step.events
            if isinstance(event, events.IncidentHandedOff)
        ]
        incident = step.incident
    assert record == [(giver.id, target.id) for giver, target in pairwise(chain)]
    assert incident.relieved == {member.id for member in chain[:-1]}
    assert incident.epoch == builders.paging().epoch + 5
