"""Whose fault a refusal is."""

from uuid import UUID

import pytest

from nightbell.core.refusals import Tried, alike

HELO = "mail:25: 550 <{}>: Helo command rejected"


def tried(number: int, words: str | None = HELO, *, waits: bool = False, address: str | None = None) -> Tried:
    """What was answered for one person."""
    address = address or f"p{number}@owls.example"
    return Tried(UUID(int=number), address, words.format(address) if words else None, waits)


def test_e13_three_refused_alike_are_the_installations_fault() -> None:
    others = (tried(2), tried(3))
    assert alike(tried(1), others) == others


@pytest.mark.parametrize("words", ["550 rejected, session id=a{0}7", "550 no, {0}", "550 5.7.0 try [{0}f] 12:{0}3"])
def test_e13_what_names_a_session_or_a_person_makes_no_difference(words: str) -> None:
    one, two, three = (tried(n, words.replace("{0}", str(n))) for n in (1, 2, 3))
    assert alike(one, (two, three)) == (two, three)
    assert alike(one, (two, tried(3, words.replace("550", "553").replace("{0}", "3")))) is None


@pytest.mark.parametrize(
    "others",
    [
        (),
        (tried(2),),
        (tried(2), tried(9, address="P2@OWLS.example")),
        (tried(2), tried(3), tried(4, None)),
        (tried(2), tried(3, "mail:25: 550 <{}>: no such user")),
        (tried(2), tried(3, "451 later", waits=True)),
    ],
    ids=["alone", "two", "one of them twice", "one accepted", "another answer", "one waits for something else"],
)
def test_e13_else_it_is_the_recipients(others: tuple[Tried, ...]) -> None:
    assert alike(tried(1), others) is None


def test_e13_what_waits_for_the_same_fault_counts() -> None:
    waiting = tried(3, waits=True)
    assert alike(tried(1), (tried(2), waiting, tried(4, "451 later", waits=True))) == (tried(2), waiting)


def test_e13_who_waited_for_this_fault_goes_on_waiting_until_somebody_is_accepted() -> None:
    before = tried(1, waits=True)
    assert alike(tried(1), (before,)) == ()
    assert alike(tried(1), (before, tried(2, None))) is None
    assert alike(tried(1), (tried(1, "451 later", waits=True),)) is None
