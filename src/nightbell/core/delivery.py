"""What is handed to a channel, what the channel answers, and what follows from the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from nightbell.core import message


class State(StrEnum):
    """Where a page or a notice is on its way; the database's check constraint is made from these."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Page:
    """One message to one person over one channel; `id` is the same on every attempt, `address` is the channel's own."""

    id: UUID
    address: str
    facts: message.Facts


@dataclass(frozen=True, slots=True)
class Notice:
    """One message that wakes nobody."""

    id: UUID
    address: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it; `provider_id` is the provider's name for it, where it gives one."""

    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """This recipient is refused for good; trying again cannot help."""

    error: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A fault of the installation or the provider; trying again may help, not before `retry_after` if given."""

    error: str
    retry_after: timedelta | None = None


Outcome = Accepted | Refused | Unavailable


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an attempt left behind: the state, the next attempt's instant (only while queued), and what went wrong."""

    state: State
    due_at: datetime | None = None
    error: str | None = None
    provider_id: str | None = None


def settle(outcome: Outcome, attempts: int, backoff: Sequence[timedelta], now: datetime) -> Settlement:
    """What follows attempt number `attempts` (from 1): sent, again at, or failed.

    The last step of `backoff` repeats for ever: what stops retrying is that the page is no longer wanted, never a
    counter.
    """
    match outcome:
        case Accepted(provider_id):
            return Settlement(State.SENT, provider_id=provider_id)
        case Refused(error):
            return Settlement(State.FAILED, error=error)
        case Unavailable(error, retry_after):
            wait = max(backoff[min(attempts, len(backoff)) - 1], retry_after or timedelta())
            return Settlement(State.QUEUED, due_at=now + wait, error=error)
        case _:
            assert_never(outcome)
