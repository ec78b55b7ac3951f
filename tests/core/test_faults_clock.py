"""The rows of the fault list about relief, deadlines and layers that are pure decisions, each by its number."""

from dataclasses import replace
from uuid import UUID

import pytest

from nightbell.core import errors, policy
from nightbell.core.incident import commands, decide, events, paging, state
from tests.core import builders
from tests.core.builders import ANA, BO, CY, DAYS, DI, EVE, GHOST, HAL, LAYERS, NIGHTS, NOW, by, minutes, people, walk
from tests.core.steps import ROSTER, Cause, Reason, State, cancelled, causes, fire, hand_off, paged, unchanged


def skipped(decision: decide.Decision) -> list[tuple[int, int, str]]:
    return [
        (event.round, event.position, event.reason)
        for event in decision.events
        if isinstance(event, events.LayerSkipped)
    ]


def passed_over(decision: decide.Decision) -> list[tuple[UUID, ...]]:
    return [
        event.passed_over for event in decision.events if isinstance(event, events.LayerPaged | events.FallbackPaged)
    ]


def test_h17_the_relieved_are_paged_where_nobody_else_is() -> None:
    plan = walk(((ANA,), 5), ((BO,), 10))
    handed = hand_off(hand_off(builders.paging(plan), ANA, BO).incident, BO, CY).incident
    assert BO.id in handed.relieved
    assert paged(fire(handed)) == {"Bo": Reason.LAYER}


def test_h17_the_relieved_are_paged_where_nobody_else_is_named_and_the_owner_comes_on_top() -> None:
    plan = walk(((BO,), 5), ((CY,), 10), repeat=1)
    handed = hand_off(builders.paging(plan, position=2), BO, DI).incident
    again = fire(handed)
    assert (again.incident.round, again.incident.position) == (2, 1)
    assert paged(again) == {"Bo": Reason.LAYER, "Di": Reason.OWNER}
    assert passed_over(again) == [()]


def test_h17_the_relieved_are_the_last_resort_where_nobody_else_is_and_the_owner_comes_on_top() -> None:
    ended = fire(hand_off(builders.paging(position=3), HAL, BO).incident)
    assert HAL.id in ended.incident.relieved
    assert paged(ended) == {"Hal": Reason.FALLBACK, "Bo": Reason.FALLBACK}
    assert passed_over(ended) == [()]


def test_h18_the_relieved_are_passed_over_where_others_are() -> None:
    plan = walk(((ANA,), 5), ((ANA, BO, CY), 10))
    handed = hand_off(builders.paging(plan), ANA, DI).incident
    resumed = fire(handed)
    assert paged(resumed) == {"Bo": Reason.LAYER, "Cy": Reason.LAYER}
    assert passed_over(resumed) == [(ANA.id,)]


def test_h18_the_relieved_are_passed_over_at_the_last_resort_where_others_are() -> None:
    handed = hand_off(builders.paging(position=3), ANA, DI).incident
    ended = fire(handed, roster=people(fallback=[ANA, HAL]))
    assert paged(ended) == {"Hal": Reason.FALLBACK, "Di": Reason.FALLBACK}
    assert passed_over(ended) == [(ANA.id,)]


def test_h19_t11_when_a_group_is_refused_for_good_the_next_layer_is_paged_at_once() -> None:
    handed = hand_off(builders.paging(), ANA, EVE).incident
    failed = decide.decide(handed, commands.GroupFailed(ROSTER), NOW).incident
    assert failed.due_at == NOW
    moved = fire(failed)
    assert causes(moved) == [Cause.UNREACHABLE]
    assert paged(moved) == {"Bo": Reason.LAYER, "Cy": Reason.LAYER}


def test_h23_a_handoff_before_layer_1_was_paged_gives_its_timeout_and_then_pages_it() -> None:
    plan = walk(((CY,), 5), ((DI,), 15))
    handed = hand_off(builders.opened(plan), ANA, BO)
    assert paged(handed) == {"Bo": Reason.HANDOFF}
    assert (handed.incident.position, handed.incident.due_at) == (0, NOW + minutes(5))
    first = fire(handed.incident)
    assert first.incident.position == 1
    assert paged(first) == {"Cy": Reason.LAYER, "Bo": Reason.OWNER}


