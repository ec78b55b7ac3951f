"""The only place that writes what Slack sends to an app: clicks, submitted modals, commands, and its signature."""

import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import urlencode

from nightbell.demo.slack import chat, conversations
from nightbell.demo.slack.memory import Memory
from nightbell.demo.slack.records import Ephemeral, Json, Message, User, View

COMMAND = "/nightbell"
MENTION = re.compile(r"([@#])([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)


def signed(secret: str, body: bytes, at: int) -> dict[str, str]:
    """The headers that show a request comes from Slack."""
    mac = hmac.new(secret.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256)
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={mac.hexdigest()}"}


def click(
    memory: Memory, base: str, message: Message | Ephemeral, action_id: str, by: User, option: str | None
) -> bytes:
    """A press of a button, or a choice, in a message."""
    found = [(block, element) for block, element in message.elements if element["action_id"] == action_id]
    if not found:
        raise LookupError(
            f"nothing called {action_id!r} in {message.plain!r}: {', '.join(message.buttons) or 'nothing'}"
        )
    hidden = isinstance(message, Ephemeral)
    container = {"type": "message", "message_ts": message.id, "channel_id": message.channel, "is_ephemeral": hidden}
    payload = {
        **_common(memory, "block_actions", by),
        "container": container,
        "channel": {"id": message.channel, "name": _channel_name(memory, message.channel)},
        "response_url": base + memory.answers(by, message.channel, message),
        "state": {"values": {}},
        "actions": [_action(memory, *found[0], option)],
    }
    if isinstance(message, Message):
        payload["message"] = chat.as_sent(memory, message)
    return _form(payload)


def _action(memory: Memory, block_id: str, element: Json, option: str | None) -> Json:
    action = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id}
    action["action_ts"] = memory.ts()
    if element["type"] == "static_select":
        return {**action, "selected_option": chosen(element, option), "placeholder": element.get("placeholder")}
    return {**action, **{key: element[key] for key in ("text", "value", "style", "url") if key in element}}


def chosen(element: Json, wanted: str | None) -> Json:
    """The option with this value, or that says this. Raises LookupError where none does."""
    groups = [group["options"] for group in element.get("option_groups", [])] or [element.get("options", [])]
    options: list[Json] = [option for group in groups for option in group]
    for option in options:
        if wanted in {option["value"], option["text"]["text"]}:
            return option
    raise LookupError(f"{wanted!r} is not offered: {[option['text']['text'] for option in options]}")


def submission(memory: Memory, view: View, by: User, values: dict[str, str]) -> bytes:
    """A modal that was filled in."""
    unknown = set(values) - set(view.inputs)
    if unknown:
        raise LookupError(f"{view.title!r} does not ask for {', '.join(sorted(unknown))}: {', '.join(view.inputs)}")
    state: dict[str, Json] = {}
    for action_id, block in view.inputs.items():
        state[block["block_id"]] = {action_id: _value(block, values.get(action_id))}
    shown = chat.view_as_sent(memory, view)
    shown["state"] = {"values": state}
    return _form({**_common(memory, "view_submission", by), "view": shown, "response_urls": []})


def _value(block: Json, given: str | None) -> Json:
    element, optional = block["element"], block.get("optional", False)
    if element["type"] == "static_select":
        option = element.get("initial_option") if given is None else (chosen(element, given) if given else None)
        if option is None and not optional:
            raise ValueError(f"Slack does not let through {element['action_id']} with nothing chosen")
        return {"type": element["type"], "selected_option": option}
    value = element.get("initial_value") if given is None else given or None
    length = len(value or "")
    if (value is None and not optional) or length > element.get("max_length", 3000):
        raise ValueError(f"Slack does not let through {element['action_id']} with {length} characters")
    if value is not None and length < element.get("min_length", 0):
        raise ValueError(f"Slack does not let through {element['action_id']} with {length} characters")
    return {"type": element["type"], "value": value}


def closing(memory: Memory, view: View, by: User) -> bytes:
    """A modal that was put away."""
    shown = chat.view_as_sent(memory, view)
    return _form({**_common(memory, "view_closed", by), "view": shown, "is_cleared": False})


def command(memory: Memory, base: str, text: str, by: User, channel: str) -> bytes:
    """A slash command; names are escaped, as an app can ask for."""
    app = memory.app
    return urlencode(
        {
            "token": app.verification,
            "team_id": app.team_id,
            "team_domain": conversations.domain(memory),
            "channel_id": channel,
            "channel_name": _channel_name(memory, channel),
            "user_id": by.id,
            "user_name": by.handle,
            "command": COMMAND,
            "text": _escaped(memory, text.strip()),
            "api_app_id": app.id,
            "is_enterprise_install": "false",
            "response_url": base + memory.answers(by, channel, None),
            "trigger_id": memory.trigger(by),
        }
    ).encode()


def _escaped(memory: Memory, text: str) -> str:
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(char, entity)

    def named(found: re.Match[str]) -> str:
        if found[1] == "@":
            user = next((each for each in memory.users.values() if each.handle.lower() == found[2].lower()), None)
            return found[0] if user is None else f"<@{user.id}|{user.handle}>"
        channel = next((each for each in memory.channels.values() if each.name == found[2].lower()), None)
        return found[0] if channel is None else f"<#{channel.id}|{channel.name}>"

    return MENTION.sub(named, text)


def _common(memory: Memory, kind: str, by: User) -> Json:
    app = memory.app
    return {
        "type": kind,
        "user": {"id": by.id, "username": by.handle, "name": by.handle, "team_id": app.team_id},
        "api_app_id": app.id,
        "token": app.verification,
        "trigger_id": memory.trigger(by),
        "team": {"id": app.team_id, "domain": conversations.domain(memory)},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _channel_name(memory: Memory, channel: str) -> str:
    there = memory.channels.get(channel)
    if there is None:
        return "directmessage"
    return "privategroup" if there.private else there.name


def _form(payload: dict[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()
