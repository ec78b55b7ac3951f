"""What people do about incidents that a restore holds: have all of them paged for again, or one that still fires."""

from uuid import UUID

from nightbell.actions import ids
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.data import holds, transaction
from nightbell.data.access.principal import Principal
from nightbell.data.models import Role


@transaction.action
def resume(principal: Principal) -> int:
    """Page again for every incident the organization has held; how many there were. For admins.

    Each goes on where it stood: one that is overdue advances by one layer. Raises Rejected: `not_authorized`.
    """
    if not principal.is_admin:
        raise Rejected(Code.NOT_AUTHORIZED, "Only an admin resumes paging.")
    return _release(principal, None, "resumed")


def resume_everywhere(by: actor.Actor) -> int:
    """The same for every organization of the installation, one after the other."""
    return sum(resume(Principal(each.organization_id, by, Role.ADMIN)) for each in holds.organizations())


@transaction.action
def repeat(principal: Principal, incident_id: UUID) -> None:
    """Whoever sent this incident says that it still fires: it is no longer held."""
    _release(principal, incident_id, "repeated")


def _release(principal: Principal, incident_id: UUID | None, because: str) -> int:
    held = holds.lock(principal.organization_id, incident_id)
    if held:
        holds.release(held)
        holds.record_release(principal.organization_id, held, principal.actor, because, ids.stream())
    return len(held)
