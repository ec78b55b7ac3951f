"""What every channel is: it is handed a parcel and answers with an outcome, with no transaction open."""

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import ClassVar, final

from django.db import connection

from nightbell.core import delivery

Parcel = delivery.Page | delivery.Notice | delivery.Copy


class Channel(ABC):
    """One way out. An instance belongs to one thread, which may keep a connection in it between parcels."""

    name: ClassVar[str]

    @property
    @abstractmethod
    def backoff(self) -> tuple[timedelta, ...]:
        """How long to wait after the first, second, … failed attempt; its last step repeats."""

    @final
    def send(self, parcel: Parcel) -> delivery.Outcome:
        """Hand one parcel to the provider. Whatever the provider does is an outcome, never an exception.

        Raises RuntimeError inside a transaction: a provider that stalls would hold its locks.
        """
        if connection.in_atomic_block:
            raise RuntimeError(f"The {self.name} channel was asked to send while a database transaction is open.")
        return self._send(parcel)

    @abstractmethod
    def _send(self, parcel: Parcel) -> delivery.Outcome:
        """Do it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is kept between parcels; sending again afterwards is allowed. Never raises."""
