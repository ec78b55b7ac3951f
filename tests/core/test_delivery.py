"""What follows an attempt: sent, failed for good, or again at an instant, for as long as the page is wanted."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from nightbell.core import delivery
from tests.core.builders import NOW, minutes

MAIL = (timedelta(seconds=15), minutes(1), minutes(2), minutes(5), minutes(10))
DOWN = "451 try later"


@dataclass(frozen=True)
class Case:
    """The outcome of attempt number `attempts`, and what it leaves behind."""

    name: str
    outcome: delivery.Outcome
    attempts: int
    left: delivery.Settlement


def again(wait: timedelta, error: str = DOWN) -> delivery.Settlement:
    return delivery.Settlement(delivery.State.QUEUED, due_at=NOW + wait, error=error, retried=True)


def down(retry_after: timedelta | None = None) -> delivery.Unavailable:
    return delivery.Unavailable(DOWN, retry_after)


SENT = delivery.Settlement(delivery.State.SENT, provider_id="<42@mail>")
FAILED = delivery.Settlement(delivery.State.FAILED, error="550 no such user")
CASES = [
    Case("accepted: sent, with the provider's name for it", delivery.Accepted("<42@mail>"), 1, SENT),
    Case("accepted at the tenth attempt: sent", delivery.Accepted("<42@mail>"), 10, SENT),
    Case("accepted without a name", delivery.Accepted(), 1, delivery.Settlement(delivery.State.SENT)),
    Case("refused: failed for good, with the reason", delivery.Refused("550 no such user"), 1, FAILED),
    Case("refused after nine faults: failed for good", delivery.Refused("550 no such user"), 10, FAILED),
    Case(
        "withdrawn at the last moment: cancelled, with the reason",
        delivery.Withdrawn("acknowledged"),
        1,
        delivery.Settlement(delivery.State.CANCELLED, error="acknowledged"),
    ),
    Case("down: again in 15 s", down(), 1, again(timedelta(seconds=15))),
    Case("down twice: again in 60 s", down(), 2, again(timedelta(seconds=60))),
    Case("down three times: again in 2 minutes", down(), 3, again(minutes(2))),
    Case("down four times: again in 5 minutes", down(), 4, again(minutes(5))),
    Case("down five times: again in 10 minutes", down(), 5, again(minutes(10))),
    Case("down a thousand times: again in 10 minutes, no counter gives up", down(), 1000, again(minutes(10))),
    Case("down, and told to wait longer: waits longer", down(minutes(3)), 1, again(minutes(3))),
    Case("down, and told to hurry: keeps the back-off", down(timedelta(seconds=1)), 2, again(minutes(1))),
    Case("down, and told not to wait: keeps the back-off", down(timedelta()), 1, again(timedelta(seconds=15))),
]


def agrees(case: Case) -> None:
    assert delivery.settle(case.outcome, case.attempts, MAIL, NOW) == case.left


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_an_attempt_leaves_behind(case: Case) -> None:
    agrees(case)


def test_only_what_is_queued_has_a_next_attempt() -> None:
    for case in CASES:
        assert (case.left.state is delivery.State.QUEUED) == (case.left.due_at is not None)


def test_the_states_of_a_page_are_the_words_of_the_reference() -> None:
    assert [str(state) for state in delivery.State] == ["queued", "sending", "sent", "failed", "cancelled"]
