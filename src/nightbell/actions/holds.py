"""What people do about incidents that a restore holds: have all of them paged for again, or one that still fires."""

from dataclasses import replace
from uuid import UUID

from nightbell.actions import ids
from nightbell.data import holds, transaction
from nightbell.data.access.principal import Needs, Principal


@transaction.action(Needs.ADMINISTRATION)
def resume(principal: Principal) -> int:
    """Page again for every incident the organization has held; how many there were.

    Each goes on where it stood: one that is overdue advances by one layer.
    """
    return _release(principal, None, "resumed")


@transaction.needing(Needs.INSTALLATION)
def resume_everywhere(principal: Principal) -> int:
    """The same for every organization of the installation, one after the other."""
    return sum(resume(replace(principal, organization_id=each.organization_id)) for each in holds.organizations())


@transaction.action(Needs.MEMBERSHIP)
def repeat(principal: Principal, incident_id: UUID) -> None:
    """Whoever sent this incident says that it still fires: it is no longer held."""
    _release(principal, incident_id, "repeated")


def _release(principal: Principal, incident_id: UUID | None, because: str) -> int:
    held = holds.lock(principal.organization_id, incident_id)
    if held:
        holds.release(held)
        holds.record_release(principal.organization_id, held, principal.actor, because, ids.stream())
    return len(held)
