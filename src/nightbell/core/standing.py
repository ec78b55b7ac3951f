"""How an incident stands, as every place that shows it says it: the newest state, and no history."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from nightbell.core.incident.state import Severity, State, Status
from nightbell.core.message import NextStep


@dataclass(frozen=True, slots=True)
class Standing:
    """An incident at one instant. Title, description and every name come from outside and are hostile.

    `notified` are the names of everybody paged since the opening or the last handoff; `handed_off` says that only the
    new owner has been; `position` is 0 where no layer was paged; `next_step` is None where nobody else will be paged.
    """

    incident_id: UUID
    organization: str
    number: int
    title: str
    description: str | None
    severity: Severity
    status: Status
    state: State
    owner: str
    opened_at: datetime
    notified: tuple[str, ...]
    handed_off: bool
    policy_name: str | None
    position: int
    layer_count: int
    round: int
    next_step: NextStep | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    view_url: str
