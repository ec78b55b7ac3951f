"""A bucket that leaks: a burst at once, then a steady pace."""

import pytest

from nightbell.core.pace import Pace

PACE = Pace(per_minute=30, burst=4)


def test_a_burst_has_room_at_once_and_the_next_waits_for_one_to_run_off() -> None:
    assert [PACE.wait(level) for level in (0, 3)] == [0, 0]
    assert PACE.wait(4) == 2
    assert PACE.wait(3.5) == 1


def test_a_level_runs_off_with_time_and_never_below_nothing() -> None:
    assert PACE.level(4, 2) == 3
    assert PACE.level(1, 3600) == 0


def test_a_clock_that_steps_back_takes_nothing_off() -> None:
    assert PACE.level(4, -60) == 4


@pytest.mark.parametrize(("level", "left", "window"), [(0, 4, 0), (1.5, 2, 3), (9, 0, 18)])
def test_it_says_what_is_left_and_until_when_it_is_empty(level: float, left: int, window: float) -> None:
    assert (PACE.left(level), PACE.window(level)) == (left, window)
