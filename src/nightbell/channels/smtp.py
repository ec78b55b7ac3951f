"""The conversation with an SMTP server: the only place that knows where it is, how to talk to it, what it answers."""

import base64
import smtplib
import ssl
import time
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from django.core.mail.utils import DNS_NAME

from nightbell.channels import refusal
from nightbell.core import delivery, message

TIMEOUT_SECONDS = 10.0
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


def connect(server: SmtpServer, timeout: float = TIMEOUT_SECONDS) -> smtplib.SMTP:
    """A connection, protected and logged in as the address says. Raises one of FAULTS, and leaves nothing open."""
    name = DNS_NAME.get_fqdn()
    smtp: smtplib.SMTP
    if server.security is Security.TLS:
        context = ssl.create_default_context()
        smtp = smtplib.SMTP_SSL(server.host, server.port, name, timeout=timeout, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, name, timeout=timeout)
    try:
        if server.security is Security.STARTTLS:
            smtp.starttls(context=ssl.create_default_context())
        if server.username:
            smtp.login(server.username, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


class Conversation:
    """One connection to the server, kept open between messages; for one thread."""

    def __init__(self, server: SmtpServer, timeout: float = TIMEOUT_SECONDS) -> None:
        # Looked up now: where the resolver is slow this takes seconds, and must not take them from the first page.
        DNS_NAME.get_fqdn()
        self._server = server
        self._timeout = timeout
        self._smtp: smtplib.SMTP | None = None
        self._rested_at = 0.0

    def hand_over(self, sender: str, recipient: str, content: bytes) -> delivery.Outcome:
        """Hand one message to the server for one recipient.

        Only a refusal of this recipient is for good. A connection that died while it rested is replaced at once, once:
        the server has not seen this message yet. From RCPT on nothing is repeated here, so that a message whose answer
        was lost is sent again by the schedule of retries and not in a tight loop.
        """
        if time.monotonic() - self._rested_at > IDLE_SECONDS:
            self._hang_up()
        try:
            smtp = self._begin(sender, len(content))
            outcome = self._ask(smtp, recipient) or self._transfer(smtp, content)
        except FAULTS as fault:
            outcome = delivery.Unavailable(self._words(fault))
        if isinstance(outcome, delivery.Unavailable):
            self._hang_up()
        self._rested_at = time.monotonic()
        return outcome

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except FAULTS:
            smtp.close()

    def _hang_up(self) -> None:
        """Close without a goodbye: the answer to one may never come, and a page may be waiting."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _begin(self, sender: str, size: int) -> smtplib.SMTP:
        """A connection that has taken MAIL FROM."""
        if self._smtp is not None:
            try:
                return self._mail(self._smtp, sender, size)
            except FAULTS as fault:
                if not _is_dead(fault):
                    raise
                self._hang_up()
        self._smtp = connect(self._server, self._timeout)
        return self._mail(self._smtp, sender, size)

    @staticmethod
    def _mail(smtp: smtplib.SMTP, sender: str, size: int) -> smtplib.SMTP:
        smtp.ehlo_or_helo_if_needed()
        options = [f"size={size}"] if smtp.has_extn("size") else []
        options += ["body=8bitmime"] if smtp.has_extn("8bitmime") else []
        # Not `smtp.mail` and `smtp.rcpt`, which read the address anew: both are plain mailboxes, as `mailbox` has them.
        code, words = smtp.docmd("MAIL", " ".join((f"FROM:<{sender}>", *options)))
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, words, sender)
        return smtp

    def _ask(self, smtp: smtplib.SMTP, recipient: str) -> delivery.Outcome | None:
        """Ask for this recipient; None is yes."""
        code, words = smtp.docmd("RCPT", f"TO:<{recipient}>")
        if 200 <= code < 300:
            return None
        answer = self._answer(code, words)
        if refusal.of_recipient(code, words.decode(errors="replace")):
            self._start_over(smtp)
            return delivery.Refused(answer)
        return delivery.Unavailable(answer)

    def _start_over(self, smtp: smtplib.SMTP) -> None:
        """Make the connection ready for the next message; a server that hangs up instead has refused all the same."""
        try:
            smtp.rset()
        except FAULTS:
            self._hang_up()

    def _transfer(self, smtp: smtplib.SMTP, content: bytes) -> delivery.Outcome:
        code, words = smtp.data(content)
        if code == 250:
            return delivery.Accepted()
        return delivery.Unavailable(self._answer(code, words))

    def _words(self, fault: Exception) -> str:
        """What went wrong, in the server's or the system's words."""
        match fault:
            case smtplib.SMTPResponseException():
                return self._answer(fault.smtp_code, fault.smtp_error)
            case smtplib.SMTPException() if "timed out" not in str(fault):
                words = str(fault)
            case smtplib.SMTPException() | TimeoutError():
                words = f"no answer within {self._timeout:g} s"
            case OSError(strerror=str(reason)):
                words = reason
            case _:
                words = str(fault)
        return self._tell(words)

    def _answer(self, code: int, words: bytes | str) -> str:
        return self._tell(f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}")

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
