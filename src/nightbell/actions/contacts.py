"""What is done about contacts: those an organization brings, who each member is there, and whether they still are."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from nightbell.actions import ids, workspaces
from nightbell.channels import registry
from nightbell.core import contact, delivery
from nightbell.data import clock, contacts, secrets, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.models import Contact, Membership, Workspace
from nightbell.data.reads import workspaces as reads

# Who was found is looked at so often, and who was not is looked for again after as long.
EVERY = timedelta(days=1)
# So many at a time: nobody waits for this, and the provider has better to do.
AT_ONCE = 40


@transaction.action(Needs.INSTALLATION)
def bring_all(_principal: Principal) -> int:
    """Give each member the contacts that their organization brings, where one is missing; how many were.

    A member may have been added, or a workspace connected, by a version that knew of no contacts.
    """
    return contacts.bring()


@transaction.action(Needs.ADMINISTRATION)
def remember(principal: Principal, user_id: UUID, team_id: str, address: str | None) -> None:
    """Which user of the workspace this member is; None for nobody there. Of who is no member nothing is kept.

    Whoever was taken for that user before is looked up again: the address they were found by is another's now.
    """
    organization_id = principal.organization_id
    # One at a time, or two members could be remembered as one user.
    workspace = (
        Workspace.objects.select_for_update()
        .filter(organization_id=organization_id, team_id=team_id, token__isnull=False)
        .first()
    )
    members = Membership.objects.filter(organization_id=organization_id, user_id=user_id, removed_at=None)
    if workspace is None or not members.exists():
        return
    brought = Contact.objects.filter(organization_id=organization_id, channel=workspace.channel)
    if address is not None:
        others = brought.filter(address=address).exclude(user_id=user_id)
        others.update(address="", state=contact.State.WORKING.value, again_at=None, checked_at=None)
    now = clock.now()
    found = {
        "address": address or "",
        "state": (contact.State.WORKING if address else contact.State.LOST).value,
        "again_at": None if address else now + EVERY,
        "checked_at": now,
    }
    Contact.objects.update_or_create(
        organization_id=organization_id,
        user_id=user_id,
        channel=workspace.channel,
        defaults=found,
        create_defaults={"id": ids.new(), **found},
    )


@transaction.needing(Needs.INSTALLATION)
def look_again(_principal: Principal) -> int:
    """Look at whoever has not been looked at for a day; how many are not to be paged there any more."""
    return sum(_look(workspace) for workspace in reads.every() if workspace.channel in settings.NIGHTBELL.paging)


def _look(workspace: reads.Workspace) -> int:
    look = registry.find(workspace.channel).look
    if look is None:
        return 0
    principal, now, gone = Principal.system(workspace.organization_id), clock.now(), 0
    try:
        token = secrets.decrypt(workspace.token)
    except secrets.Unreadable:
        # Said where a page is not sent for it.
        return 0
    for user_id, address in reads.unchecked(workspace, EVERY, AT_ONCE):
        match look(settings.NIGHTBELL, f"{workspace.team_id}/{address}", token):
            case delivery.Accepted():
                remember(principal, user_id, workspace.team_id, address)
            case delivery.Refused(absent_from=str()):
                remember(principal, user_id, workspace.team_id, None)
                gone += 1
            case delivery.Refused(error, access_lost=True):
                workspaces.lose(principal, workspace.channel, error, now)
                break
            case _:
                # Asked to wait, or away: the next round goes on.
                break
    return gone
