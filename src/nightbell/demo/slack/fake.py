"""A Slack of one's own: the only place where tests and the demo see what was said in it, act in it, and spoil it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from nightbell.demo.slack import scripts
from nightbell.demo.slack.api import Api
from nightbell.demo.slack.arguments import SCOPES
from nightbell.demo.slack.gestures import Deliver, Gestures
from nightbell.demo.slack.limits import Limits
from nightbell.demo.slack.memory import App, Memory
from nightbell.demo.slack.records import Call, Channel, Ephemeral, Message, Reply, User, View
from nightbell.demo.slack.server import Server

POLL_SECONDS = 0.02


def anything(_message: Message) -> bool:
    """Whatever is posted."""
    return True


class FakeSlack:
    """A real HTTP server on the loopback that speaks Slack's wire format, and remembers everything.

    `with FakeSlack() as slack:` starts it in threads of its own on a free port; `start()` and `stop()` do the same
    where there is no block to put it in. Point NIGHTBELL_SLACK_API_URL at `api_url`. Whatever our program does that it
    should not is answered as Slack would, and is in `problems`: `assert_clean()` fails on any.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        signing_secret: str = "demo-signing-secret",  # noqa: S107 -- it guards nothing
        client_id: str = "1001.2002",
        client_secret: str = "demo-client-secret",  # noqa: S107 -- it guards nothing
        app_url: str = "",
        limits: bool = False,
        team_id: str = "T0NIGHTOWLS",
        team_name: str = "Night Owls",
    ) -> None:
        app = App(client_id, client_secret, signing_secret, team_id, team_name)
        self._memory = Memory(app)
        self._script = scripts.Script()
        self._api = Api(self._memory, self._script, Limits() if limits else None)
        self._server = Server(self._api, self._memory.complain, port)
        self._gestures = Gestures(self._memory, lambda: self.url, app_url.rstrip("/"))

    def __repr__(self) -> str:
        return f"<the Slack of {self.team_name} on port {self._server.address[1]}>"

    # Starting and stopping.

    def start(self) -> Self:
        """Listen; returns once connections are taken. Raises OSError where the port is not free."""
        self._server.listen()
        return self

    def stop(self) -> None:
        """Hang up on everybody and stop listening."""
        self._script.clear()
        self._server.deaf()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.address[1]}"

    @property
    def api_url(self) -> str:
        """The address of its methods, as NIGHTBELL_SLACK_API_URL and slack_sdk want it."""
        return f"{self.url}/api/"

    @property
    def connections(self) -> int:
        """How many connections were opened to it."""
        return self._server.connections

    # Who we are to it.

    @property
    def signing_secret(self) -> str:
        return self._memory.app.signing_secret

    @property
    def client_id(self) -> str:
        return self._memory.app.client_id

    @property
    def client_secret(self) -> str:
        return self._memory.app.client_secret

    @property
    def team_id(self) -> str:
        return self._memory.app.team_id

    @property
    def team_name(self) -> str:
        return self._memory.app.team_name

    @property
    def bot_user_id(self) -> str:
        return self._memory.app.bot_user_id

    # The workspace.

    def install(self) -> str:
        """A bot's token that is valid at once, with every scope we ask for."""
        with self._memory.changed:
            return self._memory.issue()

    def accept(self, token: str) -> None:
        """Take this token as one that was issued."""
        with self._memory.changed:
            self._memory.tokens[token] = SCOPES

    def revoke(self) -> None:
        """Somebody removed the app: every token issued so far is void."""
        with self._memory.changed:
            self._memory.revoked.update(self._memory.tokens)

    def lets_in(self, yes: bool) -> None:
        """Whether whoever is asked to let the app in, at /oauth/v2/authorize, presses Allow; else Cancel."""
        self._api.lets_in = yes

    def person(
        self,
        name: str,
        email: str,
        *,
        guest: bool = False,
        deleted: bool = False,
        bot: bool = False,
        external: bool = False,
        user_id: str | None = None,
        timezone: str = "UTC",
    ) -> User:
        """Somebody new; `name` and the rest may be changed on what is returned."""
        with self._memory.changed:
            user = User(user_id or f"U{self._memory.number()}", name, email, guest, deleted, bot, external, timezone)
            self._memory.users[user.id] = user
            return user

    def channel(self, name: str, *, private: bool = False, member: bool = True, channel_id: str | None = None) -> str:
        """The id of a new channel with everybody who is here in it; the bot too where it is a `member`."""
        with self._memory.changed:
            members = {*self._memory.users, *([self.bot_user_id] if member else [])}
            channel = Channel(channel_id or f"C{self._memory.number()}", name, private, members)
            self._memory.channels[channel.id] = channel
            return channel.id

    def run_ahead(self, seconds: float) -> None:
        """Date what is said from now on this much later; signatures keep the machine's time, as does their check."""
        with self._memory.changed:
            self._memory.ahead = seconds

    # What was said and done.

    @property
    def users(self) -> dict[str, User]:
        """Everybody, by id."""
        with self._memory.changed:
            return dict(self._memory.users)

    @property
    def channels(self) -> dict[str, Channel]:
        """Every channel, by id; direct messages are none."""
        with self._memory.changed:
            return dict(self._memory.channels)

    @property
    def messages(self) -> list[Message]:
        """Every message that is still there, newest first."""
        with self._memory.changed:
            return [each for each in reversed(self._memory.messages) if not each.deleted]

    @property
    def ephemerals(self) -> list[Ephemeral]:
        """What was said to one person only, newest first."""
        with self._memory.changed:
            return [each for each in reversed(self._memory.ephemerals) if not each.deleted]

    @property
    def views(self) -> dict[str, View]:
        """The modal in front of somebody, by their id."""
        with self._memory.changed:
            return {user: stack[-1] for user, stack in self._memory.views.items()}

    @property
    def calls(self) -> list[Call]:
        """Every call, oldest first; one by a response_url has the method `response_url`."""
        with self._memory.changed:
            return list(self._memory.calls)

    @property
    def problems(self) -> list[str]:
        """What our program did that it should not."""
        with self._memory.changed:
            return list(self._memory.problems)

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method, oldest first."""
        return [call for call in self.calls if call.method == method]

    def in_channel(self, channel: str) -> list[Message]:
        """The messages in a channel, newest first."""
        return [message for message in self.messages if message.channel == channel]

    def to(self, user: User) -> list[Message]:
        """The direct messages to somebody, newest first."""
        return [message for message in self.messages if message.to is user]

    def dm_of(self, user: User) -> str:
        """The id of the channel that somebody's direct messages are in."""
        return self._memory.dm_of(user)

    def called(self, name: str) -> str:
        """What people call a user or a channel with this id."""
        with self._memory.changed:
            return self._memory.called(name)

    def wait_for(self, predicate: Callable[[Message], bool] = anything, timeout: float = 5.0) -> Message:
        """The oldest message that `predicate` is true of and that nobody has waited for yet.

        Raises TimeoutError, which lists what was posted.
        """
        deadline = time.monotonic() + timeout
        unexpected = self._memory.unexpected
        with self._memory.changed:
            while True:
                for message in unexpected:
                    if predicate(message):
                        unexpected.remove(message)
                        return message
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"no such message within {timeout:g} s; posted: {list(unexpected)!r}")
                self._memory.changed.wait(left)

    def wait_until(self, true: Callable[[], bool], timeout: float = 5.0) -> None:
        """Wait for anything: an edit, an ephemeral answer, a channel. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not so within {timeout:g} s; calls: {self.calls!r}; problems: {self.problems!r}")
            time.sleep(POLL_SECONDS)

    def assert_no_more(self, within: float = 0.0) -> None:
        """Fail on any message nobody waited for, now or in the next `within` seconds."""
        with self._memory.changed:
            self._memory.changed.wait_for(lambda: bool(self._memory.unexpected), within)
            if self._memory.unexpected:
                raise AssertionError(f"messages that nobody expected: {list(self._memory.unexpected)!r}")

    def assert_clean(self) -> None:
        """Fail on anything our program did that it should not."""
        if self.problems:
            raise AssertionError("Slack has something to complain of:\n" + "\n".join(self.problems))

    def clear(self) -> None:
        """Forget what was said, called and wrong; people, channels and tokens stay."""
        with self._memory.changed:
            self._memory.forget()

    # Acting as a person.

    @property
    def deliver(self) -> Deliver:
        """How a click gets to our program: path, headers, body → status, body. By HTTP to `app_url`, by itself."""
        return self._gestures.deliver

    @deliver.setter
    def deliver(self, deliver: Deliver) -> None:
        self._gestures.deliver = deliver

    def sign(self, body: bytes, at: int | None = None) -> dict[str, str]:
        """The headers that show that a body comes from Slack, at this second or another."""
        return self._gestures.sign(body, at)

    def click(self, message: Message | Ephemeral, action_id: str, by: User, *, option: str | None = None) -> Reply:
        """Press a button, or choose an option of a select, by its value or by what it says.

        Raises LookupError where there is none, or where `by` does not see the message.
        """
        return self._gestures.click(message, action_id, by, option)

    def again(self, reply: Reply) -> Reply:
        """Deliver the same once more, byte for byte, but signed anew: a double click, or Slack's own retry."""
        return self._gestures.send(reply.path, reply.sent)

    def submit(self, by: User, values: dict[str, str] | None = None, *, view: View | None = None) -> Reply:
        """Fill in and submit the modal in front of somebody; `values` by action_id, what is left out stays as it was.

        An option is named by its value or by what it says. Raises LookupError for what is not asked or offered, and
        ValueError for what Slack itself would not let through. `view` is one that was open earlier.
        """
        return self._gestures.submit(by, values or {}, view)

    def close(self, by: User) -> Reply | None:
        """Put the modal away; None where the app did not want to be told."""
        return self._gestures.close(by)

    def command(self, text: str, by: User, channel: str | None = None) -> Reply:
        """Type `/nightbell text`, in a channel or in one's own direct messages. `@handle` becomes a mention."""
        return self._gestures.command(text, by, channel)

    # Misbehaving.

    def answer(
        self,
        method: str = scripts.ANY,
        error: str = "internal_error",
        *,
        status: int = 200,
        retry_after: int | None = None,
        times: int | None = None,
        when: scripts.When = scripts.whatever,
    ) -> None:
        """Answer a method with an error instead of doing it; a status of 5xx comes as a page, as from a proxy.

        `times` None is for ever; `when` looks at the arguments. A response_url has the method `response_url`.
        """
        self._script.add(scripts.Scripted(method, error, status, retry_after, times, when))

    def shut(self, method: str = scripts.ANY, *, goes_on: bool = True) -> None:
        """Let calls in, record them, and do and answer nothing until `open`; then go on, or hang up on who waits."""
        self._script.shut(method, goes_on=goes_on)

    def open(self, method: str = scripts.ANY) -> None:
        """Let whoever waits at `shut` go."""
        self._script.open(method)

    def drop_after(self, method: str, times: int = 1) -> None:
        """Do what is asked, record it, and hang up without an answer."""
        self._script.drop(method, times)

    def behave(self) -> None:
        """Take everything again."""
        self._script.clear()

    @contextmanager
    def refusing_connections(self) -> Iterator[None]:
        """Do not listen for a while, on a port that stays its own; open connections are closed."""
        self._server.deaf()
        try:
            yield
        finally:
            self._server.listen()
