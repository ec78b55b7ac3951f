"""What an incident is, as far as decisions go, and what follows from its state."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from nightbell.core.incident.actor import Actor
from nightbell.core.policy import Policy


class State(StrEnum):
    """How the escalation stands; the database's check constraint is made from these."""

    PAGING = "paging"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    NONE = "none"
    CLOSED = "closed"


class Status(StrEnum):
    """How far the work on the incident is; it moves one step forward at a time."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How bad it is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


# These go out before the others.
URGENT = frozenset({Severity.CRITICAL, Severity.HIGH})


class Cause(StrEnum):
    """Why paging moves on."""

    OPENED = "opened"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    ESCALATED = "escalated"
    REMOVED = "removed"


MAX_TITLE = 100
MAX_DESCRIPTION = 10_000
MAX_NOTE = 10_000
MAX_DEDUP_KEY = 255
MAX_NUMBER = 2**31 - 1

UNANSWERED = frozenset({State.PAGING, State.EXHAUSTED, State.NONE})

STEPS = tuple(Status)


def steps_after(status: Status) -> tuple[Status, ...]:
    """The statuses still to come, in order."""
    return STEPS[STEPS.index(status) + 1 :]


def number_in(text: str) -> int | None:
    """The number of an incident that a text is; None where no incident could have it. Its length is looked at first."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_NUMBER))):
        return None
    number = int(text)
    return number if 0 < number <= MAX_NUMBER else None


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as the decision sees it.

    `position` and `round` say how far the walk has come (position 0: no layer has been paged yet); `due_at` is the
    running clock and `due_cause` what it means when it fires; `epoch` dates everything that was decided; `relieved` are
    passed over; `notified` is everybody paged since the opening or the last handoff, whose epoch is `handed_off_epoch`;
    `held`: it was open in a restored file, and its clock and its pages wait until that is resumed or somebody acts.
    """

    id: UUID
    owner_id: UUID
    status: Status
    state: State
    policy: Policy | None
    position: int = 0
    round: int = 1
    due_at: datetime | None = None
    due_cause: Cause | None = None
    epoch: int = 0
    handed_off_epoch: int = 0
    acknowledged_by: Actor | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    relieved: frozenset[UUID] = frozenset()
    notified: frozenset[UUID] = frozenset()
    held: bool = False

    @property
    def can_escalate(self) -> bool:
        """Whether *escalate now* pages a layer: while a clock runs, or while somebody is on it and there are layers."""
        return self.state is State.PAGING or (self.state is State.ACKNOWLEDGED and self.layer_count > 0)

    @property
    def layer_count(self) -> int:
        """How many layers its copy of the policy has."""
        return len(self.policy.layers) if self.policy else 0

    @property
    def unanswered(self) -> bool:
        """Open, and nobody is on it."""
        return self.state in UNANSWERED

    def stopped(self, state: State, **changes: Any) -> Self:
        """The same incident with no clock, and with `changes`."""
        return replace(self, state=state, due_at=None, due_cause=None, **changes)

    def ticking(self, due_at: datetime, cause: Cause = Cause.TIMEOUT, **changes: Any) -> Self:
        """The same incident, paging, with a running clock and nobody on it, and with `changes`."""
        changes |= {"acknowledged_by": None, "acknowledged_at": None}
        return replace(self, state=State.PAGING, due_at=due_at, due_cause=cause, **changes)
