"""What may become of a way to reach somebody."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How far a contact is proven; the database's check constraint is made from these.

    Nobody has shown yet that an unverified one is theirs. A failing one has refused of late, and is tried on. A lost
    one is given up.
    """

    UNVERIFIED = "unverified"
    WORKING = "working"
    FAILING = "failing"
    LOST = "lost"


# Only a contact that somebody has proven to be theirs is paged.
PAGED = frozenset({State.WORKING, State.FAILING})


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody as a channel's provider knows them: where they are reached, and what they are called there."""

    address: str
    known_as: str
