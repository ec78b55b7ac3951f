"""What has happened to an incident, in the past tense: the rows of its audit trail.

The kind of an event is its name in snake case (`LayerPaged` is `layer_paged`); its fields are the row's data.
"""

from dataclasses import dataclass
from uuid import UUID

from nightbell.core.incident.actor import Actor
from nightbell.core.incident.state import Cause, Severity, Status
from nightbell.core.oncall import Duty
from nightbell.core.policy import Target


@dataclass(frozen=True, slots=True)
class IncidentOpened:
    """Somebody opened it; `owner_because` is why a schedule's owner is who they are, where one was asked."""

    title: str
    severity: Severity
    owner_id: UUID
    escalation_policy_id: UUID | None
    dedup_key: str | None
    owner_schedule_id: UUID | None
    owner_because: str | None


@dataclass(frozen=True, slots=True)
class LayerPaged:
    """A layer was paged; `duties` say why each was on call, where its target is a schedule."""

    position: int
    round: int
    target: Target
    responders: tuple[UUID, ...]
    passed_over: tuple[UUID, ...]
    late_seconds: int
    duties: tuple[Duty, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerSkipped:
    """A layer's target stood for nobody who can be paged."""

    position: int
    round: int
    target: Target
    reason: str


@dataclass(frozen=True, slots=True)
class OwnerPaged:
    """The owner was paged because they own the incident."""

    responder: UUID


@dataclass(frozen=True, slots=True)
class FallbackPaged:
    """The organization's last resort was paged."""

    responders: tuple[UUID, ...]
    passed_over: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class IncidentAcknowledged:
    """Somebody is on it; `paged` says whether they had been paged for it."""

    acknowledged_by: Actor
    paged: bool


@dataclass(frozen=True, slots=True)
class IncidentHandedOff:
    """Ownership went to another member, who was paged."""

    previous_owner: UUID
    new_owner: UUID
    note: str | None
    cleared_acknowledger: Actor | None


@dataclass(frozen=True, slots=True)
class EscalationTimedOut:
    """Paging moved on."""

    cause: Cause
    position: int
    round: int
    cleared_acknowledger: Actor | None = None


@dataclass(frozen=True, slots=True)
class EscalationExhausted:
    """No layer is left and nobody answered."""

    round: int


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The work moved one step."""

    previous_status: Status
    status: Status
    resolution_note: str | None


@dataclass(frozen=True, slots=True)
class OwnerChanged:
    """Nightbell itself moved ownership, because the owner left."""

    previous_owner: UUID
    new_owner: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class PageSent:
    """A page was taken by its provider; the statement that settles it writes which, over what and where."""


@dataclass(frozen=True, slots=True)
class PageFailed:
    """A page was refused for good, and why; written as `PageSent` is."""


@dataclass(frozen=True, slots=True)
class PagesCancelled:
    """Pages that nobody needs any more; the statement that cancels them lists them."""

    reason: str


Event = (
    IncidentOpened
    | PageSent
    | PageFailed
    | PagesCancelled
    | LayerPaged
    | LayerSkipped
    | OwnerPaged
    | FallbackPaged
    | IncidentAcknowledged
    | IncidentHandedOff
    | EscalationTimedOut
    | EscalationExhausted
    | StatusChanged
    | OwnerChanged
)