def test_h23_where_layer_1_is_only_who_handed_it_off_they_are_paged_with_the_new_owner() -> None:
    handed = hand_off(builders.opened(walk(((ANA,), 5), ((CY,), 10))), ANA, BO).incident
    first = fire(handed)
    assert first.incident.position == 1
    assert paged(first) == {"Ana": Reason.LAYER, "Bo": Reason.OWNER}


def test_t04_p11_after_an_outage_one_layer_is_paged_with_a_full_clock_and_says_how_late() -> None:
    late = fire(builders.paging(due=0), late=45)
    assert late.incident.position == 2
    assert late.incident.due_at == NOW + minutes(45) + minutes(10)
    assert [event.late_seconds for event in late.events if isinstance(event, events.LayerPaged)] == [45 * 60]
    again = decide.decide(late.incident, commands.DeadlinePassed(ROSTER), NOW + minutes(46))
    assert unchanged(again, late.incident)


def test_t05_a_layer_that_reaches_nobody_is_skipped_at_once_and_says_why() -> None:
    plan = walk(((ANA,), 5), ((GHOST,), 10), ((DI,), 15))
    moved = fire(builders.paging(plan))
    assert skipped(moved) == [(1, 2, "no active member")]
    assert moved.incident.position == 3
    assert paged(moved) == {"Di": Reason.LAYER}


def test_t05_a_schedule_where_nobody_is_on_call_is_skipped_and_one_with_somebody_is_not() -> None:
    plan = policy.Policy(
        LAYERS.id,
        "Rota",
        (builders.layer(policy.Schedule(DAYS), 5), builders.layer(policy.Schedule(NIGHTS), 10)),
    )
    first = fire(builders.opened(plan, owner=EVE), roster=people(on_call={NIGHTS: (CY, GHOST)}))
    assert skipped(first) == [(1, 1, "no active member")]
    assert paged(first) == {"Cy": Reason.LAYER, "Eve": Reason.OWNER}


@pytest.mark.parametrize("repeat", [0, 2])
def test_t06_when_no_layer_reaches_anybody_one_round_is_tried_and_the_last_resort_is_paged(repeat: int) -> None:
    plan = walk(((GHOST,), 5), ((), 10), repeat=repeat)
    ended = fire(builders.opened(plan))
    assert skipped(ended) == [(1, 1, "no active member"), (1, 2, "no active member")]
    assert (ended.incident.state, ended.incident.round) == (State.EXHAUSTED, repeat + 1)
    assert paged(ended) == {"Hal": Reason.FALLBACK, "Ana": Reason.FALLBACK}


def test_t05_an_exhausted_walk_stands_at_its_last_layer_also_where_that_was_skipped() -> None:
    ended = fire(builders.paging(walk(((ANA,), 5), ((GHOST,), 10), ((), 15))))
    assert skipped(ended) == [(1, 2, "no active member"), (1, 3, "no active member")]
    assert (ended.incident.state, ended.incident.position) == (State.EXHAUSTED, 3)


def test_t06_a_walk_that_paged_no_layer_stands_before_the_first() -> None:
    ended = fire(builders.opened(walk(((GHOST,), 5), ((), 10))))
    assert (ended.incident.state, ended.incident.position) == (State.EXHAUSTED, 0)
    handed = hand_off(ended.incident, ANA, BO).incident
    assert handed.due_at == NOW + minutes(5)
    assert fire(handed).incident.state is State.EXHAUSTED


def test_t06_a_round_that_has_come_to_reach_nobody_ends_the_walk() -> None:
    gone = people(ANA, HAL)
    plan = walk(((BO,), 5), ((CY,), 10), repeat=9)
    ended = fire(builders.paging(plan), roster=gone)
    assert [place[:2] for place in skipped(ended)] == [(1, 2), (2, 1), (2, 2)]
    assert ended.incident.state is State.EXHAUSTED


