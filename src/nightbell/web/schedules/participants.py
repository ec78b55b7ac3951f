"""The order of a layer's participants in its form: one choice a person, moved up, down and out without script."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from nightbell.core import oncall
from nightbell.data.reads import people
from nightbell.web import wording

EMPTY = 3
# The buttons that only arrange; what they are worth is the place, counted from 0, of whom they move.
ARRANGING = ("up", "down", "out", "more")


@dataclass(frozen=True, slots=True)
class Slot:
    """One choice: nobody (`chosen` is empty), a member, or somebody who has left."""

    chosen: str
    is_member: bool
    is_first: bool
    is_last: bool


def shown(row: oncall.Rotation | None, members: Sequence[people.Member]) -> list[str]:
    """The slots of a layer as it stands, and a few empty ones to grow into."""
    return _grown([str(each) for each in row.participants] if row else [], members)


def is_arranging(posted: Container[str]) -> bool:
    """Whether a button was pressed that only arranges."""
    return any(each in posted for each in ARRANGING)


def of(posted: QueryDict, members: Sequence[people.Member]) -> list[str]:
    """The slots as they were sent, and what the button that was pressed makes of them."""
    slots = posted.getlist("participant")
    for move, by in (("up", -1), ("down", 1), ("out", 0)):
        place = posted.get(move, "")
        if place.isdecimal() and int(place) < len(slots):
            moved = slots.pop(int(place))
            if by:
                slots.insert(max(0, int(place) + by), moved)
    return _grown([each for each in slots if each], members)


def choices(given: Sequence[str], members: Sequence[people.Member]) -> list[Slot]:
    """For the form: each slot, with which way it can be moved."""
    active = {str(each.id) for each in members}
    count = sum(map(bool, given))
    return [Slot(each, not each or each in active, place == 0, place >= count - 1) for place, each in enumerate(given)]


def mistake(given: Sequence[str], members: Sequence[people.Member]) -> str:
    """What is wrong with the order, in words."""
    chosen = [each for each in given if each]
    names = {str(each.id): each.name for each in members}
    twice = [each for place, each in enumerate(chosen) if each in chosen[:place]]
    if twice:
        who = wording.plain(names.get(twice[0], wording.SOMEBODY), 100)
        return f"{wording.capital(who)} is chosen twice, and each has one turn in a round. Take one of the two out."
    return "" if chosen else "Choose at least one person to take turns."


def _grown(chosen: list[str], members: Sequence[people.Member]) -> list[str]:
    return [*chosen, *[""] * min(EMPTY, max(0, len(members) - len(chosen)))]
