"""What the fake Slack remembers, each as a test or the demo's pane looks at it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nightbell.demo.slack import texts

Json = dict[str, Any]

# How long Slack waits for an answer before it tells the person that something went wrong.
PATIENCE_SECONDS = 3.0


@dataclass(eq=False, slots=True)
class User:
    """Somebody in the workspace; who is renamed or gets another address is changed right here."""

    id: str
    name: str
    email: str
    guest: bool = False
    deleted: bool = False
    bot: bool = False
    external: bool = False
    timezone: str = "UTC"

    @property
    def handle(self) -> str:
        """What is typed after an @ to mention them."""
        return self.email.partition("@")[0] or self.id.lower()


@dataclass(eq=False, slots=True)
class Channel:
    """A channel; `members` are ids of users, the bot's own among them where it is in."""

    id: str
    name: str
    private: bool = False
    members: set[str] = field(default_factory=set)
    archived: bool = False
    created_by_app: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said before it was changed."""

    text: str
    blocks: list[Json]


@dataclass(eq=False, slots=True, kw_only=True)
class Shown:
    """What somebody sees: a text, and blocks that stand in its place."""

    id: str
    channel: str
    text: str
    blocks: list[Json]
    at: float  # time.monotonic()
    called: Callable[[str], str] = field(repr=False)

    @property
    def plain(self) -> str:
        """All that a person sees of it, in order."""
        return texts.plain(self.text, self.blocks, self.called)

    def shows(self, words: str) -> bool:
        """Whether a person sees these words."""
        return words in self.plain

    @property
    def elements(self) -> list[tuple[str, Json]]:
        """Whatever can be pressed or chosen from, each with its block's id."""
        found = []
        for block in self.blocks:
            inside = block["elements"] if block["type"] == "actions" else [block.get("accessory")]
            found += [(block["block_id"], element) for element in inside if element]
        return found

    @property
    def buttons(self) -> dict[str, Json]:
        """The same by action_id."""
        return {element["action_id"]: element for _, element in self.elements}


@dataclass(eq=False, slots=True, kw_only=True)
class Message(Shown):
    """A message of the app's, as it is now; `to` is whose direct message it is, None in a channel."""

    to: User | None
    metadata: Json | None = None
    edits: list[Version] = field(default_factory=list)
    # Slack marks what was changed by a text, and not what was changed by blocks.
    marked_edited: bool = False
    deleted: bool = False


@dataclass(eq=False, slots=True, kw_only=True)
class Ephemeral(Shown):
    """A message that one person sees, and only until they reload."""

    user: User
    deleted: bool = False


@dataclass(eq=False, slots=True)
class View:
    """An open modal."""

    id: str
    user: User
    content: Json
    hash: str

    @property
    def title(self) -> str:
        return str(self.content["title"]["text"])

    @property
    def callback_id(self) -> str:
        return str(self.content.get("callback_id", ""))

    @property
    def inputs(self) -> dict[str, Json]:
        """The input blocks, by their element's action_id."""
        blocks = [block for block in self.content["blocks"] if block["type"] == "input"]
        return {block["element"]["action_id"]: block for block in blocks}


@dataclass(eq=False, slots=True)
class Call:
    """A call of a method; `error` is what was answered, None for ok, and also while nothing has been answered yet."""

    method: str
    arguments: Json
    at: float  # time.monotonic()
    error: str | None = None
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What our program answered when a person did something; status 0 where it did not answer at all."""

    status: int
    body: bytes
    seconds: float
    path: str
    sent: bytes = field(repr=False)

    @property
    def json(self) -> Json:
        """The body as an object; empty where it is none."""
        try:
            read = json.loads(self.body)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    @property
    def errors(self) -> dict[str, str]:
        """What a modal says is wrong, by block_id."""
        return dict(self.json.get("errors", {})) if self.json.get("response_action") == "errors" else {}

    @property
    def trouble(self) -> str:
        """What Slack tells the person where it did not work; empty where it did."""
        if self.status == 0 or self.seconds > PATIENCE_SECONDS:
            return "operation_timeout"
        return "" if self.status == 200 else "http_service_error"
