"""The web server's door: the only place that waits for the bytes of a request, in the loop and before any thread."""

import asyncio
import io
import sys
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from wsgiref.types import WSGIApplication

from granian.rsgi import HTTPProtocol, ProtocolClosed, Scope  # type: ignore[attr-defined]

from nightbell.api.request_id import REFUSED
from nightbell.cli.threads import Threads

# Each piece of a body without a length costs a turn of the loop, and nobody honest sends so little in so many.
MAX_PIECES = 1024
_NAMES = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a body may be, how long it may take to come, and how many bytes of all of them are held at a time."""

    body_bytes: int
    body_seconds: float
    held_bytes: int


class _Refused(Exception):  # noqa: N818 -- an answer, not a fault
    """No thread will work on this request."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


@dataclass(eq=False, slots=True)
class _Body:
    """Room for the bytes of one request. It has none once it gave way to another."""

    size: int
    deadline: asyncio.Timeout


class _Room:
    """The bytes of all bodies that are coming or being worked on. One that is here gives way to none."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._coming: dict[_Body, None] = {}

    def take(self, body: _Body) -> None:
        """Make room, at the cost of those that have been coming the longest. Raises _Refused where all are here."""
        while self._left < body.size:
            if not self._coming:
                body.size = 0
                raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE)
            oldest = next(iter(self._coming))
            self.came(oldest)
            self.give_back(oldest)
            if not oldest.deadline.expired():
                oldest.deadline.reschedule(0)
        self._left -= body.size
        self._coming[body] = None

    def came(self, body: _Body) -> None:
        """It is not waited for any more."""
        self._coming.pop(body, None)

    def give_back(self, body: _Body) -> None:
        """Its room, if it has any."""
        self._left += body.size
        body.size = 0


class Door:
    """What granian calls; it calls a WSGI application in a thread once the whole of a request is here."""

    def __init__(self, application: WSGIApplication, threads: Threads, limits: Limits) -> None:
        self._application = application
        self._threads = threads
        self._limits = limits
        self._room = _Room(limits.held_bytes)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """One request, to its answer."""
        environ = _environ(scope)
        try:
            size = self._size(environ)
            if not size:
                await self._work(environ, protocol, b"")
                return
            body = _Body(size, asyncio.timeout(self._limits.body_seconds))
            try:
                await self._work(environ, protocol, await self._read(environ, protocol, body))
            finally:
                self._room.give_back(body)
        except _Refused as refused:
            # Here and now, because it waits for nothing and a thread may not be free for long.
            environ[REFUSED] = refused.status
            _answer(self._application, environ, protocol, b"")

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """Every request has its answer."""
        self._threads.close()

    def _size(self, environ: dict[str, Any]) -> int:
        """How many bytes may come. The server refused a length that is no number, and two that differ."""
        if "HTTP_TRANSFER_ENCODING" in environ:
            return self._limits.body_bytes
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if size > self._limits.body_bytes:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return size

    async def _read(self, environ: dict[str, Any], protocol: HTTPProtocol, body: _Body) -> bytes:
        try:
            async with body.deadline:
                self._room.take(body)
                # The server gives no more than the length it was told. Where it was told none, nobody but us stops.
                unmeasured = environ.pop("HTTP_TRANSFER_ENCODING", None) is not None
                return await (self._gather(environ, protocol) if unmeasured else protocol())
        except TimeoutError:
            raise _Refused(HTTPStatus.REQUEST_TIMEOUT if body.size else HTTPStatus.SERVICE_UNAVAILABLE) from None
        except ProtocolClosed:
            raise _Refused(HTTPStatus.BAD_REQUEST) from None
        finally:
            self._room.came(body)

    async def _gather(self, environ: dict[str, Any], protocol: HTTPProtocol) -> bytes:
        """A body in pieces, and its length, which the application wants to know."""
        pieces = [b"-"]
        size = 0
        async for piece in protocol:
            # The last piece is empty. One before it is how the server says that the rest never came.
            if not pieces[-1]:
                raise _Refused(HTTPStatus.BAD_REQUEST)
            pieces.append(piece)
            size += len(piece)
            if size > self._limits.body_bytes or len(pieces) > MAX_PIECES:
                raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        environ["CONTENT_LENGTH"] = str(size)
        return b"".join(pieces[1:])

    async def _work(self, environ: dict[str, Any], protocol: HTTPProtocol, body: bytes) -> None:
        """Have a thread answer."""
        loop = asyncio.get_running_loop()
        answered = loop.create_future()

        def done() -> None:
            loop.call_soon_threadsafe(answered.set_result, None)

        self._threads.run(partial(_answer, self._application, environ, protocol, body), done)
        await answered


def _environ(scope: Scope) -> dict[str, Any]:
    """The request as WSGI has it."""
    name, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _as_wsgi(scope.path),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": name,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        # Without one a request is not taken for one to the address it came in by.
        "HTTP_HOST": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for header, text in scope.headers.items():
        # WSGI writes `-` as `_`: X_Forwarded_For would pass for what only a proxy may say.
        if "_" in header:
            continue
        key = _NAMES.get(header) or f"HTTP_{header.upper().replace('-', '_')}"
        value = _as_wsgi(text)
        before = environ.get(key)
        environ[key] = f"{before}{'; ' if key == 'HTTP_COOKIE' else ','}{value}" if before else value
    return environ


def _as_wsgi(text: str) -> str:
    """WSGI's text, each character of which is a byte."""
    return text if text.isascii() else text.encode().decode("latin-1")


def _answer(application: WSGIApplication, environ: dict[str, Any], protocol: HTTPProtocol, body: bytes) -> None:
    """Call the application and send what it says."""
    status, headers = 500, []

    def start(line: str, given: list[tuple[str, str]], _error: object = None) -> Any:
        nonlocal status, headers
        status, headers = int(line[:3]), given

    environ["wsgi.input"] = io.BytesIO(body)
    response = application(environ, start)
    try:
        protocol.response_bytes(status, headers, b"".join(response))
    finally:
        if close := getattr(response, "close", None):
            close()
