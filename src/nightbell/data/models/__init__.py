"""Fields, constraints and indexes; no behaviour."""

from nightbell.data.models.account import Account
from nightbell.data.models.api_key import ApiKey
from nightbell.data.models.audit import Audit
from nightbell.data.models.contact import Contact, Workspace
from nightbell.data.models.delivery import Copy, Notice, Page
from nightbell.data.models.engine_beat import EngineBeat
from nightbell.data.models.idempotency import IdempotentAnswer
from nightbell.data.models.incident import Incident
from nightbell.data.models.installation import Installation
from nightbell.data.models.organization import Membership, Organization, Role
from nightbell.data.models.policy import EscalationLayer, EscalationPolicy
from nightbell.data.models.schedule import CalendarToken, EarlierSchedule, Override, RotationLayer, Schedule

__all__ = [
    "Account",
    "ApiKey",
    "Audit",
    "CalendarToken",
    "Contact",
    "Copy",
    "EarlierSchedule",
    "EngineBeat",
    "EscalationLayer",
    "EscalationPolicy",
    "IdempotentAnswer",
    "Incident",
    "Installation",
    "Membership",
    "Notice",
    "Organization",
    "Override",
    "Page",
    "Role",
    "RotationLayer",
    "Schedule",
    "Workspace",
]
