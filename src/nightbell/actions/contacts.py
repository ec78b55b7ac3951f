"""What is done about contacts: those an organization brings, who each member is there, and whether they still are."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from nightbell.actions import ids, workspaces
from nightbell.channels import registry
from nightbell.core import contact, delivery
from nightbell.core.errors import Code, Rejected
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
def remember(
    principal: Principal, user_id: UUID, team_id: str, address: str | None, known_as: str | None = None
) -> None:
    """Which user of the workspace this member is; None for nobody there. Of who is no member nothing is kept.

    `known_as` is what they are called there, where somebody has asked.

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
    kept = {
        "address": address or "",
        "state": (contact.State.WORKING if address else contact.State.LOST).value,
        "again_at": None if address else now + EVERY,
        "checked_at": now,
        **({} if known_as is None else {"known_as": known_as}),
    }
    Contact.objects.update_or_create(
        organization_id=organization_id,
        user_id=user_id,
        channel=workspace.channel,
        defaults=kept,
        create_defaults={"id": ids.new(), **kept},
    )


@transaction.action(Needs.ADMINISTRATION)
def ask_for_match(principal: Principal) -> None:
    """Have every member looked up in the workspace, by an engine. Raises Rejected: `not_found` (none is connected)."""
    connected = Workspace.objects.filter(organization_id=principal.organization_id, token__isnull=False)
    if not connected.update(match_asked_at=clock.Now(), match_trouble=""):
        raise Rejected(Code.NOT_FOUND, "No Slack workspace is connected.")


@transaction.needing(Needs.INSTALLATION)
def match(_principal: Principal) -> int:
    """Go on looking up members where somebody has asked for it; how many were looked up."""
    return sum(_match(workspace) for workspace in reads.asked() if workspace.channel in settings.NIGHTBELL.paging)


def _match(workspace: reads.Workspace) -> int:
    find = registry.find(workspace.channel).find
    principal, now, looked = Principal.system(workspace.organization_id), clock.now(), 0
    try:
        token = secrets.decrypt(workspace.token)
    except secrets.Unreadable as unreadable:
        _pause(workspace, str(unreadable))
        return 0
    left = reads.unmatched(workspace, AT_ONCE) if find else []
    for user_id, email, address in left:
        assert find is not None
        found = find(settings.NIGHTBELL, workspace.team_id, token, email, address)
        match found:
            case contact.Found() | None:
                named = (found.address, found.known_as) if found else (None, "")
                remember(principal, user_id, workspace.team_id, *named)
                looked += 1
            case delivery.Refused(error, access_lost=True):
                workspaces.lose(principal, workspace.channel, error, now)
                return looked
            case _:
                _pause(workspace, found.error)
                return looked
    if len(left) < AT_ONCE:
        _pause(workspace, "", match_asked_at=None)
    return looked


def _pause(workspace: reads.Workspace, trouble: str, **done: None) -> None:
    """Say why it does not go on just now, or that it is done; the next round goes on where this one stopped."""
    if trouble == workspace.match_trouble and not done:
        return  # and is said already
    asked = Workspace.objects.filter(organization_id=workspace.organization_id, match_asked_at=workspace.match_asked_at)
    asked.update(match_trouble=trouble, **done)


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
