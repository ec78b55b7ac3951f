"""What every channel is: it is handed a parcel and answers with an outcome, with no transaction open."""

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import ClassVar, Protocol, final

from django.db import connection

from nightbell.core import delivery

Parcel = delivery.Page | delivery.Notice | delivery.Copy


class Hold(Protocol):
    """A sender's hold on what it is sending. Either raises where the database stays away: the attempt is given up."""

    def why_not(self) -> str | None:
        """Look once more, just before the message itself goes: why it is not to be sent any more, None where it is."""

    def renew(self) -> None:
        """Hold on for another lease: a provider may think for minutes after it has the message."""


class Unheld:
    """The hold of whoever sends what nobody else could send or withdraw."""

    def why_not(self) -> str | None:
        """Always wanted."""
        return None

    def renew(self) -> None:
        """Nothing runs out."""


UNHELD = Unheld()


def outside_transaction(whom: str) -> None:
    """Every call to the outside begins here. Raises RuntimeError in a transaction: who stalls would hold its locks."""
    if connection.in_atomic_block:
        raise RuntimeError(f"{whom} was to be called while a database transaction is open.")


class Channel(ABC):
    """One way out. An instance belongs to one thread, which may keep a connection in it between parcels."""

    name: ClassVar[str]

    @property
    @abstractmethod
    def backoff(self) -> tuple[timedelta, ...]:
        """How long to wait after the first, second, … failed attempt; its last step repeats."""

    @final
    def send(self, parcel: Parcel, hold: Hold = UNHELD) -> delivery.Outcome:
        """Hand one parcel to the provider. Whatever the provider does is an outcome, never an exception.

        A channel that can be told no at the last moment asks `hold.why_not`, and answers `Withdrawn` with the reason;
        one that waits long for the answer renews the hold at least every `delivery.RENEW_AFTER`.

        Raises RuntimeError inside a transaction: a provider that stalls would hold its locks.
        """
        outside_transaction(self.name)
        return self._send(parcel, hold)

    @abstractmethod
    def _send(self, parcel: Parcel, hold: Hold) -> delivery.Outcome:
        """Do it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is kept between parcels; sending again afterwards is allowed. Never raises."""
