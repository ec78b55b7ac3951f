"""Who is on call, in every zone and around every change of clocks from 2000 to 2040."""

from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightbell.core import oncall
from tests.core.oncall import drawing, laws, transitions

# Each law sees this many schedules; the planted bugs show that it is enough.
settings.register_profile(
    "oncall", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
ENOUGH = settings.get_profile("oncall")

CASE_AND_INSTANT = drawing.cases().flatmap(lambda case: st.tuples(st.just(case), drawing.instants(case)))


# Ten thousand times the same lines, which others count.
@pytest.mark.no_cover
@pytest.mark.parametrize("part", range(8))
def test_every_change_of_clocks_of_every_zone_moves_handoffs_as_it_should(part: int) -> None:
    for name in transitions.distinct()[part::8]:
        for change in transitions.of(name):
            laws.a_change_of_clocks_moves_no_handoff_wrongly(name, change)


def test_every_zone_is_there() -> None:
    assert len(transitions.NAMES) > 590
    assert len(transitions.distinct()) > 300
    assert sum(len(transitions.of(name)) for name in transitions.distinct()) > 10_000


@ENOUGH
@given(CASE_AND_INSTANT)
def test_a_simulation_day_by_day_agrees(drawn: tuple[drawing.Case, datetime]) -> None:
    laws.the_simulation_agrees(*drawn)


@ENOUGH
@given(CASE_AND_INSTANT)
def test_an_active_layer_has_exactly_one_person_at_every_instant(drawn: tuple[drawing.Case, datetime]) -> None:
    laws.an_unrestricted_layer_has_one_person(*drawn)


@settings(ENOUGH, max_examples=60)
@given(CASE_AND_INSTANT)
def test_the_zone_an_instant_is_given_in_does_not_matter(drawn: tuple[drawing.Case, datetime]) -> None:
    laws.the_zone_of_an_instant_does_not_matter(*drawn)


@ENOUGH
@given(drawing.cases())
def test_a_line_tiles_its_time_and_agrees_with_every_instant(case: drawing.Case) -> None:
    laws.a_line_tiles_and_agrees_with_the_instant(case)


@ENOUGH
@given(CASE_AND_INSTANT)
def test_a_line_cut_in_two_joins_to_the_whole(drawn: tuple[drawing.Case, datetime]) -> None:
    laws.two_lines_join(*drawn)


@ENOUGH
@given(drawing.cases())
def test_handoffs_never_go_backwards_and_show_their_wall_time(case: drawing.Case) -> None:
    laws.handoffs_are_where_the_wall_says(case)


@settings(ENOUGH, max_examples=60)
@given(drawing.edits(), st.integers(1, 3))
def test_a_cycle_gives_everybody_equally_many_shifts(drawn: drawing.Edit, cycles: int) -> None:
    case, layer, _ = drawn
    laws.turns_are_shared_equally(layer, case.schedule.timezone, cycles)


def test_a_schedule_without_layers_has_a_line_for_overrides_alone() -> None:
    nobody = oncall.Schedule(UUID(int=1), "UTC")
    assert oncall.positions(nobody) == (0,)
    assert oncall.on_call(nobody, transitions.FIRST) == ()
    assert oncall.gaps(nobody, transitions.FIRST, transitions.LAST) == ((transitions.FIRST, transitions.LAST),)
