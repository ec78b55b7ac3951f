"""What can happen to an incident, as imperative values."""

from dataclasses import dataclass
from uuid import UUID

from nightbell.core.incident.actor import Actor
from nightbell.core.incident.state import Status
from nightbell.core.roster import Member, Roster


@dataclass(frozen=True, slots=True)
class Seen:
    """What a form showed when it was filled in; a mismatch makes it stale."""

    epoch: int
    round: int | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The clock ran out, or is believed to have."""

    roster: Roster


@dataclass(frozen=True, slots=True)
class GroupFailed:
    """Every page of the newest group was refused for good."""

    roster: Roster


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Somebody is on it: the actor, or the member a key names in `on_behalf_of`."""

    by: Actor
    on_behalf_of: Member | None = None


@dataclass(frozen=True, slots=True)
class HandOff:
    """Not me, her. `to` is None where the target is no active member of the organization."""

    by: Actor
    to: Member | None
    note: str | None = None
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Escalate:
    """Page the next layer now."""

    by: Actor
    roster: Roster
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """One step forward."""

    by: Actor
    to: Status
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Resolve:
    """All the steps that are left, at once."""

    by: Actor
    note: str | None = None


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    """A member left the organization; `roster` is without them.

    `group_failed` says whether that leaves nobody in the newest group who can still answer.
    """

    user_id: UUID
    roster: Roster
    group_failed: bool = False


Command = DeadlinePassed | GroupFailed | Acknowledge | HandOff | Escalate | ChangeStatus | Resolve | MemberRemoved
