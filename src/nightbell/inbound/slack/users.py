"""Who clicked: the only place that turns a Slack user into a member, or says why it cannot and what to do."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from nightbell.actions import contacts, signed_links, workspaces
from nightbell.channels.slack import channel, declaration
from nightbell.channels.slack.client import Client, Failed
from nightbell.core.incident import actor
from nightbell.data import secrets
from nightbell.data.access import workspaces as access
from nightbell.data.access.principal import Principal
from nightbell.data.reads import workspaces as reads

UNCHANGED = "Nothing has changed: the incident goes on without you."

_CHANNEL = declaration.DECLARATION.name
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class CannotAct(Exception):  # noqa: N818 -- an answer, not a fault
    """Somebody who may not act here; the message is for them alone, and says what to do."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A user as Slack names them in what it sends; `home` is the workspace they belong to."""

    team_id: str
    user_id: str
    home: str

    def __post_init__(self) -> None:
        """Raises TypeError, ValueError: for what was never an id of Slack's, and could be no row's."""
        for each in (self.team_id, self.user_id, self.home):
            if not _ID.fullmatch(each):
                raise ValueError("not an id of Slack's")


def of_payload(payload: dict[str, Any]) -> Somebody:
    """Whoever a click or a form comes from. Raises KeyError where it names nobody."""
    team_id, user = payload["team"]["id"], payload["user"]
    return Somebody(team_id, user["id"], user.get("team_id") or team_id)


def member(somebody: Somebody) -> Principal:
    """The member this is, by the workspace's id and theirs; found by their address the first time. Raises CannotAct."""
    workspace = reads.of_team(_CHANNEL, somebody.team_id)
    if workspace is None:
        raise CannotAct(f"This workspace is not connected to Nightbell. An admin can connect it. {UNCHANGED}")
    if somebody.home != workspace.team_id:
        raise CannotAct(f"You are from another workspace. Ask somebody of {workspace.team_name} to answer. {UNCHANGED}")
    return _member(somebody) or _by_address(workspace, somebody)


def client(workspace: reads.Workspace) -> Client:
    """The workspace itself, to be asked something while no transaction is open. Raises Unreadable."""
    return declaration.workspace(workspace.team_id, workspaces.credential(workspace))


def account(team_id: str, user_id: str) -> UUID | None:
    """The account of a user of the workspace, where they were matched before."""
    return access.known(_CHANNEL, team_id, user_id)


def _member(somebody: Somebody) -> Principal | None:
    return access.member(_CHANNEL, somebody.team_id, somebody.user_id, actor.Via.SLACK)


def _by_address(workspace: reads.Workspace, somebody: Somebody) -> Principal:
    try:
        user = client(workspace).call("users.info", user=somebody.user_id)["user"]
    except (Failed, secrets.Unreadable):
        raise CannotAct(
            f"Slack did not say who you are. Try again in a moment, or answer at {signed_links.home_url()}. {UNCHANGED}"
        ) from None
    if why := channel.outsider(user):
        raise CannotAct(f"Your account here is {why}, and cannot answer. Ask a member to do it. {UNCHANGED}")
    email = user.get("profile", {}).get("email") or ""
    found = access.by_email(workspace.organization_id, email) if email else None
    if found is None:
        raise CannotAct(
            "Nobody in Nightbell has the mail address of your Slack account. "
            f"Ask an admin of Nightbell to add you with that address. {UNCHANGED}"
        )
    user_id, is_member = found
    if not is_member:
        raise CannotAct(f"You are no longer a member of this organization in Nightbell. {UNCHANGED}")
    contacts.remember(Principal.system(workspace.organization_id), user_id, somebody.team_id, somebody.user_id)
    principal = _member(somebody)
    assert principal is not None
    return principal
