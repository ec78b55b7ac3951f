"""The on-call tests notice: every planted bug is caught by the law or the case that has to catch it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nightbell.core import oncall
from tests.core import planting, test_zones
from tests.core.oncall import drawing, laws, test_oncall_edits, test_oncall_named, transitions
from tests.core.oncall.planted import PLANTED
from tests.core.oncall.test_oncall_zones import CASE_AND_INSTANT
from tests.core.planting import Mutant

# The same examples every time, and no time spent on making a failure small or on explaining it.
BOUNDED = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)

LATER = drawing.minutes(-2 * 1440, 20 * 1440)
SOME_ZONES = ("America/St_Johns", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo")


def drawn(law: Callable[..., None], strategy: st.SearchStrategy[Any]) -> Callable[[], None]:
    """The law, for many schedules."""

    @BOUNDED
    @given(strategy)
    def holds(these: tuple[Any, ...]) -> None:
        law(*these)

    return holds


def some_changes_of_clocks() -> None:
    for name in SOME_ZONES:
        for change in transitions.of(name)[:24]:
            laws.a_change_of_clocks_moves_no_handoff_wrongly(name, change)


def an_edit(edited: drawing.Edit, zone: str, later: timedelta) -> None:
    case, layer, to = edited
    laws.an_edit_keeps_todays_person(case, layer, to, zone, case.change + later)


def difference(case: drawing.Case, other: drawing.Case) -> None:
    laws.a_difference_is_what_the_instants_say(case.schedule, drawing.moved(other, case), case.start, case.end)


def rotation_start(edited: drawing.Edit, turns: int) -> None:
    case, layer, _ = edited
    laws.a_rotation_made_from_its_start_is_the_same(case, layer)
    laws.a_start_before_the_rotation_counts_on_backwards(case, replace(layer, offset=0), turns)


def the_past(case: drawing.Case, other: drawing.Case, later: timedelta) -> None:
    now = case.start + min(later, case.end - case.start - drawing.MINUTE / 2)
    laws.an_edit_leaves_the_past_as_it_was(case.schedule, other.schedule, case, now)
    laws.an_edit_leaves_the_past_as_it_was(case.schedule, drawing.moved(other, case), case, now)
    others = tuple(replace(each, id=UUID(int=each.id.int + 50)) for each in case.schedule.overrides)
    for after in (case.schedule, replace(case.schedule, overrides=others)):
        laws.an_edit_leaves_the_past_as_it_was(case.schedule, after, case, now)


def fairness(edited: drawing.Edit, cycles: int) -> None:
    case, layer, _ = edited
    laws.turns_are_shared_equally(layer, case.schedule.timezone, cycles)


def named() -> None:
    test_oncall_named.test_a_handoff_time_that_names_the_second_occurrence_still_means_the_first()
    test_oncall_named.test_a_handoff_repeated_from_the_day_before_never_comes_before_the_first_shift()
    test_oncall_named.test_the_far_past_and_ten_years_ahead_are_right()
    test_oncall_named.test_a_schedule_without_a_first_layer_can_still_be_overridden()
    test_oncall_edits.test_another_zone_keeps_todays_person()
    test_oncall_edits.test_a_turn_of_somebody_who_left_stays_theirs_while_it_goes_to_the_same_person()
    test_oncall_edits.test_a_turn_of_somebody_who_left_does_not_go_to_another_by_a_new_order()
    test_oncall_named.test_an_override_of_the_schedule_displaces_the_first_layer_only_and_comes_before_the_layers_own()
    with pytest.raises(ValueError):
        oncall.on_call(test_oncall_named.SCHEDULE, datetime(2026, 6, 3))  # noqa: DTZ001
    with pytest.MonkeyPatch.context() as patch:
        test_oncall_named.the_work_for_an_instant_is_constant(test_oncall_named.counted(patch), 10)


def names_of_zones() -> None:
    for name in ("../x", "x" * 100_000):
        test_zones.test_an_unknown_or_hostile_name_is_refused(name)


LAWS: dict[str, Callable[[], None]] = {
    "changes of clocks": some_changes_of_clocks,
    "simulation": drawn(laws.the_simulation_agrees, CASE_AND_INSTANT),
    "tiling": drawn(laws.a_line_tiles_and_agrees_with_the_instant, st.tuples(drawing.cases())),
    "joining": drawn(laws.two_lines_join, CASE_AND_INSTANT),
    "zones of instants": drawn(laws.the_zone_of_an_instant_does_not_matter, CASE_AND_INSTANT),
    "fairness": drawn(fairness, st.tuples(drawing.edits(), st.integers(1, 3))),
    "keeping": drawn(an_edit, st.tuples(drawing.edits(), drawing.zones(), LATER)),
    "difference": drawn(difference, st.tuples(drawing.cases(), drawing.cases())),
    "rotation start": drawn(rotation_start, st.tuples(drawing.edits(), st.integers(0, 40))),
    "the past": drawn(the_past, st.tuples(drawing.cases(), drawing.cases(), drawing.minutes(1, 1440))),
    "named cases": named,
    "names of zones": names_of_zones,
}
# A bug is noticed by what it does, not because its own text does not run.
BADLY_PLANTED = (NameError, AttributeError, SyntaxError)


# What a bug runs is no module's own text, so that nothing of it would be counted.
@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("law", "mutant"),
    [pytest.param(law, mutant, id=mutant.name) for law, mutants in PLANTED.items() for mutant in mutants],
)
def test_a_planted_bug_in_who_is_on_call_is_caught(law: str, mutant: Mutant) -> None:
    with planting.planted(mutant), pytest.raises((Exception, pytest.fail.Exception)) as caught:
        LAWS[law]()
    assert not isinstance(caught.value, BADLY_PLANTED)


@pytest.mark.parametrize("law", sorted({"named cases", "names of zones"}))
def test_without_a_bug_the_cases_hold(law: str) -> None:
    LAWS[law]()
