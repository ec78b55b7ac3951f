"""How often Slack is called: by our own count for what can wait, and by Slack's word for everything."""

import threading
import time
from datetime import timedelta

import pytest

from nightbell.channels.slack.buckets import POST, Buckets, Priority

TEAM, OTHER_TEAM = "T1", "T2"
HERE, THERE = "C1", "C2"
PAGE, NOTICE, EDIT = Priority.PAGE, Priority.NOTICE, Priority.EDIT


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def passes(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def buckets(clock: Clock) -> Buckets:
    return Buckets(clock)


def taken(buckets: Buckets, method: str, channel: str, priority: Priority, most: int = 500) -> int:
    """How many calls go out one after the other before one is asked to wait."""
    for number in range(most):
        if buckets.take(TEAM, method, channel, priority) is not None:
            return number
    return most


def seconds(wait: timedelta | None) -> float:
    assert wait is not None
    return wait.total_seconds()


def test_a_page_never_waits_for_our_own_count(buckets: Buckets) -> None:
    assert taken(buckets, POST, HERE, PAGE) == 500
    assert taken(buckets, "users.lookupByEmail", "", PAGE) == 500


def test_a_page_waits_for_slacks_word_to_the_second(buckets: Buckets, clock: Clock) -> None:
    buckets.shut(TEAM, POST, HERE, timedelta(seconds=30))
    assert seconds(buckets.take(TEAM, POST, HERE, PAGE)) == pytest.approx(30)
    clock.passes(29.5)
    assert seconds(buckets.take(TEAM, POST, HERE, PAGE)) == pytest.approx(0.5)
    clock.passes(0.5)
    assert buckets.take(TEAM, POST, HERE, PAGE) is None


# A method of the third tier has 20 calls at once after a rest: notices leave a quarter of what comes after the first,
# edits a half.
@pytest.mark.parametrize(("priority", "at_once"), [(NOTICE, 15), (EDIT, 10)])
def test_what_can_wait_leaves_a_part_of_the_bucket_to_pages(buckets: Buckets, priority: Priority, at_once: int) -> None:
    assert taken(buckets, "chat.update", "", priority) == at_once


def test_edits_stop_before_notices_do(buckets: Buckets) -> None:
    edits = taken(buckets, "chat.update", "", EDIT)
    notices = taken(buckets, "chat.update", "", NOTICE)
    assert (edits, notices) == (10, 5)
    assert buckets.take(TEAM, "chat.update", "", EDIT) is not None
    assert taken(buckets, "chat.update", "", PAGE) == 500


def test_a_full_bucket_of_even_the_smallest_rate_lets_everybody_go_once(buckets: Buckets) -> None:
    for method in ("conversations.archive", "chat.update", "views.open", POST):
        assert buckets.take(OTHER_TEAM, method, HERE, EDIT) is None


def test_whoever_is_asked_to_wait_goes_when_they_come_back_then(buckets: Buckets, clock: Clock) -> None:
    for priority in (NOTICE, EDIT):
        taken(buckets, "chat.update", "", priority)
        wait = seconds(buckets.take(TEAM, "chat.update", "", priority))
        clock.passes(wait - 0.01)
        assert buckets.take(TEAM, "chat.update", "", priority) is not None
        clock.passes(0.02)
        assert buckets.take(TEAM, "chat.update", "", priority) is None
        clock.passes(600)


def test_a_bucket_fills_with_time_and_never_beyond_its_brim(buckets: Buckets, clock: Clock) -> None:
    assert taken(buckets, "chat.update", "", NOTICE) == 15
    clock.passes(12)  # ten calls at 50 a minute
    assert taken(buckets, "chat.update", "", NOTICE) == 10
    clock.passes(3600)
    assert taken(buckets, "chat.update", "", NOTICE) == 15


def test_what_pages_took_beyond_the_last_drop_is_paid_back_by_what_can_wait(buckets: Buckets, clock: Clock) -> None:
    assert taken(buckets, "chat.update", "", PAGE, most=40) == 40
    # 20 too many, and five and three quarters are to be there: at 50 a minute.
    assert seconds(buckets.take(TEAM, "chat.update", "", NOTICE)) == pytest.approx(25.75 * 60 / 50)
    clock.passes(25.75 * 60 / 50 + 0.01)
    assert buckets.take(TEAM, "chat.update", "", NOTICE) is None


def test_s01_a_pause_of_a_method_is_of_that_workspaces_method_alone(buckets: Buckets) -> None:
    buckets.shut(TEAM, "chat.update", HERE, timedelta(seconds=30))
    assert buckets.take(TEAM, "chat.update", HERE, PAGE) is not None
    # It is not counted by channel, and so every channel waits.
    assert buckets.take(TEAM, "chat.update", THERE, PAGE) is not None
    assert buckets.take(OTHER_TEAM, "chat.update", HERE, EDIT) is None
    assert buckets.take(TEAM, "users.lookupByEmail", "", EDIT) is None
    assert buckets.take(TEAM, POST, HERE, PAGE) is None


def test_s01_a_pause_of_posting_is_of_that_channel_alone(buckets: Buckets) -> None:
    buckets.shut(TEAM, POST, HERE, timedelta(seconds=30))
    assert buckets.take(TEAM, POST, HERE, PAGE) is not None
    assert buckets.take(TEAM, POST, THERE, NOTICE) is None
    assert buckets.take(OTHER_TEAM, POST, HERE, NOTICE) is None
    assert buckets.take(TEAM, "chat.update", HERE, EDIT) is None


def test_posting_is_counted_by_channel_and_by_workspace(buckets: Buckets) -> None:
    # One channel takes four at once, of which a quarter of three stays.
    assert taken(buckets, POST, HERE, NOTICE) == 3
    assert taken(buckets, POST, THERE, NOTICE) == 3
    # A hundred of the workspace's: many channels do not have more together.
    others = sum(taken(buckets, POST, f"C{number}", NOTICE) for number in range(100, 200))
    assert 6 + others == 75


def test_a_call_takes_from_all_of_its_buckets_or_from_none(buckets: Buckets, clock: Clock) -> None:
    taken(buckets, POST, HERE, NOTICE)
    for _ in range(200):
        # Refused by the channel: the workspace's bucket must not be emptied by asking.
        assert buckets.take(TEAM, POST, HERE, NOTICE) is not None
    assert taken(buckets, POST, THERE, NOTICE) == 3
    # The workspace's is used up: a channel's must not be emptied by asking.
    for number in range(100, 200):
        taken(buckets, POST, f"C{number}", NOTICE)
    for _ in range(10):
        assert buckets.take(TEAM, POST, "C999", NOTICE) is not None
    clock.passes(1)
    assert taken(buckets, POST, "C999", NOTICE) == 3


def test_after_a_pause_what_can_wait_starts_slowly_and_a_page_goes_at_once(buckets: Buckets, clock: Clock) -> None:
    buckets.shut(TEAM, "chat.update", "", timedelta(seconds=1))
    clock.passes(1.01)
    assert buckets.take(TEAM, "chat.update", "", PAGE) is None
    assert seconds(buckets.take(TEAM, "chat.update", "", EDIT)) > 5


def test_a_shorter_pause_does_not_end_a_longer_one(buckets: Buckets) -> None:
    buckets.shut(TEAM, "chat.update", "", timedelta(seconds=30))
    buckets.shut(TEAM, "chat.update", "", timedelta(seconds=1))
    assert seconds(buckets.take(TEAM, "chat.update", "", PAGE)) == pytest.approx(30)


def test_many_senders_together_take_no_more_than_there_is() -> None:
    def slow() -> float:
        # Whoever reads the clock lets the others go first.
        time.sleep(0.001)
        return 1000.0

    buckets, went = Buckets(slow), []
    threads = [
        threading.Thread(
            target=lambda channel: went.append(taken(buckets, POST, channel, NOTICE)), args=(f"C{number}",)
        )
        for number in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Of the workspace's hundred a quarter stays; three a channel would be twice as many.
    assert sum(went) == 75


def test_a_process_counts_by_a_clock_that_nobody_sets() -> None:
    buckets = Buckets()
    buckets.shut(TEAM, POST, HERE, timedelta(seconds=30))
    assert 29 < seconds(buckets.take(TEAM, POST, HERE, PAGE)) <= 30
