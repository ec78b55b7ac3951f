"""What is answered to each request: the wire format around the methods, the page that lets an app in, response_urls."""

import json
import secrets
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from nightbell.demo.slack import arguments, chat, conversations
from nightbell.demo.slack.arguments import METHODS, NEEDED, Asked, Refused
from nightbell.demo.slack.limits import POSTS_A_SECOND, POSTS_AT_ONCE, TIERS, Limits
from nightbell.demo.slack.memory import Code, Memory
from nightbell.demo.slack.records import Call, Json
from nightbell.demo.slack.scripts import Script, Scripted
from nightbell.demo.slack.server import Request, Response

JSON = {"Content-Type": "application/json; charset=utf-8"}
AUTHORIZE = "/oauth/v2/authorize"
RESPONSE_URL = "response_url"

DOES: dict[str, Callable[[Memory, Json], Json]] = {
    "auth.test": conversations.test,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post,
    "chat.update": chat.update,
    "conversations.archive": conversations.archive,
    "conversations.create": conversations.create,
    "conversations.invite": conversations.invite,
    "pins.list": conversations.pins,
    "users.info": conversations.describe,
    "users.lookupByEmail": conversations.look_up,
    "views.open": chat.open_view,
}


class Api:
    """An application for the server; every request is recorded before anything comes of it."""

    def __init__(self, memory: Memory, script: Script, limits: Limits | None) -> None:
        self.memory = memory
        self.script = script
        self.limits = limits
        # What somebody who is asked to let the app in says: yes, or no.
        self.lets_in = True

    def __call__(self, request: Request) -> Response | None:
        path, _, query = request.target.partition("?")
        if request.verb == "POST" and path.startswith("/api/"):
            return self._called(path.removeprefix("/api/"), request)
        if request.verb == "POST" and path.startswith("/actions/"):
            return self._answered(path, request)
        if request.verb == "GET" and path == AUTHORIZE:
            return self._authorize(dict(parse_qsl(query)))
        self.memory.complain(f"{request.verb} {path} is nothing that Slack has")
        return Response(404)

    # Methods.

    def _called(self, method: str, request: Request) -> Response | None:
        asked = arguments.read(method, request)
        call = self._record(method, asked.arguments)
        if not self.script.passes(method):
            return None
        scripted = self.script.says(method, asked.arguments)
        if scripted is not None:
            self._answer(call, scripted.error)
            return _scripted(scripted)
        try:
            with self.memory.changed:
                said = {"ok": True, **self._do(method, asked)}
        except Refused as refused:
            return self._refuse(call, refused)
        self._answer(call, None)
        return None if self.script.drops(method) else _json(said)

    def _do(self, method: str, asked: Asked) -> Json:
        if method in NEEDED:
            self.memory.admitted(asked.token)
            raise Refused("missing_scope", f"needs {NEEDED[method]}", needed=NEEDED[method])
        if method not in METHODS:
            raise Refused("unknown_method", "is no method, or none of those we use", req_method=method)
        if method != "oauth.v2.access":
            self._admit(method, asked)
        if asked.fault is not None:
            raise asked.fault
        self._limit(method, asked)
        if method == "oauth.v2.access":
            return conversations.exchange(self.memory, asked)
        if method == "auth.revoke":
            return conversations.revoke(self.memory, asked)
        return DOES[method](self.memory, asked.arguments)

    def _admit(self, method: str, asked: Asked) -> None:
        granted, needed = self.memory.admitted(asked.token), METHODS[method].scope
        if needed is not None and needed not in granted:
            raise Refused("missing_scope", f"needs {needed}", needed=needed, provided=",".join(sorted(granted)))

    def _limit(self, method: str, asked: Asked) -> None:
        if self.limits is None:
            return
        tier = METHODS[method].tier
        if method == "chat.postMessage":
            channel = asked.arguments["channel"]
            left = self.limits.wait((method, asked.token, channel), POSTS_A_SECOND, POSTS_AT_ONCE)
        elif tier is not None:
            left = self.limits.wait((method, asked.token), TIERS[tier] / 60, TIERS[tier])
        else:
            return
        if left:
            raise Refused("ratelimited", retry_after=left)

    def _refuse(self, call: Call, refused: Refused) -> Response:
        for problem in refused.problems:
            self.memory.complain(f"{call.method}: {refused.error}: {problem}")
        self._answer(call, refused.error)
        if refused.error == "ratelimited":
            return _json({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(refused.more["retry_after"])})
        messages = [f"[ERROR] {problem}" for problem in refused.problems]
        told = {"response_metadata": {"messages": messages}} if refused.error.startswith("invalid_") else {}
        return _json({"ok": False, "error": refused.error, **refused.more, **told})

    def _record(self, method: str, given: Json) -> Call:
        call = Call(method, given, time.monotonic())
        with self.memory.changed:
            self.memory.calls.append(call)
            self.memory.changed.notify_all()
        return call

    def _answer(self, call: Call, error: str | None) -> None:
        with self.memory.changed:
            call.error, call.answered = error, True
            self.memory.changed.notify_all()

    # What comes by a response_url.

    def _answered(self, path: str, request: Request) -> Response | None:
        given, problem = _object(request)
        call = self._record(RESPONSE_URL, given)
        if not self.script.passes(RESPONSE_URL):
            return None
        scripted = self.script.says(RESPONSE_URL, given)
        if scripted is not None:
            self._answer(call, scripted.error)
            return _scripted(scripted)
        try:
            with self.memory.changed:
                self._respond(path, given, problem)
        except Refused as refused:
            for each in refused.problems:
                self.memory.complain(f"{RESPONSE_URL}: {refused.error}: {each}")
            self._answer(call, refused.error)
            return _json({"ok": False, "error": refused.error}, 404 if refused.error.endswith("_url") else 400)
        self._answer(call, None)
        return None if self.script.drops(RESPONSE_URL) else Response(200, b"ok")

    def _respond(self, path: str, given: Json, problem: str) -> None:
        to = self.memory.answerable.get(path)
        if to is None:
            raise Refused("invalid_url", "was never handed out")
        if time.monotonic() > to.until:
            raise Refused("expired_url")
        if to.left == 0:
            raise Refused("used_url", "is used more often than it may be")
        if problem:
            raise Refused("invalid_payload", problem)
        chat.respond(self.memory, to, given)
        to.left -= 1

    # Letting the app in.

    def _authorize(self, given: dict[str, str]) -> Response:
        try:
            scopes = conversations.asked_for(self.memory, given)
        except Refused as refused:
            self.memory.complain(f"{AUTHORIZE}: {refused.error}: {refused.problems[0]}")
            return Response(400, f"Slack: {refused.error}".encode())
        back = {"state": given["state"]}
        if self.lets_in:
            code = secrets.token_hex(16)
            with self.memory.changed:
                by = next((each.id for each in self.memory.users.values()), "U0NOBODY")
                self.memory.codes[code] = Code(given["redirect_uri"], scopes, by, time.monotonic())
            back["code"] = code
        else:
            back["error"] = "access_denied"
        joint = "&" if "?" in given["redirect_uri"] else "?"
        return Response(302, headers={"Location": f"{given['redirect_uri']}{joint}{urlencode(back)}"})


def _object(request: Request) -> tuple[Json, str]:
    """The JSON object in a request, and what is wrong with it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/json":
        return {}, f"sends {kind or 'no content type'}"
    try:
        given = json.loads(request.body)
    except ValueError:
        return {}, "sends something that is not JSON"
    return (given, "") if isinstance(given, dict) else ({}, "sends JSON that is no object")


def _json(said: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps(said).encode(), {**JSON, **(headers or {})})


def _scripted(scripted: Scripted) -> Response:
    headers = {} if scripted.retry_after is None else {"Retry-After": str(scripted.retry_after)}
    if scripted.status >= 500:
        # Whatever stands before Slack answers in its own way.
        page = f"<html><body><h1>{scripted.status}</h1></body></html>".encode()
        return Response(scripted.status, page, {"Content-Type": "text/html", **headers})
    return _json({"ok": False, "error": scripted.error}, scripted.status, headers)
