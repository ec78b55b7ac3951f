"""What a decision asks for beyond the incident itself: pages to queue or cancel, people to tell."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from nightbell.core import notice, oncall
from nightbell.core.incident.actor import Actor
from nightbell.core.incident.state import Cause
from nightbell.core.policy import Target
from nightbell.core.roster import Member


class Reason(StrEnum):
    """Why somebody is paged."""

    LAYER = "layer"
    OWNER = "owner"
    HANDOFF = "handoff"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Why:
    """The facts behind one page, kept beside it so that the record alone answers "why was I paged?"."""

    target: Target | None = None
    cause: Cause | None = None
    late_seconds: int = 0
    handed_off_by: Actor | None = None
    note: str | None = None
    duty: oncall.Duty | None = None


@dataclass(frozen=True, slots=True)
class QueuePages:
    """One page to `member` over each of their channels, dated by the decided incident's epoch, round and position."""

    member: Member
    reason: Reason
    why: Why


@dataclass(frozen=True, slots=True)
class CancelPages:
    """Every page still queued is cancelled: all of the incident's, or those of one member."""

    reason: str
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell a member, without waking them."""

    user_id: UUID
    kind: notice.Kind
    by: Actor
    new_owner: UUID | None = None


Effect = QueuePages | CancelPages | Notify
