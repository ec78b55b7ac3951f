"""What is promised of who is next: the next instant at which somebody else is paged."""

from dataclasses import replace
from datetime import datetime, timedelta

from nightbell.core import message, roster
from nightbell.core.incident import commands, decide, paging, state
from tests.core import builders
from tests.core.builders import ANA, BO, CY, HAL, NOW, minutes


def clock(at: datetime) -> str:
    return f"+{(at - NOW) // timedelta(minutes=1)}"


def handed_to_cy(*layers: tuple[tuple[roster.Member, ...], int], repeat: int = 0) -> state.Incident:
    before = builders.paging(builders.walk(*layers, repeat=repeat))
    return decide.decide(before, commands.HandOff(builders.by(ANA), CY), NOW).incident


def said(incident: state.Incident, *waited_for: roster.Member, heir: roster.Member = HAL) -> str:
    ahead = paging.ahead(incident, builders.people(heir=heir), {each.id for each in waited_for})
    return message.next_line(message.step(ahead) if ahead else None, clock)


def test_w2_whoever_is_next_is_somebody_else() -> None:
    assert said(handed_to_cy(((ANA,), 5), ((BO,), 10)), CY) == "Bo is paged at +5 unless someone acknowledges."


def test_w2_the_one_who_is_waited_for_is_paged_again_before_somebody_else_is() -> None:
    incident = handed_to_cy(((ANA,), 5), ((CY,), 10), ((CY,), 2), ((BO,), 15))
    assert said(incident, CY) == "Cy is paged again at +5, and Bo at +17, unless someone acknowledges."


def test_w2_others_beside_the_one_who_is_waited_for_are_somebody_else() -> None:
    incident = handed_to_cy(((ANA,), 5), ((CY, BO), 10))
    assert said(incident, CY) == "Cy and Bo are paged at +5 unless someone acknowledges."


def test_w2_the_next_round_and_the_last_resort_may_be_the_next_to_page_somebody_else() -> None:
    relieved = replace(handed_to_cy(((ANA,), 5), ((CY,), 10), repeat=1), relieved=frozenset())
    assert said(relieved, CY) == "Cy is paged again at +5, and Ana and Cy at +15, unless someone acknowledges."
    incident = handed_to_cy(((ANA,), 5), ((CY,), 10))
    assert (
        said(incident, CY) == "Cy is paged again at +5, and Hal and Cy (fallback) at +15, unless someone acknowledges."
    )


def test_w2_where_nobody_else_is_ever_paged_it_says_so() -> None:
    incident = handed_to_cy(((ANA,), 5), ((CY,), 10))
    assert said(incident, CY, heir=CY) == (
        "Cy is paged again at +5 unless someone acknowledges. Nobody else will be paged."
    )


def test_w2_nothing_is_promised_without_a_clock_that_runs() -> None:
    incident = handed_to_cy(((ANA,), 5), ((CY,), 10))
    everybody = builders.people()
    assert paging.ahead(replace(incident, held=True), everybody, ()) is None
    assert paging.ahead(builders.exhausted(), everybody, ()) is None
    assert paging.ahead(builders.opened(None), everybody, ()) is None


def test_w2_the_promise_is_what_happens() -> None:
    incident = handed_to_cy(((ANA,), 5), ((CY,), 10), ((BO,), 15))
    everybody = builders.people()
    ahead = paging.ahead(incident, everybody, {CY.id})
    assert ahead is not None
    assert ahead.then is not None
    now = NOW
    for at, stop in ((ahead.at, ahead.stop), ahead.then):
        assert incident.due_at == at
        incident = decide.decide(incident, commands.DeadlinePassed(everybody), at).incident
        assert (incident.position, incident.round) == (stop.position, stop.round)
        now = at
    assert now == NOW + minutes(15)
    assert BO.id in incident.notified
