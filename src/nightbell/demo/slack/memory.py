"""Everything the fake Slack knows, under one lock: who and what is there, what was said, what was wrong."""

import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import count

from nightbell.demo.slack import clock, texts
from nightbell.demo.slack.arguments import SCOPES, Refused
from nightbell.demo.slack.records import Call, Channel, Ephemeral, Json, Message, User, View

KEPT = 10_000
# Slack's own: how long a click may be answered with a modal, and how often and how long its response_url serves.
TRIGGER_SECONDS = 3.0
CODE_SECONDS = 600.0
RESPONSES, RESPONSE_SECONDS = 5, 1800.0


@dataclass(frozen=True, slots=True)
class App:
    """Who we are to Slack."""

    client_id: str
    client_secret: str = field(repr=False)
    signing_secret: str = field(repr=False)
    team_id: str
    team_name: str
    id: str = "A0NIGHTBELL"
    bot_id: str = "B0NIGHTBELL"
    bot_user_id: str = "U0NIGHTBELL"
    verification: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)


@dataclass(slots=True)
class Code:
    """What a browser brought back from the page where somebody let the app in."""

    redirect_uri: str
    scopes: frozenset[str]
    by: str
    at: float
    used: bool = False


@dataclass(slots=True)
class Answerable:
    """Where a response_url leads: who did something, in which channel, to which message."""

    user: User
    channel: str
    original: Message | Ephemeral | None
    until: float
    left: int = RESPONSES


@dataclass(slots=True)
class Trigger:
    """What lets the app open one modal, for a moment."""

    user: User
    at: float
    used: bool = False


class Memory:
    """Read and changed while `changed` is held; whoever waits for something is told by it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.changed = threading.Condition()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: deque[Message] = deque(maxlen=KEPT)
        self.unexpected: deque[Message] = deque(maxlen=KEPT)
        self.ephemerals: deque[Ephemeral] = deque(maxlen=KEPT)
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self.problems: list[str] = []
        self.views: dict[str, list[View]] = {}
        self.tokens: dict[str, frozenset[str]] = {}
        self.revoked: set[str] = set()
        self.codes: dict[str, Code] = {}
        self.triggers: dict[str, Trigger] = {}
        self.answerable: dict[str, Answerable] = {}
        # How far Slack's clock is ahead of the machine's: a demo may move everybody's.
        self.ahead = 0.0
        self._numbers = count(1)
        self._last = 0

    def forget(self) -> None:
        """Forget what was said, called and wrong."""
        for said in (self.messages, self.unexpected, self.ephemerals, self.calls):
            said.clear()
        self.problems.clear()
        self.views.clear()

    # Names.

    def number(self) -> str:
        """What makes an id of a thing that is new."""
        return f"0{next(self._numbers):08d}"

    def ts(self) -> str:
        """The instant that names a message: no two are the same."""
        self._last = max(int((clock.seconds() + self.ahead) * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def called(self, name: str) -> str:
        """A user or a channel as people call it."""
        name = name.partition("|")[0]
        if name == self.app.bot_user_id:
            return "Nightbell"
        there = self.users.get(name) or self.channels.get(name)
        return there.name if there is not None else name

    def dm_of(self, user: User) -> str:
        """The channel of the direct messages with somebody."""
        return f"D{user.id[1:]}"

    def owner_of(self, channel: str) -> User | None:
        """Whose direct messages these are."""
        return self.users.get(f"U{channel[1:]}") if channel.startswith("D") else None

    # Letting in.

    def issue(self, scopes: frozenset[str] = SCOPES) -> str:
        """A bot's token."""
        token = f"xoxb-{secrets.token_hex(16)}"
        self.tokens[token] = scopes
        return token

    def admitted(self, token: str | None) -> frozenset[str]:
        """What a token allows."""
        if not token:
            raise Refused("not_authed", "sends no token")
        if token in self.revoked:
            raise Refused("token_revoked")
        if token not in self.tokens:
            raise Refused("invalid_auth", "sends a token that was never issued")
        return self.tokens[token]

    # What was said.

    def add(self, message: Message) -> None:
        self.messages.append(message)
        self.unexpected.append(message)
        self.changed.notify_all()

    def message(self, channel: str, ts: str) -> Message | None:
        """The message that a channel and an instant name."""
        found = (each for each in self.messages if each.id == ts and each.channel == channel and not each.deleted)
        return next(found, None)

    def complain(self, problem: str) -> None:
        """Remember something that nobody meant to happen."""
        with self.changed:
            self.problems.append(problem)
            self.changed.notify_all()

    def check_text(self, where: str, text: str, blocks: list[Json] | Json) -> None:
        """Complain of mark-up that was not meant."""
        for problem in texts.problems(text, blocks):
            self.complain(f"{where}: {problem}")

    # What people did, and what may be answered.

    def trigger(self, user: User) -> str:
        """What a click hands the app, so that it can open a modal."""
        name = f"{self.number()}.{secrets.token_hex(8)}"
        self.triggers[name] = Trigger(user, time.monotonic())
        return name

    def triggered(self, name: str) -> User:
        """Who did what this trigger came of; it serves once."""
        trigger = self.triggers.get(name)
        if trigger is None:
            raise Refused("invalid_trigger_id", "sends a trigger_id that was never issued")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if time.monotonic() - trigger.at > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def answers(self, user: User, channel: str, original: Message | Ephemeral | None) -> str:
        """The path under which the app may answer somebody who did something."""
        path = f"/actions/{self.app.team_id}/{self.number()}/{secrets.token_hex(12)}"
        self.answerable[path] = Answerable(user, channel, original, time.monotonic() + RESPONSE_SECONDS)
        return path
