"""Who and what is there: what auth.*, users.*, conversations.* and pins.list do."""

import re
import time

from nightbell.demo.slack.arguments import SCOPES, Asked, Refused
from nightbell.demo.slack.memory import CODE_SECONDS, Memory
from nightbell.demo.slack.records import Channel, Json, User

MOST_NAME = 80


def test(memory: Memory, _given: Json) -> Json:
    """auth.test"""
    app = memory.app
    return {
        "url": f"https://{domain(memory)}.slack.com/",
        "team": app.team_name,
        "team_id": app.team_id,
        "user": "nightbell",
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def domain(memory: Memory) -> str:
    """The workspace's name in its address."""
    return re.sub(r"[^a-z0-9]+", "-", memory.app.team_name.lower()).strip("-")


def revoke(memory: Memory, asked: Asked) -> Json:
    """auth.revoke"""
    if asked.arguments.get("test"):
        return {"revoked": False}
    memory.revoked.add(asked.token or "")
    return {"revoked": True}


def exchange(memory: Memory, asked: Asked) -> Json:
    """oauth.v2.access: a code that a browser brought, for a token."""
    app = memory.app
    client = asked.client or (asked.arguments.get("client_id", ""), asked.secrets.get("client_secret", ""))
    if client[0] != app.client_id:
        raise Refused("invalid_client_id", "is another app")
    if client[1] != app.client_secret:
        raise Refused("bad_client_secret", "has another secret")
    code = memory.codes.get(asked.secrets["code"])
    if code is None or time.monotonic() - code.at > CODE_SECONDS:
        raise Refused("invalid_code")
    if code.used:
        raise Refused("code_already_used")
    if asked.arguments.get("redirect_uri", "") != code.redirect_uri:
        raise Refused("bad_redirect_uri", "names another redirect_uri than it sent the browser with")
    code.used = True
    return {
        "access_token": memory.issue(code.scopes),
        "token_type": "bot",
        "scope": ",".join(sorted(code.scopes)),
        "bot_user_id": app.bot_user_id,
        "app_id": app.id,
        "team": {"id": app.team_id, "name": app.team_name},
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": code.by},
    }


def look_up(memory: Memory, given: Json) -> Json:
    """users.lookupByEmail: whoever left, or belongs to another workspace, has no address here."""
    for user in memory.users.values():
        if user.email.lower() == given["email"].strip().lower() and not user.deleted and not user.external:
            return {"user": _as_sent(memory, user)}
    raise Refused("users_not_found")


def describe(memory: Memory, given: Json) -> Json:
    """users.info"""
    user = memory.users.get(given["user"])
    if user is None:
        raise Refused("user_not_found")
    return {"user": _as_sent(memory, user)}


def create(memory: Memory, given: Json) -> Json:
    """conversations.create"""
    name = given["name"]
    if len(name) > MOST_NAME:
        raise Refused("invalid_name_maxlength", f"names a channel with {len(name)} characters")
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise Refused("invalid_name_specials", f"names a channel {name!r}")
    # An archived channel keeps its name.
    if any(channel.name == name for channel in memory.channels.values()):
        raise Refused("name_taken")
    bot = memory.app.bot_user_id
    channel = Channel(f"C{memory.number()}", name, bool(given.get("is_private")), {bot}, created_by_app=True)
    memory.channels[channel.id] = channel
    return {"channel": _channel_as_sent(memory, channel)}


def invite(memory: Memory, given: Json) -> Json:
    """conversations.invite: all or nobody, unless forced."""
    channel = _ours(memory, given["channel"])
    if channel.archived:
        raise Refused("is_archived")
    wanted = [name.strip() for name in given["users"].split(",") if name.strip()]
    errors = {name: error for name in wanted if (error := _uninvitable(memory, channel, name))}
    welcome = set(wanted) - set(errors)
    listed = [{"user": name, "ok": False, "error": error} for name, error in errors.items()]
    if errors and not (given.get("force") and welcome):
        raise Refused(next(iter(errors.values())), errors=listed)
    channel.members |= welcome
    return {"channel": _channel_as_sent(memory, channel), **({"errors": listed} if listed else {})}


def archive(memory: Memory, given: Json) -> Json:
    """conversations.archive"""
    channel = _ours(memory, given["channel"])
    if channel.archived:
        raise Refused("already_archived")
    channel.archived = True
    return {}


def pins(memory: Memory, given: Json) -> Json:
    """pins.list: nothing is ever pinned, but one has to be in to hear that."""
    _ours(memory, given["channel"])
    return {"items": []}


def _ours(memory: Memory, name: str) -> Channel:
    """A channel the bot is in; a private one where it is not, it does not know of."""
    channel = memory.channels.get(name)
    inside = channel is not None and memory.app.bot_user_id in channel.members
    if channel is None or (channel.private and not inside):
        raise Refused("channel_not_found")
    if not inside:
        raise Refused("not_in_channel")
    return channel


def _uninvitable(memory: Memory, channel: Channel, name: str) -> str:
    user = memory.users.get(name)
    if name == memory.app.bot_user_id:
        return "cant_invite_self"
    if user is None:
        return "user_not_found"
    if user.deleted or user.external:
        return "cant_invite"
    return "already_in_channel" if name in channel.members else ""


def _as_sent(memory: Memory, user: User) -> Json:
    flags = {"deleted": user.deleted, "is_bot": user.bot, "is_stranger": user.external, "is_app_user": False}
    guest = {"is_restricted": user.guest, "is_ultra_restricted": False, "is_admin": False, "is_owner": False}
    profile = {"email": user.email, "real_name": user.name, "display_name": user.handle}
    team = memory.app.team_id if not user.external else "T0ELSEWHERE"
    names = {"id": user.id, "team_id": team, "name": user.handle, "real_name": user.name, "tz": user.timezone}
    return {**names, **flags, **guest, "profile": {**profile, "team": team}}


def _channel_as_sent(memory: Memory, channel: Channel) -> Json:
    kind = {"is_channel": not channel.private, "is_private": channel.private, "is_archived": channel.archived}
    names = {"id": channel.id, "name": channel.name, "name_normalized": channel.name}
    return {**names, **kind, "is_member": True, "creator": memory.app.bot_user_id}


def asked_for(memory: Memory, given: dict[str, str]) -> frozenset[str]:
    """The scopes that a link to install the app asks for."""
    if given.get("client_id") != memory.app.client_id:
        raise Refused("invalid_client_id", "is another app")
    if not given.get("state") or not given.get("redirect_uri"):
        raise Refused("invalid_arguments", "has no state or no redirect_uri")
    wanted = frozenset(given.get("scope", "").replace(" ", ",").split(","))
    if wanted - SCOPES:
        raise Refused("invalid_scope", f"asks for {', '.join(sorted(wanted - SCOPES)) or 'nothing'}")
    return wanted
