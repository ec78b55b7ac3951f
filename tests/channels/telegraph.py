"""A channel that there is none of: as small as one can be, to show what adding one takes."""

from datetime import timedelta
from typing import final

from pydantic import field_validator

from nightbell.channels.base import Channel, Hold, Parcel
from nightbell.channels.declaration import Ability, Address, Brought, Configured, Declaration, Part
from nightbell.core import delivery

# What has come out at the other end: to which office, and what.
STRIP: list[tuple[str, Parcel]] = []


class TelegraphSettings(Part):
    """Without a wire there is no telegraph."""

    telegraph_wire: str | None = None

    @field_validator("telegraph_wire")
    @classmethod
    def _wire(cls, value: str | None) -> str | None:
        if value == "cut":
            raise ValueError("must be whole")
        return value


@final
class TelegraphChannel(Channel):
    """Takes whatever it is handed, and says so."""

    name = "telegraph"
    backoff = (timedelta(seconds=30),)

    def _send(self, parcel: Parcel, hold: Hold) -> delivery.Outcome:
        if (reason := hold.why_not()) is not None:
            return delivery.Withdrawn(reason)
        if parcel.address == "nowhere":
            return delivery.Refused("no such office")
        STRIP.append((parcel.address, parcel))
        return delivery.Accepted(f"strip-{len(STRIP)}")

    def close(self) -> None:
        """There is nothing to let go of."""


def _offered(configured: Configured) -> bool:
    return configured.of(TelegraphSettings).telegraph_wire is not None


def _check(configured: Configured, _admin: str | None) -> tuple[bool, str]:
    return (True, "the wire hums") if _offered(configured) else (True, "there is no wire")


def _canonical(typed: str) -> str | None:
    return typed.strip().lower() or None


def _make(_configured: Configured) -> Channel:
    return TelegraphChannel()


DECLARATION = Declaration(
    name=TelegraphChannel.name,
    title="the telegraph",
    part=TelegraphSettings,
    abilities=frozenset({Ability.PAGE}),
    brought=Brought.ORGANIZATION,
    address=Address("an office", _canonical, str),
    offered=_offered,
    check=_check,
    make=_make,
)
