"""Who may hold a lane's senders, and when what waits is tried again."""

from datetime import timedelta

from nightbell.core import delivery
from nightbell.engine.breakers import IN_A_ROW, PROBE_SECONDS, QUIET_SECONDS, SLOW_SECONDS, Breakers, Shares

DOWN = delivery.Unavailable("451 later")
TAKEN = delivery.Accepted()
QUICK = 0.1


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def held(breakers: Breakers, shares: Shares, most: int = 100) -> int:
    """How many senders it is given when it asks for more and more of them."""
    return next((count for count in range(most) if not breakers.begins(shares)), most)


def test_a_destination_nobody_knows_leaves_a_quarter_free() -> None:
    breakers = Breakers(16)
    assert held(breakers, "new.example") == 12
    assert breakers.closed(others_wait=False) == {"new.example"}
    assert breakers.begins("other.example")


def test_a_healthy_destination_may_hold_every_sender() -> None:
    breakers = Breakers(16)
    breakers.saw("owls.example", TAKEN, QUICK)
    assert held(breakers, "owls.example", most=16) == 16
    assert breakers.closed(others_wait=True) == {"owls.example"}
    assert not breakers.begins("owls.example")
    breakers.ends("owls.example")
    assert breakers.begins("owls.example")


def test_p33_a_slow_destination_holds_a_quarter_while_others_wait() -> None:
    breakers = Breakers(16)
    breakers.saw("hangs.example", TAKEN, QUICK)
    breakers.saw("hangs.example", DOWN, SLOW_SECONDS)
    for _ in range(4):
        assert "hangs.example" not in breakers.closed(others_wait=True)
        assert breakers.begins("hangs.example")
    assert breakers.closed(others_wait=True) == {"hangs.example"}
    assert breakers.closed(others_wait=False) == frozenset()
    assert held(breakers, "hangs.example") == 8


def test_a_lane_of_one_sender_still_sends() -> None:
    breakers = Breakers(1)
    breakers.saw("hangs.example", DOWN, SLOW_SECONDS)
    assert breakers.begins("hangs.example")
    breakers.ends("hangs.example")
    assert breakers.begins("hangs.example")


def test_e14_the_first_success_says_who_has_recovered() -> None:
    breakers = Breakers(16)
    assert breakers.saw("owls.example", TAKEN, QUICK) is False
    breakers.saw("hangs.example", DOWN, SLOW_SECONDS)
    assert breakers.saw("owls.example", TAKEN, QUICK) is False
    assert breakers.saw("hangs.example", TAKEN, SLOW_SECONDS * 2) == "hangs.example"
    assert breakers.saw("hangs.example", TAKEN, QUICK) is False
    # A quick refusal to take it now has held nobody.
    breakers.saw("greylists.example", DOWN, QUICK)
    assert breakers.saw("greylists.example", TAKEN, QUICK) is False


def test_e14_where_nobody_is_taken_everybody_has_recovered_with_the_first() -> None:
    clock = Clock()
    breakers = Breakers(16, clock=clock)
    breakers.saw("owls.example", delivery.Unavailable("refused", of_channel=True), QUICK)
    assert breakers.saw("bats.example", TAKEN, QUICK) is True
    assert breakers.saw("owls.example", TAKEN, QUICK) is False
    clock.now += QUIET_SECONDS
    for number in range(IN_A_ROW):
        breakers.saw(f"d{number}.example", DOWN, QUICK)
    assert breakers.saw("bats.example", TAKEN, QUICK) is True


def test_three_who_are_not_taken_are_nobodys_outage_while_others_are() -> None:
    clock = Clock()
    breakers = Breakers(16, clock=clock)
    breakers.saw("owls.example", TAKEN, QUICK)
    for _ in range(5):
        clock.now += 3
        for number in range(IN_A_ROW):
            breakers.saw(f"d{number}.example", DOWN, QUICK)
        assert breakers.probes() is False
        assert breakers.saw("owls.example", TAKEN, QUICK) is False


def test_who_is_not_taken_alone_is_tried_less_and_less() -> None:
    clock = Clock()
    breakers = Breakers(16, clock=clock)
    for _ in range(IN_A_ROW):
        breakers.saw("owls.example", DOWN, QUICK)
    probed = []
    for _ in range(300):
        clock.now += 1
        if breakers.probes() is not False:
            probed.append(clock.now)
    assert probed == [5, 15, 35, 75, 135, 195, 255]


def test_what_says_nothing_of_others_changes_nothing() -> None:
    breakers = Breakers(16)
    breakers.saw("owls.example", DOWN, SLOW_SECONDS)
    for outcome in (
        delivery.Refused("550"),
        delivery.Postponed(timedelta(seconds=1), "asked to wait"),
        delivery.Withdrawn("acknowledged"),
    ):
        for _ in range(IN_A_ROW):
            assert breakers.saw("owls.example", outcome, SLOW_SECONDS) is False
    assert breakers.saw("owls.example", TAKEN, QUICK) == "owls.example"


def test_one_that_waits_is_tried_now_and_then_while_nobody_is_taken() -> None:
    clock = Clock()
    breakers = Breakers(16, clock=clock)
    clock.now += PROBE_SECONDS
    assert breakers.probes() is False
    breakers.saw("owls.example", delivery.Unavailable("refused", of_channel=True), QUICK)
    assert breakers.probes() is True
    assert breakers.probes() is False
    clock.now += PROBE_SECONDS
    assert breakers.probes() is True
    breakers.saw("owls.example", TAKEN, QUICK)
    clock.now += PROBE_SECONDS
    assert breakers.probes() is False


def test_slow_destinations_are_tried_one_after_the_other() -> None:
    clock = Clock()
    breakers = Breakers(16, clock=clock)
    breakers.saw("one.example", DOWN, SLOW_SECONDS)
    breakers.saw("two.example", DOWN, SLOW_SECONDS)
    probed = []
    for _ in range(4):
        clock.now += PROBE_SECONDS
        probed.append(breakers.probes())
    assert probed == ["one.example", "two.example", "one.example", "two.example"]
