"""A mail server's memory: the only place where the demo and the tests read mail, and make the server misbehave."""

import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from types import TracebackType
from typing import Self, get_args

from nightbell.demo import smtpd

KEPT = 10_000


class Message:
    """One mail as it arrived; what is in it is read when somebody looks."""

    def __init__(self, recipient: str, raw: bytes, arrived: float) -> None:
        self.recipient = recipient
        self.raw = raw
        self.arrived = arrived  # time.monotonic()

    def __repr__(self) -> str:
        return f"<{self.subject!r} to {self.recipient}>"

    @cached_property
    def parsed(self) -> EmailMessage:
        """The mail as the standard library reads it."""
        parsed = message_from_bytes(self.raw, policy=policy.default)
        if not isinstance(parsed, EmailMessage):
            raise TypeError("the default policy makes another class")
        return parsed

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Every header, in order, decoded."""
        return [(name, str(value)) for name, value in self.parsed.items()]

    @property
    def id(self) -> str:
        """The Message-ID, without its brackets."""
        return str(self.parsed["Message-ID"] or "").strip().strip("<>")

    @property
    def to(self) -> str:
        """The To header."""
        return str(self.parsed["To"] or "")

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.parsed["Subject"] or "")

    @cached_property
    def text(self) -> str:
        """The plain text part."""
        return self._part("plain")

    @cached_property
    def html(self) -> str:
        """The HTML part."""
        return self._part("html")

    @property
    def links(self) -> list[str]:
        """Every address in the text, in order."""
        return re.findall(r"https?://\S+", self.text)

    @property
    def acknowledge_url(self) -> str:
        """The address under *Acknowledge* in the text."""
        return self._link("Acknowledge")

    @property
    def view_url(self) -> str:
        """The address under *View incident* in the text."""
        return self._link("View incident")

    def _part(self, subtype: str) -> str:
        part = self.parsed.get_body((subtype,))
        return str(part.get_content()).replace("\r\n", "\n") if part else ""

    def _link(self, label: str) -> str:
        found = re.search(rf"^{label}:\n(https?://\S+)$", self.text, re.MULTILINE)
        if found is None:
            raise LookupError(f"no {label} link in {self!r}")
        return found[1]


def anything(_message: Message) -> bool:
    """Whatever arrives."""
    return True


class MailCatcher:
    """A real SMTP server on the loopback that records every message.

    `with MailCatcher() as catcher:` starts it in a thread of its own on a free port; `start()` and `stop()` do the same
    where there is no block to put it in. With `login` it wants that user and password; with a `certificate` it speaks
    TLS, from the start (`smtps`) or on request (`smtp+starttls`).
    """

    def __init__(
        self,
        *,
        port: int = 0,
        kept: int = KEPT,
        login: tuple[str, str] | None = None,
        security: smtpd.Security = "smtp",
        certificate: ssl.SSLContext | None = None,
    ) -> None:
        self._kept: deque[Message] = deque(maxlen=kept)
        self._unexpected: deque[Message] = deque(maxlen=kept)
        self._changed = threading.Condition()
        self._server = smtpd.Server(self._record, port, login, security, certificate)

    # Starting and stopping.

    def start(self) -> Self:
        """Listen; returns once connections are taken. Raises OSError where the port is not free."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Hang up on everybody and stop listening."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.address[1]

    @property
    def url(self) -> str:
        """Its address, as NIGHTBELL_SMTP_URL wants it."""
        return self._server.url

    @property
    def connections(self) -> int:
        """How many connections were opened to it."""
        return self._server.connections

    # What arrived.

    @property
    def messages(self) -> list[Message]:
        """Everything that arrived and is still kept, newest first."""
        with self._changed:
            return list(reversed(self._kept))

    def wait_for(self, predicate: Callable[[Message], bool] = anything, timeout: float = 5.0) -> Message:
        """The oldest message that `predicate` is true of and that nobody has waited for yet.

        Raises TimeoutError, which lists what did arrive.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for message in self._unexpected:
                    if predicate(message):
                        self._unexpected.remove(message)
                        return message
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"no such mail within {timeout:g} s; arrived: {list(self._unexpected)!r}")
                self._changed.wait(left)

    def assert_no_more(self, within: float = 0.0) -> None:
        """Fail on any message nobody waited for, now or in the next `within` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._unexpected), within)
            if self._unexpected:
                raise AssertionError(f"mail that nobody expected: {list(self._unexpected)!r}")

    def clear(self) -> None:
        """Forget everything that arrived."""
        with self._changed:
            self._kept.clear()
            self._unexpected.clear()

    # Misbehaving.

    def answer(
        self,
        recipient: str = smtpd.ANYBODY,
        *,
        mail: str | None = None,
        rcpt: str | None = None,
        data: str | None = None,
        times: int | None = None,
    ) -> None:
        """Answer a command with these words (`550 no such user`) instead of taking it.

        `recipient` is an address, or `@example.com` for everybody there. MAIL FROM has no recipient yet, so `mail` is
        for anybody.
        """
        stages: tuple[tuple[smtpd.Stage, str | None], ...] = (("mail", mail), ("rcpt", rcpt), ("data", data))
        for stage, says in stages:
            if says:
                self._server.script.answers.append(smtpd.Answer(stage, recipient, says, times))

    def stall(self, stage: smtpd.Stage = "connect", recipient: str = smtpd.ANYBODY) -> None:
        """Take connections, but say nothing any more from this command on: half dead, where it is the first."""
        self._server.script.delays.append(smtpd.Delay(stage, recipient, None))

    def pause(self, seconds: float, *stages: smtpd.Stage, recipient: str = smtpd.ANYBODY) -> None:
        """Give these answers so much later; all of them where none is named."""
        for stage in stages or (each for each in get_args(smtpd.Stage) if each != "thought"):
            self._server.script.delays.append(smtpd.Delay(stage, recipient, seconds))

    def think(self, seconds: float) -> None:
        """Take each message at once, but answer so much later."""
        self.pause(seconds, "thought")

    def hang(self, domain: str) -> None:
        """Never answer to a recipient at this domain; everybody else's mail is taken."""
        self.stall("rcpt", f"@{domain}")

    def trickle(self, seconds: float) -> None:
        """Say everything a byte at a time, one every so many seconds."""
        self._server.script.seconds_a_byte = seconds

    @contextmanager
    def holding(self, stage: smtpd.Stage) -> Iterator[threading.Event]:
        """Give no such answer inside the block; what it yields is set once somebody waits for one."""
        gate = smtpd.Gate(stage)
        script = self._server.script
        script.gates.append(gate)
        try:
            yield gate.reached
        finally:
            script.gates.remove(gate)
            self._server.loop.call_soon_threadsafe(gate.opened.set)

    def take_seven_bits(self) -> None:
        """Offer no 8BITMIME, and refuse whatever would need it."""
        self._server.script.seven_bits = True

    def drop_after_data(self, times: int = 1) -> None:
        """Take the next messages, record them, and hang up without an answer."""
        self._server.script.drops += times

    def behave(self) -> None:
        """Take everything again."""
        self._server.script = smtpd.Script()

    def hang_up(self) -> None:
        """Close every open connection."""
        self._server.hang_up()

    @contextmanager
    def refusing_connections(self) -> Iterator[None]:
        """Do not listen for a while, on a port that stays its own; open connections are closed."""
        self._server.deaf()
        try:
            yield
        finally:
            self._server.listen()

    def _record(self, recipients: list[str], content: bytes) -> None:
        """Keep one message for each recipient; called in the server's thread."""
        arrived = time.monotonic()
        with self._changed:
            for recipient in recipients:
                message = Message(recipient, content, arrived)
                self._kept.append(message)
                self._unexpected.append(message)
            self._changed.notify_all()
