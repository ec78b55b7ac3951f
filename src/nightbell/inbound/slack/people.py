"""Who clicked: the only place that turns a Slack user into a member, or says why it cannot and what to do."""

import re
from dataclasses import dataclass
from typing import Any

from nightbell.actions import links, workspaces
from nightbell.channels.slack import channel
from nightbell.channels.slack.client import Failed
from nightbell.data import secrets
from nightbell.data.access import slack as access
from nightbell.data.access.principal import Principal
from nightbell.data.reads import slack

UNCHANGED = "Nothing has changed: the incident goes on without you."

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class Stranger(Exception):  # noqa: N818 -- an answer, not a fault
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
    """The member this is, by the workspace's id and theirs; found by their address the first time. Raises Stranger."""
    workspace = slack.workspace_of_team(somebody.team_id)
    if workspace is None:
        raise Stranger(f"This workspace is not connected to Nightbell. An admin can connect it. {UNCHANGED}")
    if somebody.home != workspace.team_id:
        raise Stranger(f"You are from another workspace. Ask somebody of {workspace.team_name} to answer. {UNCHANGED}")
    principal = access.member(somebody.team_id, somebody.user_id)
    if principal is not None:
        return principal
    if access.known(somebody.team_id, somebody.user_id) is not None:
        raise Stranger(f"You are no longer a member of this organization in Nightbell. {UNCHANGED}")
    return _by_address(workspace, somebody)


def _by_address(workspace: slack.Workspace, somebody: Somebody) -> Principal:
    try:
        user = workspaces.ask(workspace).call("users.info", user=somebody.user_id)["user"]
    except (Failed, secrets.Unreadable):
        raise Stranger(
            f"Slack did not say who you are. Try again in a moment, or answer at {links.home_url()}. {UNCHANGED}"
        ) from None
    if why := channel.outsider(user):
        raise Stranger(f"Your account here is {why}, and cannot answer. Ask a member to do it. {UNCHANGED}")
    email = user.get("profile", {}).get("email") or ""
    user_id = access.by_email(workspace.organization_id, email) if email else None
    if user_id is None:
        raise Stranger(
            "Nobody in Nightbell has the mail address of your Slack account. "
            f"Ask an admin of Nightbell to add you with that address. {UNCHANGED}"
        )
    workspaces.remember(Principal.system(workspace.organization_id), user_id, somebody.team_id, somebody.user_id)
    principal = access.member(somebody.team_id, somebody.user_id)
    assert principal is not None
    return principal
