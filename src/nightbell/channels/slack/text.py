"""Text for Slack: the only place that makes text from outside safe, and says an instant in everybody's zone."""

from dataclasses import replace
from datetime import datetime

from nightbell.core import message, standing
from nightbell.core.incident.state import Severity

EMOJI = {Severity.CRITICAL: "🔴", Severity.HIGH: "🟠", Severity.MEDIUM: "🟡", Severity.LOW: "🔵"}


def escape(text: str) -> str:
    """So that no mark-up in it is one: neither a mention nor a link nor a date."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def said(text: str, length: int) -> str:
    """Text from outside in one clean line, escaped."""
    return escape(message.clean(text, length))


def date(at: datetime) -> str:
    """An instant, which Slack shows in the zone of whoever looks; where it cannot, in UTC."""
    return f"<!date^{int(at.timestamp())}^{{date_short}} at {{time_secs}}|{at:%b} {at.day} at {at:%H:%M:%S} UTC>"


def headline(severity: Severity, title: str) -> str:
    """`🔴 CRITICAL DB pool exhausted`, plain."""
    return f"{EMOJI[severity]} {severity.upper()} {message.titled(title)}"


def escaped(now: standing.Standing) -> standing.Standing:
    """The same, with every name escaped that its lines say."""
    return replace(
        now,
        notified=tuple(escape(name) for name in now.notified),
        paged_before=tuple(escape(name) for name in now.paged_before),
        policy_name=escape(now.policy_name) if now.policy_name else None,
        next_step=escaped_step(now.next_step),
        resolved_by=escape(now.resolved_by) if now.resolved_by else None,
        acknowledged_by=escape(now.acknowledged_by) if now.acknowledged_by else None,
    )


def escaped_step(step: message.NextStep | None) -> message.NextStep | None:
    """The same for who is next."""
    if step is None:
        return None
    return replace(step, names=tuple(escape(name) for name in step.names), then=escaped_step(step.then))
