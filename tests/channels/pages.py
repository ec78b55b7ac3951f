"""Pages and notices to send."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from nightbell.core import delivery, message
from nightbell.core.incident.effects import Reason
from nightbell.core.incident.state import Cause, Severity, Status

FACTS = message.Facts(
    incident_id=UUID("0193e1a2-0000-7000-8000-000000000042"),
    organization="Acme",
    number=42,
    title="DB pool exhausted",
    description="All 40 connections are taken.",
    severity=Severity.CRITICAL,
    status=Status.INVESTIGATING,
    opened_at=datetime(2026, 11, 23, 1, 14, tzinfo=UTC),
    owner="Ana Ruiz",
    recipient="Bo Lind",
    timezone="Europe/Berlin",
    reason=Reason.LAYER,
    cause=Cause.TIMEOUT,
    late_seconds=0,
    handed_off_by=None,
    note=None,
    policy_name="Payments",
    position=2,
    layer_count=3,
    round=1,
    next_step=message.NextStep(datetime(2026, 11, 23, 1, 19, tzinfo=UTC), ("Cy Ito",), fallback=False),
    acknowledge_url="https://pager.example.com/a/0193e1a2:x-y_z",
    view_url="https://pager.example.com/incidents/42",
)


def page(address: str = "bo@example.com", **changes: Any) -> delivery.Page:
    """A page with a new id."""
    return delivery.Page(uuid4(), address, replace(FACTS, **changes))


def notice(
    address: str = "bo@example.com", subject: str = "Cy took #42", body: str = "Nothing to do."
) -> delivery.Notice:
    """A notice with a new id."""
    return delivery.Notice(uuid4(), address, subject, body)
