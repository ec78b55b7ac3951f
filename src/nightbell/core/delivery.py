"""What is handed to a channel, what the channel answers, and what follows from the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from nightbell.core import message, standing


class State(StrEnum):
    """Where a page or a notice is on its way; the database's check constraint is made from these."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Place(StrEnum):
    """What kind of place shows an incident: a page that was sent, an alerts channel, the incident's own channel."""

    DIRECT = "direct"
    ALERTS = "alerts"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class Page:
    """One message to one person over one channel; `id` is the same on every attempt, `address` is the channel's own.

    `credential` is what lets the channel in, where it is the organization's own.
    """

    id: UUID
    address: str
    facts: message.Facts
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message that wakes nobody; `credential` as for a page."""

    id: UUID
    address: str
    subject: str
    body: str
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Copy:
    """A place where an incident is shown, to be brought up to date.

    `address` ends with a slash while the incident's own channel is yet to be made; `message_id` is the provider's name
    for what is shown there, None before anything is; `facts` are those of the page it was sent as, and None in a
    channel; `people` are the addresses of the owner and of everybody notified, who belong in the incident's own
    channel; `archive`: close that channel with the incident.
    """

    id: UUID
    place: Place
    address: str
    message_id: str | None
    standing: standing.Standing
    facts: message.Facts | None = None
    people: tuple[str, ...] = ()
    archive: bool = False
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it.

    `provider_id` is the provider's name for it, and `recipient` the provider's names for the organization and for the
    recipient there, where it gives them. What `stays` can be brought up to date by that name, `<place>/<message>`.
    """

    provider_id: str | None = None
    recipient: tuple[str, str] | None = None
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """This recipient is refused for good; trying again cannot help.

    `access_lost`: so is everything else we send with this credential. `absent_from` is the provider's name for the
    organization in which it knows nobody by this address.
    """

    error: str
    access_lost: bool = False
    absent_from: str | None = None


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A fault of the installation or the provider; trying again may help, not before `retry_after` if given.

    `of_channel`: nothing else that is handed to this channel is taken now.
    """

    error: str
    retry_after: timedelta | None = None
    of_channel: bool = False


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not tried: the provider asked this installation to wait so long. That is no failed attempt."""

    wait: timedelta
    error: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Not sent: just before it would have been, it was found to be wanted no longer; `error` is why."""

    error: str


Outcome = Accepted | Refused | Unavailable | Postponed | Withdrawn

# Longer than an attempt takes up to its last look; when its holder dies the message is simply due again.
LEASE = timedelta(seconds=30)
# So often at least whoever waits longer renews its hold: one renewal may be late, or fail, and the lease still holds.
RENEW_AFTER = LEASE / 3


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an attempt left behind: the state, the next attempt's instant (only while queued), and what went wrong.

    `retried`: the next attempt is a further one. `stays` as the provider took it.
    """

    state: State
    due_at: datetime | None = None
    error: str | None = None
    provider_id: str | None = None
    retried: bool = False
    stays: bool = False


def settle(outcome: Outcome, attempts: int, backoff: Sequence[timedelta], now: datetime) -> Settlement:
    """What follows attempt number `attempts` (from 1): sent, again at, or failed.

    The last step of `backoff` repeats for ever: what stops retrying is that the page is no longer wanted, never a
    counter.
    """
    match outcome:
        case Accepted(provider_id, stays=stays):
            return Settlement(State.SENT, provider_id=provider_id, stays=stays)
        case Refused(error):
            return Settlement(State.FAILED, error=error)
        case Unavailable(error, retry_after):
            wait = max(backoff[min(attempts, len(backoff)) - 1], retry_after or timedelta())
            return Settlement(State.QUEUED, due_at=now + wait, error=error, retried=True)
        case Postponed(wait, error):
            return Settlement(State.QUEUED, due_at=now + wait, error=error)
        case Withdrawn(error):
            return Settlement(State.CANCELLED, error=error)
        case _:
            assert_never(outcome)
