"""Messages and modals: what chat.* and views.open do, and what comes by a response_url."""

import secrets
import time
from typing import Any

from nightbell.demo.slack import block_kit
from nightbell.demo.slack.arguments import Refused
from nightbell.demo.slack.memory import Answerable, Memory
from nightbell.demo.slack.records import Ephemeral, Json, Message, User, Version, View

MOST_TEXT = 40_000
# What an answer by response_url may say.
ANSWER = {"response_type", "replace_original", "delete_original", "text", "blocks", "unfurl_links", "unfurl_media"}


def post(memory: Memory, given: Json) -> Json:
    """chat.postMessage"""
    channel, to = _place(memory, given["channel"])
    text, blocks = _content(memory, "chat.postMessage", given)
    message = Message(
        id=memory.ts(),
        channel=channel,
        to=to,
        text=text,
        blocks=blocks,
        at=time.monotonic(),
        called=memory.called,
        metadata=_metadata(given),
    )
    memory.add(message)
    return {"channel": channel, "ts": message.id, "message": as_sent(memory, message)}


def update(memory: Memory, given: Json) -> Json:
    """chat.update: a text alone takes the blocks away, blocks leave no mark."""
    channel = given["channel"]
    if channel.startswith(("U", "W")):
        raise Refused("channel_not_found", "names a user where the direct messages' own id is wanted")
    message = memory.message(channel, given["ts"])
    if message is None:
        raise Refused("message_not_found" if _exists(memory, channel) else "channel_not_found")
    if channel in memory.channels and memory.channels[channel].archived:
        raise Refused("is_inactive")
    text, blocks = _content(memory, "chat.update", given)
    message.edits.append(Version(message.text, message.blocks))
    message.text, message.blocks = text, blocks
    message.metadata = _metadata(given) or message.metadata
    message.marked_edited = not blocks
    return {"channel": channel, "ts": message.id, "text": text, "message": as_sent(memory, message)}


def post_ephemeral(memory: Memory, given: Json) -> Json:
    """chat.postEphemeral"""
    user = memory.users.get(given["user"])
    channel, owner = _place(memory, given["channel"])
    members = memory.channels[channel].members if channel in memory.channels else {owner.id if owner else ""}
    if user is None or user.id not in members:
        raise Refused("user_not_in_channel")
    text, blocks = _content(memory, "chat.postEphemeral", given)
    return {"message_ts": whisper(memory, user, channel, text, blocks).id}


def whisper(memory: Memory, user: User, channel: str, text: str, blocks: list[Json]) -> Ephemeral:
    """Say something to one person."""
    said = Ephemeral(
        id=memory.ts(),
        channel=channel,
        text=text,
        blocks=blocks,
        at=time.monotonic(),
        called=memory.called,
        user=user,
    )
    memory.ephemerals.append(said)
    return said


def open_view(memory: Memory, given: Json) -> Json:
    """views.open"""
    content = checked_view(memory, "views.open", given["view"])
    user = memory.triggered(given["trigger_id"])
    view = View(f"V{memory.number()}", user, content, _hash())
    memory.views[user.id] = [view]
    return {"view": view_as_sent(memory, view)}


def checked_view(memory: Memory, where: str, view: Any) -> Json:
    """A modal that Slack would take, with every block named."""
    if wrong := block_kit.of_view(view):
        raise Refused("invalid_arguments", *wrong)
    memory.check_text(where, "", view)
    return {**view, "blocks": named(view["blocks"])}


def renew(view: View, content: Json) -> None:
    """Show something else in an open modal."""
    view.content, view.hash = content, _hash()


def view_as_sent(memory: Memory, view: View) -> Json:
    """A modal as Slack tells of it."""
    empty = {"private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": False, "close": None}
    names = {"id": view.id, "hash": view.hash, "root_view_id": view.id, "previous_view_id": None}
    app = {"team_id": memory.app.team_id, "app_id": memory.app.id, "bot_id": memory.app.bot_id}
    return {**empty, "notify_on_close": False, "submit": None, **view.content, **names, **app, "state": {"values": {}}}