def test_t07_every_round_is_walked_and_then_the_last_resort_is_paged_once() -> None:
    incident = builders.opened(walk(((BO,), 5), ((CY,), 10), repeat=2))
    walked = []
    while incident.due_at:
        step = fire(incident)
        incident = step.incident
        walked.append((incident.round, incident.position, sorted(paged(step))))
    assert walked == [
        (1, 1, ["Ana", "Bo"]),
        (1, 2, ["Cy"]),
        (2, 1, ["Ana", "Bo"]),
        (2, 2, ["Cy"]),
        (3, 1, ["Ana", "Bo"]),
        (3, 2, ["Cy"]),
        (3, 2, ["Ana", "Hal"]),
    ]
    assert incident.state is State.EXHAUSTED


def test_t08_a_policy_without_layers_is_exhausted_at_its_first_firing() -> None:
    ended = fire(builders.opened(walk(repeat=3)))
    assert ended.incident.state is State.EXHAUSTED
    assert paged(ended) == {"Hal": Reason.FALLBACK, "Ana": Reason.FALLBACK}


def test_t13_escalate_pressed_twice_from_one_screen_acts_once() -> None:
    shown = builders.paging()
    press = commands.Escalate(by(CY), ROSTER, commands.Seen(shown.epoch, shown.round, shown.position))
    first = decide.decide(shown, press, NOW)
    assert first.incident.position == 2
    with pytest.raises(errors.Rejected) as refused:
        decide.decide(first.incident, press, NOW)
    assert refused.value.code is errors.Code.STALE_INCIDENT


def test_t14_paging_the_next_layer_cancels_nothing() -> None:
    assert not cancelled(fire(builders.paging()))
    assert not cancelled(fire(builders.paging(position=3)))


def test_t15_escalate_on_acknowledged_clears_it_and_pages_the_next_layer() -> None:
    moved = decide.decide(builders.acknowledged(by(BO)), commands.Escalate(by(CY), ROSTER), NOW)
    assert (moved.incident.state, moved.incident.acknowledged_by) == (State.PAGING, None)
    assert moved.events[0] == events.EscalationTimedOut(Cause.ESCALATED, 1, 1, by(BO))
    assert paged(moved) == {"Bo": Reason.LAYER, "Cy": Reason.LAYER}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (builders.exhausted(), errors.Code.NOTHING_TO_ESCALATE),
        (builders.opened(None), errors.Code.NOTHING_TO_ESCALATE),
        (builders.closed(), errors.Code.INCIDENT_RESOLVED),
    ],
    ids=["exhausted", "none", "resolved"],
)
def test_t15_escalate_is_refused_where_no_layer_is_left(given: state.Incident, code: errors.Code) -> None:
    with pytest.raises(errors.Rejected) as refused:
        decide.decide(given, commands.Escalate(by(CY), ROSTER), NOW)
    assert refused.value.code is code


def test_t16_the_same_person_in_two_layers_and_in_two_rounds_is_paged_at_each() -> None:
    incident = builders.opened(walk(((BO, BO), 5), ((BO,), 10), repeat=1), owner=BO)
    woken = []
    for _ in range(4):
        step = fire(incident)
        woken.append(paged(step))
        incident = step.incident
    assert woken == [{"Bo": Reason.LAYER}] * 4


def test_the_preview_says_where_paging_really_goes() -> None:
    handed = hand_off(builders.paging(walk(((BO,), 5), ((GHOST,), 5), ((BO, CY), 15))), BO, DI).incident
    ahead = paging.next_stop(handed, ROSTER)
    assert (ahead.position, [place.position for place in ahead.skipped]) == (3, [2])
    assert [member for member, _ in ahead.group] == [CY]
    assert ahead.passed_over == (BO,)
    assert ahead.target == builders.users(BO, CY)
    assert paging.next_stop(builders.paging(position=3), ROSTER).target is None


def test_the_configured_last_resort_is_paged_with_the_owner() -> None:
    ended = fire(builders.paging(position=3), roster=people(fallback=[CY, ANA]))
    assert paged(ended) == {"Cy": Reason.FALLBACK, "Ana": Reason.FALLBACK}


def test_an_unknown_cause_of_a_running_clock_is_a_timeout() -> None:
    assert causes(fire(replace(builders.paging(), due_cause=None))) == [Cause.TIMEOUT]
