"""A line to an SMTP server: the only place that waits for one, and it waits no longer than it is told as a whole."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from nightbell.channels.limit import Limit, dial

# An answer is a few hundred bytes. One without an end must not fill the memory while its time runs.
ANSWER_BYTES = 64 * 1024

R = TypeVar("R")


class Line(smtplib.SMTP):
    """The standard library's client, except that each of its operations is given what is left of `limit`.

    The library's own time-out starts anew with every byte, and its reader takes any number of lines.
    """

    sock: socket.socket | None

    def __init__(self, limit: Limit, name: str) -> None:
        super().__init__(local_hostname=name)
        self.limit = limit
        self._unread = bytearray()

    def dial(self, host: str, port: int) -> None:
        """Connect."""
        self.sock = dial((host, port), self.limit)

    def protect(self, context: ssl.SSLContext, host: str) -> None:
        """Change to TLS. What was said before it counts for nothing (RFC 3207, 4.2)."""
        line = self._socket()
        line.settimeout(self.limit.left())
        self.sock = context.wrap_socket(line, server_hostname=host)
        self._unread.clear()
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def greeting(self) -> None:
        """Wait for the server to speak first. Raises SMTPConnectError where it does not welcome us."""
        code, words = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)

    def ask_for_tls(self) -> None:
        """Raises SMTPException where the server has none to offer."""
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("STARTTLS extension not supported by server.")
        code, words = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)

    def send(self, s: bytes | str) -> None:  # type: ignore[override]  # its own type is wider
        """Send all of it."""
        line = self._socket()
        rest = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        while rest:
            rest = rest[self._patiently(partial(line.send, rest)) :]

    def getreply(self) -> tuple[int, bytes]:
        """The code and the words of the next answer.

        Where a line has no code, or another than the rest, the code is -1 and the words are all that was said.
        """
        codes: set[bytes] = set()
        said: list[bytes] = []
        left = ANSWER_BYTES
        while True:
            line = self._read_line(left)
            left -= len(line)
            codes.add(line[:3])
            said.append(line)
            if line[3:4] != b"-" or not line[:3].isdigit():
                break
        code = int(line[:3]) if len(codes) == 1 and line[:3].isdigit() else -1
        return code, b"\n".join(line[4 if code > 0 else 0 :].strip() for line in said)

    def _read_line(self, longest: int) -> bytes:
        line = self._socket()
        while (end := self._unread.find(b"\n") + 1) == 0 and len(self._unread) <= longest:
            got = self._patiently(partial(line.recv, 4096))
            if not got:
                raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
            self._unread += got
        if not 0 < end <= longest:
            raise smtplib.SMTPException("the server's answer does not end")
        read = bytes(self._unread[:end])
        del self._unread[:end]
        return read

    def _patiently(self, operate: Callable[[], R]) -> R:
        """Wait for the socket, and keep the hold meanwhile."""
        line = self._socket()
        while True:
            line.settimeout(self.limit.wait())
            try:
                return operate()
            except TimeoutError:
                continue

    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("please run connect() first")
        return self.sock
