"""The tests of the core notice: every planted bug is caught by the test that has to catch it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from nightbell.core.incident import commands
from tests.core import mutants, mutants_around, planting, test_delivery, test_machine, test_table
from tests.core.planting import Catcher, Mutant

# The same examples every time, and no time spent on making a failure small or on explaining it.
BOUNDED = settings(
    max_examples=1200,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)


class Noticed(BaseException):
    """A bug was noticed. Not an Exception: Hypothesis would play it once more and describe every step of it."""


@contextmanager
def at_once() -> Iterator[None]:
    try:
        yield
    except Exception as broken:
        raise Noticed from broken


class Hasty(test_machine.Machine):
    """The machine, ending at the first promise that a decision does not keep."""

    def does(self, command: commands.Command) -> None:
        with at_once():
            super().does(command)

    def check_invariants(self, *args: Any, **kwargs: Any) -> None:
        with at_once():
            super().check_invariants(*args, **kwargs)


def the_machine(bounds: settings = BOUNDED) -> None:
    run_state_machine_as_test(Hasty, settings=bounds)


def the_table() -> None:
    for row in test_table.ROWS:
        test_table.agrees(row)


def the_deliveries() -> None:
    for case in test_delivery.CASES:
        test_delivery.agrees(case)


RUN: dict[Catcher, Callable[[], None]] = {
    Catcher.MACHINE: the_machine,
    Catcher.TABLE: the_table,
    Catcher.DELIVERY: the_deliveries,
}


# What a bug runs is no module's own text, so that nothing of it would be counted.
@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("mutant", "catcher"),
    [
        pytest.param(mutant, catcher, id=f"{mutant.name}, by the {catcher}")
        for mutant in (*mutants.MUTANTS, *mutants_around.MUTANTS)
        for catcher in mutant.caught_by
    ],
)
def test_a_planted_bug_is_caught(mutant: Mutant, catcher: Catcher) -> None:
    # Whatever a bug makes go wrong, be it an assertion or a crash, is noticed.
    with planting.planted(mutant), pytest.raises((Exception, Noticed)):
        RUN[catcher]()


def test_without_a_bug_nothing_is_caught() -> None:
    the_machine(settings(BOUNDED, max_examples=100))
    the_table()
    the_deliveries()


def test_a_mutant_whose_place_is_gone_says_so() -> None:
    gone = Mutant("gone", mutants.DECIDE, "no such line", "")
    with pytest.raises(LookupError, match="no longer contains"), planting.planted(gone):
        pass
