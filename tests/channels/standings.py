"""Incidents as they stand, and copies that show them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from nightbell.core import delivery, message, standing
from nightbell.core.incident.state import Severity, State, Status

NOON = datetime(2026, 4, 18, 12, tzinfo=UTC)

STANDING = standing.Standing(
    incident_id=UUID("0193e1a2-0000-7000-8000-000000000042"),
    organization="Acme",
    number=42,
    title="DB pool exhausted",
    severity=Severity.CRITICAL,
    status=Status.INVESTIGATING,
    state=State.PAGING,
    owner="Ana Ruiz",
    opened_at=datetime(2026, 4, 18, 11, 52, 3, tzinfo=UTC),
    notified=("Ana Ruiz",),
    handed_off=False,
    policy_name="Payments",
    position=1,
    layer_count=3,
    round=1,
    next_step=message.NextStep(datetime(2026, 4, 18, 11, 57, 3, tzinfo=UTC), ("Cy Ito",), fallback=False),
    acknowledged_by=None,
    acknowledged_at=None,
    resolved_at=None,
    view_url="https://pager.example.com/incidents/42",
)
# What else is so in each state.
_STATES: dict[State, dict[str, Any]] = {
    State.PAGING: {},
    State.NONE: {"position": 0, "policy_name": None, "layer_count": 0, "next_step": None},
    State.EXHAUSTED: {"next_step": None},
    State.ACKNOWLEDGED: {"next_step": None, "acknowledged_by": "Alice Smith", "acknowledged_at": NOON},
    State.CLOSED: {
        "next_step": None,
        "acknowledged_by": "Alice Smith",
        "acknowledged_at": NOON,
        "resolved_at": NOON.replace(hour=13, minute=2, second=4),
        "status": Status.RESOLVED,
    },
}


def standing_in(state: State, **changes: Any) -> standing.Standing:
    """An incident in this state."""
    return replace(STANDING, state=state, **{**_STATES[state], **changes})


def copy(
    place: delivery.Place = delivery.Place.ALERTS,
    address: str = "T0NIGHTOWLS/C0000001",
    shows: standing.Standing = STANDING,
    **more: Any,
) -> delivery.Copy:
    """A copy with a new id that has not been shown yet."""
    return delivery.Copy(uuid4(), place, address, **{"message_id": None, "standing": shows, **more})
