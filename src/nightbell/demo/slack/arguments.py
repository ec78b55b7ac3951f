"""The only place that knows which methods there are, what each takes, and how Slack reads it out of a request."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from nightbell.demo.slack.records import Json
from nightbell.demo.slack.server import Request

# What an installed app may do; who installs it through a browser gives what was asked for, and no more than this.
SCOPES = frozenset(
    {
        *("chat:write", "im:write", "channels:manage", "groups:write"),
        *("users:read", "users:read.email", "pins:read", "commands"),
    }
)
Accepts = Literal["form", "form or json"]
ENCODED = {"blocks": list, "metadata": dict, "view": dict}
FLAGS = {"unfurl_links", "unfurl_media", "force", "is_private", "test", "include_locale"}
SAID = {"1": True, "true": True, "0": False, "false": False}
# What nobody should read in a test's output.
SECRET = {"code", "client_secret", "token"}


class Refused(Exception):  # noqa: N818 -- it is what Slack does, not an error of the fake's
    """Slack says no. `problems` where it is the fault of the program that asked."""

    def __init__(self, error: str, *problems: str, ours: bool = False, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.problems = problems
        self.ours = ours or bool(problems)
        self.more = more


@dataclass(frozen=True, slots=True)
class Method:
    """What a method takes, and the scope it needs; `tier` is how often it may be called (None: by other rules)."""

    tier: int | None
    scope: str | None
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    accepts: Accepts = "form or json"


MESSAGE = ("text", "blocks")
METHODS = {
    "auth.revoke": Method(3, None, (), ("test",), "form"),
    "auth.test": Method(None, None),
    "chat.postEphemeral": Method(4, "chat:write", ("channel", "user"), MESSAGE),
    "chat.postMessage": Method(
        None, "chat:write", ("channel",), (*MESSAGE, "metadata", "unfurl_links", "unfurl_media")
    ),
    "chat.update": Method(3, "chat:write", ("channel", "ts"), (*MESSAGE, "metadata")),
    "conversations.archive": Method(2, "channels:manage", ("channel",)),
    "conversations.create": Method(2, "channels:manage", ("name",), ("is_private", "team_id")),
    "conversations.invite": Method(3, "channels:manage", ("channel", "users"), ("force",)),
    "oauth.v2.access": Method(4, None, ("code",), ("redirect_uri", "client_id", "client_secret", "grant_type"), "form"),
    "pins.list": Method(2, "pins:read", ("channel",), (), "form"),
    "users.info": Method(4, "users:read", ("user",), ("include_locale",), "form"),
    "users.lookupByEmail": Method(3, "users:read.email", ("email",), (), "form"),
    "views.open": Method(4, None, ("trigger_id", "view")),
}
# Methods that exist, and that this app was never allowed to call.
ELSEWHERE = {
    "channels:history": ("conversations.history", "conversations.replies"),
    "channels:join": ("conversations.join",),
    "channels:read": ("conversations.info", "conversations.list", "conversations.members"),
    "files:read": ("files.info", "files.list"),
    "files:write": ("files.upload", "files.delete"),
    "pins:write": ("pins.add", "pins.remove"),
    "reactions:write": ("reactions.add", "reactions.remove"),
    "team:read": ("team.info",),
    "usergroups:read": ("usergroups.list",),
    "users:write": ("users.setPresence",),
}
NEEDED = {method: scope for scope, methods in ELSEWHERE.items() for method in methods}


@dataclass(slots=True)
class Asked:
    """A request, read: what it asks for, by whose leave, and what was wrong with it already."""

    arguments: Json = field(default_factory=dict)
    token: str | None = field(default=None, repr=False)
    client: tuple[str, str] | None = field(default=None, repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    fault: Refused | None = None


def read(method: str, request: Request) -> Asked:
    """What a call of a method says; nothing is raised, so that it can be recorded first."""
    asked = Asked()
    _authorization(asked, request.headers.get("authorization", ""))
    try:
        given = _given(method, request)
        given.update(_decoded(given))
    except Refused as fault:
        asked.fault = fault
        return asked
    asked.token = asked.token or given.pop("token", None)
    asked.secrets = {name: str(given.pop(name)) for name in SECRET.intersection(given)}
    asked.arguments = given
    asked.fault = _expected(method, {**given, **asked.secrets})
    return asked


def _authorization(asked: Asked, header: str) -> None:
    kind, _, what = header.partition(" ")
    if kind == "Bearer":
        asked.token = what.strip()
    elif kind == "Basic":
        try:
            client_id, _, secret = base64.b64decode(what).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return
        asked.client = (client_id, secret)


def _given(method: str, request: Request) -> Json:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if not request.body:
        return {}
    if kind == "application/json":
        known = METHODS.get(method)
        if known is not None and known.accepts == "form":
            raise Refused("invalid_post_type", "takes its arguments as a form only, not as JSON")
        try:
            read = json.loads(request.body)
        except ValueError:
            raise Refused("invalid_json", "sends something that is not JSON") from None
        if not isinstance(read, dict):
            raise Refused("json_not_object", "sends JSON that is no object")
        return read
    if kind == "application/x-www-form-urlencoded":
        pairs = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
        if len(dict(pairs)) < len(pairs):
            raise Refused("invalid_form_data", "sends an argument twice")
        return dict(pairs)
    raise Refused("invalid_post_type", f"sends {kind or 'no content type'}")


def _decoded(given: Json) -> Json:
    """Blocks as lists, flags as flags: a form has nothing but strings."""
    found: Json = {}
    for name, value in given.items():
        if name in ENCODED and isinstance(value, str):
            try:
                found[name] = json.loads(value)
            except ValueError:
                raise Refused(_wrong(name), f"sends {name} that are not JSON") from None
        elif name in FLAGS and isinstance(value, str):
            if value not in SAID:
                raise Refused("invalid_arguments", f"sends {name}={value}")
            found[name] = SAID[value]
    return found


def _wrong(name: str) -> str:
    return {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}.get(name, "invalid_arguments")


def _expected(method: str, given: Json) -> Refused | None:
    """What is missing, unknown or of another type."""
    known = METHODS.get(method)
    if known is None:
        return None
    wrong = [f"missing required field: {name}" for name in known.required if given.get(name, "") == ""]
    for name, value in given.items():
        if name not in known.required and name not in known.optional:
            wrong.append(f"invalid additional property: {name}")
            continue
        kind = ENCODED.get(name, bool if name in FLAGS else str)
        if not isinstance(value, kind):
            wrong.append(f"must be a {kind.__name__}: {name}")
    return Refused("invalid_arguments", *wrong) if wrong else None
