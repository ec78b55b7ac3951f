"""What people do in the fake Slack, and what comes of the app's answers: clicks, modals and commands."""

import time
from collections.abc import Callable

import requests

from nightbell.demo.slack import block_kit, chat, clock, payloads
from nightbell.demo.slack.arguments import Refused
from nightbell.demo.slack.memory import Memory
from nightbell.demo.slack.records import PATIENCE_SECONDS, Ephemeral, Json, Message, Reply, User, View

INTERACTIVITY = "/slack/interactivity"
COMMANDS = "/slack/commands"
GIVE_UP_SECONDS = 5.0

# A path, headers and a body in; a status and a body out.
Deliver = Callable[[str, dict[str, str], bytes], tuple[int, bytes]]


class Gestures:
    """The lock is never held while something is delivered: the app calls back before it answers."""

    def __init__(self, memory: Memory, base: Callable[[], str], app_url: str) -> None:
        self.memory = memory
        self.base = base
        self.app_url = app_url
        self.deliver: Deliver = self._over_http

    def sign(self, body: bytes, at: int | None) -> dict[str, str]:
        secret = self.memory.app.signing_secret
        return payloads.signed(secret, body, int(clock.seconds()) if at is None else at)

    def click(self, message: Message | Ephemeral, action_id: str, by: User, option: str | None) -> Reply:
        with self.memory.changed:
            self._sees(message, by)
            body = payloads.click(self.memory, self.base(), message, action_id, by, option)
        return self.send(INTERACTIVITY, body)

    def submit(self, by: User, values: dict[str, str], view: View | None) -> Reply:
        with self.memory.changed:
            view = view or self._top(by)
            body = payloads.submission(self.memory, view, by, values)
        reply = self.send(INTERACTIVITY, body)
        if not reply.trouble:
            with self.memory.changed:
                self._submitted(view, reply)
                self.memory.changed.notify_all()
        return reply

    def close(self, by: User) -> Reply | None:
        with self.memory.changed:
            view = self._top(by)
            self._put_away(view)
            tells = view.content.get("notify_on_close")
            body = payloads.closing(self.memory, view, by) if tells else b""
        return self.send(INTERACTIVITY, body) if tells else None

    def command(self, text: str, by: User, channel: str | None) -> Reply:
        channel = channel or self.memory.dm_of(by)
        with self.memory.changed:
            body = payloads.command(self.memory, self.base(), text, by, channel)
        reply = self.send(COMMANDS, body)
        if not reply.trouble and reply.body.strip():
            with self.memory.changed:
                self._said(reply, by, channel)
                self.memory.changed.notify_all()
        return reply

    def send(self, path: str, body: bytes) -> Reply:
        """Deliver, signed at this moment."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **self.sign(body, None),
        }
        began = time.monotonic()
        status, answer = self.deliver(path, headers, body)
        reply = Reply(status, answer, time.monotonic() - began, path, body)
        if reply.seconds > PATIENCE_SECONDS:
            self.memory.complain(f"{path}: {reply.trouble}: answered after {reply.seconds:.1f} s")
        return reply

    def _over_http(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        try:
            answer = requests.post(self.app_url + path, data=body, headers=headers, timeout=GIVE_UP_SECONDS)
        except requests.RequestException:
            return 0, b""
        return answer.status_code, answer.content

    def _sees(self, message: Message | Ephemeral, by: User) -> None:
        theirs = message.user if isinstance(message, Ephemeral) else message.to
        channel = self.memory.channels.get(message.channel)
        if theirs not in {None, by} or (channel is not None and channel.private and by.id not in channel.members):
            raise LookupError(f"{by.name} does not see {message!r}")
        if message.deleted:
            raise LookupError(f"{message!r} is gone")

    # Modals.

    def _top(self, by: User) -> View:
        open_ones = self.memory.views.get(by.id)
        if not open_ones:
            raise LookupError(f"{by.name} has no modal open")
        return open_ones[-1]

    def _put_away(self, view: View) -> None:
        stack = self.memory.views.get(view.user.id, [])
        if view in stack:
            stack.remove(view)
        if not stack:
            self.memory.views.pop(view.user.id, None)

    def _submitted(self, view: View, reply: Reply) -> None:
        said = reply.json
        action = said.get("response_action")
        if not reply.body.strip() or said == {}:
            self._put_away(view)
            if reply.body.strip() not in {b"", b"{}"}:
                self.memory.complain(f"{reply.path}: a modal is answered with {reply.body[:80]!r}")
        elif action == "clear":
            self.memory.views.pop(view.user.id, None)
        elif action == "errors":
            self._check_errors(view, said)
        elif action in {"update", "push"}:
            self._shown(view, action, said)
        else:
            self.memory.complain(f"{reply.path}: a modal is answered with response_action={action!r}")

    def _check_errors(self, view: View, said: Json) -> None:
        known = {block["block_id"] for block in view.inputs.values()}
        wrong = said.get("errors")
        if not isinstance(wrong, dict) or not wrong or not known.issuperset(wrong):
            self.memory.complain(f"a modal's errors are not about its inputs: {wrong!r}")

    def _shown(self, view: View, action: str, said: Json) -> None:
        try:
            content = chat.checked_view(self.memory, f"response_action={action}", said.get("view"))
        except Refused as refused:
            self.memory.complain(f"response_action={action}: {'; '.join(refused.problems)}")
            return
        if action == "update":
            chat.renew(view, content)
        else:
            pushed = View(f"V{self.memory.number()}", view.user, content, view.hash)
            self.memory.views.setdefault(view.user.id, []).append(pushed)

    # Commands.

    def _said(self, reply: Reply, by: User, channel: str) -> None:
        """A command's answer may be what is to be said: as text, or as a message."""
        said = reply.json
        if not reply.body.lstrip().startswith(b"{"):
            said = {"text": reply.body.decode(errors="replace")}
        text, blocks = said.get("text", ""), said.get("blocks") or []
        unknown = set(said) - {"response_type", "text", "blocks"}
        wrong = [*block_kit.of_message(blocks), *(f"sends {name}" for name in sorted(unknown))]
        if said.get("response_type", "ephemeral") != "ephemeral":
            wrong.append(f"sends response_type={said['response_type']!r}; answers are for whoever asked")
        for problem in wrong:
            self.memory.complain(f"{reply.path}: {problem}")
        if not wrong and (text or blocks):
            self.memory.check_text(reply.path, text, blocks)
            chat.whisper(self.memory, by, channel, text, chat.named(blocks))
