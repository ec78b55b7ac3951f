"""What is done about an organization's workspace: connect it, choose its channels, lose it, disconnect it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db import transaction as database
from django.db.models import OuterRef

from nightbell.actions import notices, record
from nightbell.core import about, delivery, notice
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import state
from nightbell.core.record import Kind
from nightbell.data import clock, contacts, secrets, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.models import Copy, Incident, Workspace
from nightbell.data.reads import workspaces as reads


@dataclass(frozen=True, slots=True)
class Granted:
    """What was granted: a channel's workspace by its ids, and the bot's token, kept encrypted and shown nowhere."""

    channel: str
    team_id: str
    team_name: str
    bot_user_id: str
    token: str = field(repr=False)


@transaction.action(Needs.ADMINISTRATION)
def connect(principal: Principal, granted: Granted) -> None:
    """Use this workspace from now on; connecting the same one again renews its token and keeps what was chosen.

    Raises Rejected: `in_use` (another workspace is connected, or another organization has this one); Unreadable where
    no key is configured that could keep the token.
    """
    token = secrets.encrypt(granted.token)
    before = Workspace.objects.select_for_update().filter(organization_id=principal.organization_id).first()
    if before is not None and before.token is not None and before.team_id != granted.team_id:
        raise Rejected(
            Code.IN_USE, f"The workspace {before.team_name} is connected. Disconnect it first: there is one at a time."
        )
    fields: dict[str, Any] = {
        "channel": granted.channel,
        "team_id": granted.team_id,
        "team_name": granted.team_name,
        "bot_user_id": granted.bot_user_id,
        "token": token,
        "connected_at": clock.now(),
        "lost_at": None,
        "lost_because": None,
    }
    if before is not None and before.team_id != granted.team_id:
        # Channels of another workspace mean nothing in this one.
        fields |= {"alerts_channels": [], "incident_channels": False, "archive_on_resolve": False}
    try:
        with database.atomic():
            Workspace.objects.update_or_create(organization_id=principal.organization_id, defaults=fields)
    except IntegrityError:
        raise Rejected(Code.IN_USE, f"Another organization here uses the workspace {granted.team_name}.") from None
    if before is not None and before.team_id == granted.team_id:
        _show_again(principal.organization_id)
    contacts.bring(principal.organization_id)
    record.write(principal, Kind.SLACK_CONNECTED, _team(granted))


@transaction.action(Needs.ADMINISTRATION)
def choose(
    principal: Principal, *, alerts_channels: Sequence[str], incident_channels: bool, archive_on_resolve: bool
) -> None:
    """Where incidents are shown. Raises Rejected: `not_found` (nothing is connected), `validation_error`."""
    workspace = _connected(principal)
    chosen = list(dict.fromkeys(alerts_channels))
    if len(chosen) > reads.MAX_ALERTS_CHANNELS:
        raise Rejected(
            Code.VALIDATION_ERROR, f"At most {reads.MAX_ALERTS_CHANNELS} channels can be chosen.", "alertsChannels"
        )
    workspace.alerts_channels = chosen
    workspace.incident_channels = incident_channels
    workspace.archive_on_resolve = archive_on_resolve
    _save(workspace, "alerts_channels", "incident_channels", "archive_on_resolve")
    data = {"alertsChannels": chosen, "incidentChannels": incident_channels, "archiveOnResolve": archive_on_resolve}
    record.write(principal, Kind.SLACK_CONFIGURED, {"teamId": workspace.team_id, **data})


@transaction.action(Needs.ADMINISTRATION)
def disconnect(principal: Principal) -> str:
    """Forget the token, and who is who there; the token as it was kept, so that it can be made void there too.

    Raises Rejected: `not_found` (nothing is connected).
    """
    workspace = _connected(principal)
    kept, workspace.token, workspace.lost_at, workspace.lost_because = workspace.token, None, None, None
    assert kept is not None
    _save(workspace, "token", "lost_at", "lost_because")
    contacts.end(principal.organization_id, channel=workspace.channel)
    record.write(principal, Kind.SLACK_DISCONNECTED, _team(workspace))
    return kept


@transaction.action(Needs.INSTALLATION)
def lose(principal: Principal, channel: str, because: str, seen_at: datetime) -> None:
    """The channel refuses the token: page nobody there any more, and tell the admins by mail, once.

    `seen_at` is when the token that was refused was read; one that was granted since is another.
    """
    organization_id = principal.organization_id
    lost = Workspace.objects.filter(
        organization_id=organization_id, channel=channel, token__isnull=False, lost_at=None, connected_at__lte=seen_at
    )
    now = clock.now()
    if not lost.update(lost_at=now, lost_because=because):
        return
    workspace = Workspace.objects.get(organization_id=organization_id)
    record.write(principal, Kind.SLACK_LOST, {**_team(workspace), "because": because})
    told = about.AccessLost(workspace.team_name, because, channel)
    notices.tell_admins(organization_id, notice.Kind.ACCESS_LOST, told, now)


def credential(workspace: reads.Workspace) -> str:
    """What lets us into the workspace. Raises Unreadable."""
    return secrets.decrypt(workspace.token)


@transaction.action(Needs.INSTALLATION)
def rotate(_principal: Principal) -> int:
    """Keep every token with the first of the configured keys; how many there are. Raises Unreadable, changing none."""
    kept = list(Workspace.objects.select_for_update().filter(token__isnull=False).order_by("organization_id"))
    for workspace in kept:
        assert workspace.token is not None
        workspace.token = secrets.rotate(workspace.token)
        _save(workspace, "token")
    return len(kept)


def _team(of: Granted | Workspace) -> dict[str, str]:
    return {"teamId": of.team_id, "teamName": of.team_name}


def _show_again(organization_id: UUID) -> None:
    """What could not be brought up to date meanwhile is tried once more, where the incident is still open."""
    given_up = [delivery.State.FAILED.value, delivery.State.CANCELLED.value]
    copies = Copy.objects.filter(organization_id=organization_id, state__in=given_up)
    copies.exclude(incident__state=state.State.CLOSED).update(
        state=delivery.State.QUEUED.value,
        due_at=clock.Now(),
        shown=None,
        settled_at=None,
        # With its incident: what is shown of one that is held stays as it is.
        held=Incident.objects.filter(id=OuterRef("incident_id")).values("held")[:1],
    )


def _connected(principal: Principal) -> Workspace:
    workspace = (
        Workspace.objects.select_for_update()
        .filter(organization_id=principal.organization_id, token__isnull=False)
        .first()
    )
    if workspace is None:
        raise Rejected(Code.NOT_FOUND, "No Slack workspace is connected.")
    return workspace


def _save(workspace: Workspace, *fields: str) -> None:
    values = {name: getattr(workspace, name) for name in fields}
    Workspace.objects.filter(organization_id=workspace.organization_id).update(**values)