def as_sent(memory: Memory, message: Message) -> Json:
    """A message as Slack tells of it."""
    app = memory.app
    names = {"user": app.bot_user_id, "bot_id": app.bot_id, "app_id": app.id, "team": app.team_id}
    told: Json = {"type": "message", "ts": message.id, "text": message.text, "blocks": message.blocks, **names}
    if message.marked_edited:
        told["edited"] = {"user": app.bot_user_id, "ts": message.id}
    return told if message.metadata is None else {**told, "metadata": message.metadata}


def respond(memory: Memory, to: Answerable, given: Json) -> None:
    """What an app says by a response_url: a new message, the old one made new, or the old one gone."""
    if unknown := set(given) - ANSWER:
        raise Refused("invalid_payload", f"sends {', '.join(sorted(unknown))}")
    if given.get("response_type", "ephemeral") not in {"ephemeral", "in_channel"}:
        raise Refused("invalid_payload", f"sends response_type={given['response_type']}")
    original = to.original
    if (given.get("replace_original") or given.get("delete_original")) and original is None:
        raise Refused("invalid_payload", "changes a message where there was none")
    if given.get("delete_original") and original is not None:
        original.deleted = True
        return
    text, blocks = _content(memory, "response_url", given)
    if given.get("replace_original") and original is not None:
        if isinstance(original, Message):
            original.edits.append(Version(original.text, original.blocks))
        original.text, original.blocks = text, blocks
    elif given.get("response_type") == "in_channel":
        owner = memory.owner_of(to.channel)
        common: Json = {"at": time.monotonic(), "called": memory.called, "text": text, "blocks": blocks}
        memory.add(Message(id=memory.ts(), channel=to.channel, to=owner, **common))
    else:
        whisper(memory, to.user, to.channel, text, blocks)


def _place(memory: Memory, name: str) -> tuple[str, User | None]:
    """The channel that a name stands for, and whose direct messages it is."""
    user = memory.users.get(name) or memory.owner_of(name)
    if user is not None:
        if user.bot:
            raise Refused("cannot_dm_bot")
        # Whoever has left is still written to: Slack takes it, and nobody reads it.
        return memory.dm_of(user), user
    channel = memory.channels.get(name)
    if channel is None or (channel.private and memory.app.bot_user_id not in channel.members):
        raise Refused("channel_not_found")
    if channel.archived:
        raise Refused("is_archived")
    if memory.app.bot_user_id not in channel.members:
        raise Refused("not_in_channel")
    return name, None


def _exists(memory: Memory, channel: str) -> bool:
    return channel in memory.channels or memory.owner_of(channel) is not None


def _content(memory: Memory, where: str, given: Json) -> tuple[str, list[Json]]:
    """Text and blocks that Slack would take, with every block named."""
    text, blocks = given.get("text", ""), given.get("blocks") or []
    if not text and not blocks:
        raise Refused("no_text", "says nothing")
    if len(text) > MOST_TEXT:
        raise Refused("msg_too_long", f"says {len(text)} characters at once")
    if wrong := block_kit.of_message(blocks):
        raise Refused("invalid_blocks", *wrong)
    if not text:
        memory.complain(f"{where}: has no text for notifications and screen readers")
    memory.check_text(where, text, blocks)
    return text, named(blocks)


def named(blocks: list[Json]) -> list[Json]:
    """The same blocks, each with an id: Slack makes one up where there is none."""
    return [{"block_id": secrets.token_urlsafe(4), **block} for block in blocks]


def _metadata(given: Json) -> Json | None:
    metadata: Json | None = given.get("metadata")
    if metadata is None:
        return None
    kinds = {name: type(value) for name, value in metadata.items()}
    if kinds != {"event_type": str, "event_payload": dict}:
        raise Refused("invalid_metadata_format", "sends metadata that are not event_type and event_payload")
    return metadata


def _hash() -> str:
    return f"{secrets.randbelow(10**10)}.{secrets.token_urlsafe(6)}"
