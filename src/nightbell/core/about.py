"""What a notice is about: what its row keeps, until the notice is written out for its reader."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from nightbell.core.incident.actor import Actor


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody acknowledged the reader's incident, or handed it to `new_owner`."""

    by: Actor
    new_owner: UUID | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours on call that the reader lost or was given."""

    by: Actor
    schedule: str
    schedule_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Gaps:
    """Hours in which nobody is on call, each with the name of its schedule."""

    gaps: tuple[tuple[str, datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class AccessLost:
    """A workspace that lets Nightbell in no more; `because` is its channel's own word.

    `channel` is None in what a version wrote that knew of one channel.
    """

    team: str
    because: str
    channel: str | None


@dataclass(frozen=True, slots=True)
class ChannelRefused:
    """A channel on which everybody is refused in the same words."""

    channel: str
    because: str


@dataclass(frozen=True, slots=True)
class WayIn:
    """A link to set a password, which is made when the notice is sent and kept nowhere."""


About = Answered | Shift | Gaps | AccessLost | ChannelRefused | WayIn
