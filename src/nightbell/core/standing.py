"""How an incident stands, as every place that shows it says it: the newest state, and no history."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from nightbell.core import message
from nightbell.core.incident.state import UNANSWERED, Severity, State, Status
from nightbell.core.instants import Say

HELD = "Held since a restore: nobody is paged until somebody acts on it, or an admin resumes paging."


@dataclass(frozen=True, slots=True)
class Standing:
    """An incident at one instant. Title and every name come from outside and are hostile.

    `notified` are the names of everybody paged since the opening or the last handoff; `handed_off` says that only the
    new owner has been; `paged_before` are those who were paged only before that; `position` is 0 where no layer was
    paged; `next_step` is None where nobody else will be paged.
    """

    incident_id: UUID
    organization: str
    number: int
    title: str
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
    next_step: message.NextStep | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    view_url: str
    held: bool = False
    paged_before: tuple[str, ...] = ()
    resolved_by: str | None = None

    @property
    def unanswered(self) -> bool:
        """Open, and nobody is on it."""
        return self.state in UNANSWERED


def prefix(standing: Standing) -> str:
    """What stands before the title, unless it is simply open: `Acknowledged`."""
    match standing.state:
        case State.ACKNOWLEDGED:
            return "Acknowledged"
        case State.CLOSED:
            return "Resolved"
        case State.EXHAUSTED:
            return "Nobody answered"
        case State.PAGING | State.NONE:
            return ""
        case _:
            assert_never(standing.state)


def lines(standing: Standing, say: Say) -> list[str]:
    """What there is to know now, a sentence a line: who is on it, who has been paged, who is next and when."""
    match standing.state:
        case State.ACKNOWLEDGED:
            return [_acknowledged(standing, say)]
        case State.CLOSED:
            by = f" by {message.clean(standing.resolved_by, 100)}" if standing.resolved_by else ""
            resolved = f"Resolved{by} · {say(standing.resolved_at)}" if standing.resolved_at else f"Resolved{by}"
            return [resolved, *([_acknowledged(standing, say)] if standing.acknowledged_by else ())]
        case State.PAGING | State.EXHAUSTED | State.NONE if standing.held:
            return [*([_paged(standing)] if standing.notified else ()), HELD]
        case State.EXHAUSTED:
            return [_paged(standing), "Nobody else will be paged: somebody has to acknowledge."]
        case State.PAGING | State.NONE:
            return [_paged(standing), message.next_line(standing.next_step, say)]
        case _:
            assert_never(standing.state)


def _acknowledged(standing: Standing, say: Say) -> str:
    at = f" · {say(standing.acknowledged_at)}" if standing.acknowledged_at else ""
    return f"Acknowledged by {message.clean(standing.acknowledged_by or '', 100)}{at}"


def _paged(standing: Standing) -> str:
    """Who has been paged, and on whose turn."""
    if not standing.notified:
        return "Paging is about to begin."
    if standing.state is State.EXHAUSTED:
        everybody = message.listed((*standing.paged_before, *standing.notified))
        return f"Every layer was paged, and the fallback responders: {everybody}."
    people = message.listed(standing.notified)
    before = f" Paged before: {message.listed(standing.paged_before)}." if standing.paged_before else ""
    if standing.handed_off:
        return f"Handed off to {people}.{before}"
    if not standing.position:
        return f"Paged: {people}.{before}"
    of_policy = f" of {message.clean(standing.policy_name, 100)}" if standing.policy_name else ""
    round_ = f", round {standing.round}" if standing.round > 1 else ""
    return f"Layer {standing.position} of {standing.layer_count}{of_policy}{round_}. Paged: {people}.{before}"
