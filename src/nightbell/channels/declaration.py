"""What a channel says of itself: all that the rest of the house knows of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from nightbell.channels.base import Channel
from nightbell.core import contact, delivery


class Part(BaseModel):
    """A channel's part of the environment: each field is a variable, in lower case and without its prefix.

    A validator raises ValueError with what follows the variable's name: "must be …".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


P = TypeVar("P", bound=Part)


class Configured(Protocol):
    """What the environment says, as far as a channel asks."""

    @property
    def encryption_keys(self) -> str | None:
        """Whether secrets can be kept, and with which keys."""

    def of(self, part: type[P], /) -> P:
        """What it says of this part."""


# Why nobody can say just now, or to us, who somebody is.
LookupFailed = delivery.Refused | delivery.Unavailable | delivery.Postponed


class Ability(Enum):
    """What a channel can do."""

    # It pages a person, and tells them things.
    PAGE = auto()
    # What it has shown can be brought up to date where it stands; and it shows incidents in places that are nobody's.
    EDIT = auto()
    # Who is paged can acknowledge without leaving it. A link they can follow is none of this.
    ACKNOWLEDGE = auto()


class Brought(Enum):
    """By whom somebody has a contact of this channel, and what proves that it is theirs."""

    # The account itself: whoever signs in with an address has proven that it is theirs.
    ACCOUNT = auto()
    # An organization, for each of its members: its own directory says who they are.
    ORGANIZATION = auto()


@dataclass(frozen=True, slots=True)
class Address:
    """What a person types to be reached, or what stands for it.

    `canonical` gives the one form in which it is kept and compared, None for what is no address of this channel;
    `masked` is what others may see of one.
    """

    called: str
    canonical: Callable[[str], str | None]
    masked: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One channel.

    `name` is what rows, the API and the record call it, and `title` what people do. `offered` is whether this
    installation has it; `check` says so in a sentence, with whether that is right, and may try it out on the way: it is
    given an admin's address, and wakes nobody. `make` makes a channel for one sender thread, with its back-off in it.
    `look` asks whether somebody is still to be reached at an address, with what lets us in, and wakes nobody either;
    None where that cannot be asked. `find` is given a workspace, what lets us in, somebody's mail address and the
    address they were known by; it wakes nobody, and answers None for nobody there.
    """

    name: str
    title: str
    part: type[Part]
    abilities: frozenset[Ability]
    brought: Brought
    address: Address
    offered: Callable[[Configured], bool]
    check: Callable[[Configured, str | None], tuple[bool, str]]
    make: Callable[[Configured], Channel]
    look: Callable[[Configured, str, str], delivery.Outcome] | None = None
    find: Callable[[Configured, str, str, str, str | None], contact.Found | LookupFailed | None] | None = None
