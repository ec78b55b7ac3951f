"""Every command in every state does what the decision table says, and nothing else."""

from dataclasses import replace

import pytest

from nightbell.core import errors
from nightbell.core.incident import commands, decide, state
from tests.core import table_clock, table_endings, table_people
from tests.core.builders import NOW
from tests.core.rows import Row

ROWS = [
    *table_clock.DEADLINE,
    *table_clock.GROUP,
    *table_people.ACKNOWLEDGE,
    *table_people.HAND_OFF,
    *table_clock.ESCALATE,
    *table_endings.CHANGE_STATUS,
    *table_endings.RESOLVE,
    *table_endings.OWNER_LEAVES,
    *table_endings.OTHER_LEAVES,
]


def refusal(row: Row) -> errors.Code | None:
    try:
        decide.decide(row.given, row.command, NOW)
    except errors.Rejected as refused:
        return refused.code
    return None


def agrees(row: Row) -> None:
    """The decision is the row's, to the letter."""
    if row.refused:
        assert refusal(row) is row.refused
        return
    decision = decide.decide(row.given, row.command, NOW)
    assert decision.incident == replace(row.given, **row.changes)
    assert decision.events == row.recorded
    assert decision.effects == row.asked


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_cell_of_the_table(row: Row) -> None:
    agrees(row)


def test_the_table_has_every_command_in_every_state() -> None:
    written = {(type(row.command), row.given.state) for row in ROWS}
    assert written == {(command, each) for command in commands.Command.__args__ for each in state.State}


def test_an_incident_with_a_policy_opens_with_a_clock() -> None:
    assert decide.opened(has_policy=True) == (state.State.PAGING, state.Cause.OPENED)


def test_an_incident_without_a_policy_opens_without_a_clock() -> None:
    assert decide.opened(has_policy=False) == (state.State.NONE, None)
