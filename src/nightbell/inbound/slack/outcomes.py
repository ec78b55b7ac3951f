"""What became of an act, in words for whoever did it: the same after a click and after a command."""

from nightbell.channels.slack import text
from nightbell.core import message
from nightbell.core.incident import state
from nightbell.data.access.principal import Principal
from nightbell.data.reads.incidents import IncidentView


def acknowledged(view: IncidentView, principal: Principal) -> str:
    """Who is on it now: the first who acknowledged stays."""
    incident = view.incident
    if incident.state is state.State.CLOSED:
        return f"{called(view)} is resolved: nothing is asked of you."
    by = incident.acknowledged_by
    if by is not None and by.user_id == principal.actor.user_id:
        return f"You are on it: {called(view)}. Escalation stopped."
    return f"{message.clean(by.name, 100) if by else 'Somebody'} is on it already: {called(view)}."


def handed_off(view: IncidentView) -> str:
    """Who has it now."""
    return f"{message.clean(view.owner.name, 100)} has {called(view)} now, and is paged."


def resolved(view: IncidentView) -> str:
    """That it is over."""
    return f"{called(view)} is resolved."


def called(view: IncidentView) -> str:
    """`#42 🔴 CRITICAL DB pool exhausted`."""
    return f"#{view.number} {text.headline(view.severity, view.title)}"
