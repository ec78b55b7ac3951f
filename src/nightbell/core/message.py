"""What a page says, whatever the channel."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from nightbell.core.incident.effects import Reason
from nightbell.core.incident.state import Cause, Severity, Status


@dataclass(frozen=True, slots=True)
class NextStep:
    """Who is paged if nobody answers by `at`: the names of a layer's people, or of the fallback responders."""

    at: datetime
    names: tuple[str, ...]
    fallback: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a page may say. Title, description and note come from outside and are hostile.

    `position` is 0 where no layer was paged; `timezone` is the recipient's IANA zone; `next_step` is None where nobody else
    will be paged; `handed_off_by` and `note` are set for a handoff.
    """

    incident_id: UUID
    organization: str
    number: int
    title: str
    description: str | None
    severity: Severity
    status: Status
    opened_at: datetime
    owner: str
    recipient: str
    timezone: str
    reason: Reason
    cause: Cause | None
    late_seconds: int
    handed_off_by: str | None
    note: str | None
    policy_name: str | None
    position: int
    layer_count: int
    round: int
    next_step: NextStep | None
    acknowledge_url: str
    view_url: str
