"""The conversation with an SMTP server: the only place that knows where it is, how to talk to it, what it answers."""

import base64
import re
import smtplib
import ssl
import time
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from django.core.mail.utils import DNS_NAME

from nightbell.channels.base import UNHELD, Hold, outside_transaction
from nightbell.channels.email import mime, refusal
from nightbell.channels.email.line import Line
from nightbell.channels.limit import Limit, Pulse
from nightbell.core import delivery, message

# Servers hang up on idle clients after minutes at best; a connection that rested longer than this is not tried again.
IDLE_SECONDS = 30.0

# What a conversation can end in: SMTPException and every TLS and socket error is an OSError; a host name that cannot be
# encoded is a ValueError.
FAULTS = (OSError, ValueError)


class Security(StrEnum):
    """How a connection is protected; the scheme of its address."""

    PLAIN = "smtp"
    STARTTLS = "smtp+starttls"
    TLS = "smtps"


DEFAULT_PORTS = {Security.PLAIN: 25, Security.STARTTLS: 587, Security.TLS: 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.port}"


def parse_url(url: str) -> SmtpServer:
    """The server an address like `smtp+starttls://user:password@mail.example.com:587` names.

    Raises ValueError with a sentence about what is wrong, which never repeats the address: it may hold a password.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("must be printable ASCII without spaces; write anything else as %XX")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("has a host or a port that cannot be read; write : / # ? @ in a password as %XX") from None
    if parts.scheme not in tuple(Security):
        raise ValueError("must start with smtp://, smtp+starttls:// or smtps://")
    if not parts.hostname or port == 0:
        raise ValueError("must name a server, like smtp://mail.example.com:25")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("must end after the port; write / # ? in a password as %XX")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(username) is not bool(password):
        raise ValueError("must have both a user name and a password, or neither")
    if not (username + password).isascii():
        raise ValueError("must have an ASCII user name and password")
    security = Security(parts.scheme)
    return SmtpServer(parts.hostname, port or DEFAULT_PORTS[security], security, username, password)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a server may take, in seconds, whatever it does meanwhile; `renew_every` is for the sender's hold."""

    # From before the connection is made until the server asks for the message. Shorter than a lease.
    attempt: float = 20.0
    # For the message itself, which is small; 3 minutes a block is what RFC 5321 4.5.3.2.5 grants.
    transfer: float = 60.0
    # For the answer to it (RFC 5321 4.5.3.2.6). Who gives up earlier sends again what the server has taken already.
    answer: float = 600.0
    # For a reset or a goodbye, whose answers are nothing to wait for.
    farewell: float = 2.0
    renew_every: float = delivery.RENEW_AFTER.total_seconds()

    def times(self, factor: float) -> "Limits":
        """All of them shorter or longer, in proportion."""
        return Limits(*(each * factor for each in astuple(self)))


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How far a conversation came that was to send nothing: the command, and what was said against it, if anything.

    `command` is empty where there was no conversation to speak of: no connection, no TLS, no login.
    `of_recipient`: what was said is that this recipient's address is wrong.
    """

    command: str
    fault: str = ""
    of_recipient: bool = False


def connect(server: SmtpServer, limit: Limit) -> Line:
    """A connection, protected and logged in as the address says. Raises one of FAULTS, and leaves nothing open."""
    outside_transaction("The mail server")
    line = Line(limit, DNS_NAME.get_fqdn())
    try:
        line.dial(server.host, server.port)
        if server.security is Security.TLS:
            line.protect(ssl.create_default_context(), server.host)
        line.greeting()
        if server.security is Security.STARTTLS:
            line.ask_for_tls()
            line.protect(ssl.create_default_context(), server.host)
        if server.username:
            line.login(server.username, server.password)
    except BaseException:
        line.close()
        raise
    return line


class Conversation:
    """One connection to the server, kept open between messages; for one thread."""

    def __init__(self, server: SmtpServer, limits: Limits = LIMITS) -> None:
        # Looked up now: where the resolver is slow this takes seconds, and must not take them from the first page.
        DNS_NAME.get_fqdn()
        self._server = server
        self._limits = limits
        self._line: Line | None = None
        self._rested_at = 0.0

    def hand_over(self, sender: str, recipient: str, content: bytes, hold: Hold = UNHELD) -> delivery.Outcome:
        """Hand one message to the server for one recipient.

        Only a refusal of this recipient is for good. A connection that died while it rested is replaced at once, once:
        the server has not seen this message yet. From RCPT on nothing is repeated here, so that a message whose answer
        was lost is sent again by the schedule of retries and not in a tight loop.

        Up to DATA all of it is one attempt with one limit, and just before DATA the hold is asked once more. From there
        on the message may be the server's: its answer is waited for as long as it may take, and the hold is renewed.
        What the hold raises goes on to the caller, and the connection is closed.
        """
        if time.monotonic() - self._rested_at > IDLE_SECONDS:
            self._hang_up()
        pulse = Pulse(hold, self._limits.renew_every)
        # Until it has taken MAIL FROM it has not heard for whom the message is.
        anybody = True
        try:
            line = self._begin(sender, content, Limit(self._limits.attempt, pulse))
            anybody = False
            outcome = self._ask(line, recipient) or self._look(hold) or self._transfer(line, content, pulse)
        except FAULTS as fault:
            outcome = delivery.Unavailable(self._words(fault), of_channel=anybody)
        except BaseException:
            self._hang_up()
            raise
        if isinstance(outcome, delivery.Unavailable):
            self._hang_up()
        self._rested_at = time.monotonic()
        return outcome

    def rehearse(self, sender: str, recipient: str) -> Rehearsal:
        """Go as far as RCPT on a connection of its own, and take it all back: no mail is sent."""
        command = ""
        self._hang_up()
        try:
            line = self._line = connect(self._server, Limit(self._limits.attempt))
            command = f"MAIL FROM:<{sender}>"
            self._mail(line, sender, bytes(10_000))
            command = f"RCPT TO:<{recipient}>"
            outcome = self._ask(line, recipient)
        except FAULTS as fault:
            return Rehearsal(command, self._words(fault))
        finally:
            self.close()
        return Rehearsal(command, outcome.error if outcome else "", isinstance(outcome, delivery.Refused))

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        line, self._line = self._line, None
        if line is None:
            return
        line.limit = Limit(self._limits.farewell)
        try:
            line.quit()
        except FAULTS:
            line.close()

    def _hang_up(self) -> None:
        """Close without a goodbye: the answer to one may never come, and a page may be waiting."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _begin(self, sender: str, content: bytes, limit: Limit) -> Line:
        """A connection that has taken MAIL FROM."""
        if self._line is not None:
            # One that was cut without a word is found out in time to make another.
            self._line.limit = limit.share(0.5)
            try:
                self._mail(self._line, sender, content)
            except FAULTS as fault:
                if not _is_dead(fault):
                    raise
                self._hang_up()
            else:
                self._line.limit = limit
                return self._line
        self._line = connect(self._server, limit)
        self._mail(self._line, sender, content)
        return self._line

    @staticmethod
    def _mail(line: Line, sender: str, content: bytes) -> None:
        line.ehlo_or_helo_if_needed()
        options = [f"size={len(_as_taken(line, content))}"] if line.has_extn("size") else []
        options += ["body=8bitmime"] if line.has_extn("8bitmime") else []
        # Not `line.mail` and `line.rcpt`, which read the address anew: both are plain mailboxes, as `mailbox` has them.
        code, words = line.docmd("MAIL", " ".join((f"FROM:<{sender}>", *options)))
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, words, sender)

    def _ask(self, line: Line, recipient: str) -> delivery.Refused | delivery.Unavailable | None:
        """Ask for this recipient; None is yes."""
        code, words = line.docmd("RCPT", f"TO:<{recipient}>")
        if 200 <= code < 300:
            return None
        answer = self._answer(code, words)
        if refusal.of_recipient(code, words.decode(errors="replace")):
            self._start_over()
            return delivery.Refused(answer)
        return delivery.Unavailable(answer)

    def _look(self, hold: Hold) -> delivery.Withdrawn | None:
        """Look once more, after whatever the server took its time for; None is to go on.

        Its own time counts: where it used up what was left of the attempt, DATA is not sent.
        """
        reason = hold.why_not()
        if reason is None:
            return None
        self._start_over()
        return delivery.Withdrawn(reason)

    def _start_over(self) -> None:
        """Make the connection ready for the next message; where the server hangs up instead there is none to keep."""
        if self._line is None:
            return
        self._line.limit = Limit(self._limits.farewell)
        try:
            code, _ = self._line.rset()
        except FAULTS:
            code = -1
        if code != 250:
            self._hang_up()

    def _transfer(self, line: Line, content: bytes, pulse: Pulse) -> delivery.Outcome:
        code, words = line.docmd("DATA")
        if code != 354:
            return delivery.Unavailable(self._answer(code, words))
        line.limit = Limit(self._limits.transfer, pulse)
        line.send(_on_the_wire(_as_taken(line, content)))
        line.limit = Limit(self._limits.answer, pulse)
        code, words = line.getreply()
        return delivery.Accepted() if code == 250 else delivery.Unavailable(self._answer(code, words))

    def _words(self, fault: Exception) -> str:
        """What went wrong, in the server's or the system's words."""
        match fault:
            case smtplib.SMTPResponseException():
                return self._answer(fault.smtp_code, fault.smtp_error)
            case TimeoutError(errno=None) if "timed out" in str(fault):
                # Said by a socket that was given all that was left of an attempt, or its share.
                words = f"no answer within {self._limits.attempt:g} s"
            case OSError(strerror=str(reason)):
                words = reason
            case _:
                words = str(fault)
        return self._tell(words)

    def _answer(self, code: int, words: bytes | str) -> str:
        text = words.decode(errors="replace") if isinstance(words, bytes) else words
        return self._tell(f"{code} {text}" if code >= 0 else f"not an answer of a mail server: {text}")

    def _tell(self, words: str) -> str:
        """Words for the record: whose they are, clean, and without what was used to log in."""
        for secret in self._secrets():
            words = words.replace(secret, "***")
        return f"{self._server.place}: {message.clean(words, 300)}"

    def _secrets(self) -> list[str]:
        """The ways a server might repeat what it was told at login, the longest first."""
        username, password = self._server.username, self._server.password
        plain = [part for part in (f"\0{username}\0{password}", password, username) if part.strip("\0")]
        return [base64.b64encode(part.encode()).decode() for part in plain] + plain


def _is_dead(fault: Exception) -> bool:
    """Whether a fault says that the connection is gone, rather than that the server minds something."""
    if isinstance(fault, smtplib.SMTPResponseException):
        return fault.smtp_code in (421, -1)
    return isinstance(fault, smtplib.SMTPServerDisconnected) or not isinstance(fault, smtplib.SMTPException)


def _as_taken(line: Line, content: bytes) -> bytes:
    """The message as this server may be sent it: without 8BITMIME in seven bits (RFC 6152, 3)."""
    return content if content.isascii() or line.has_extn("8bitmime") else mime.in_seven_bits(content)


def _on_the_wire(content: bytes) -> bytes:
    """A message whose lines end as SMTP wants it, with its dots doubled and its end marked (RFC 5321, 4.5.2)."""
    end = b"" if content.endswith(b"\r\n") else b"\r\n"
    return b"".join((re.sub(rb"(?m)^\.", b"..", content), end, b".\r\n"))
