"""HTTP to Slack: the only place that opens a connection there. A call is over in time, however the answer trickles."""

import http.client
import io
import json
import socket
import ssl
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from slack_sdk import WebClient

from nightbell.channels.limit import Limit, dial

# For one call as a whole. Two of them, which a page may take, are over before a lease is.
CALL_SECONDS = 10.0
# More than Slack ever answers to what we ask.
ANSWER_BYTES = 4 * 1024 * 1024


class Api(WebClient):
    """The library's client; its own time-out starts anew with every byte."""

    def _perform_urllib_http_request(self, *, url: str, args: dict[str, dict[str, Any]]) -> dict[str, Any]:
        # What the library reads of an answer it takes for an error is read within the same limit.
        self._limit = Limit(CALL_SECONDS)
        return super()._perform_urllib_http_request(url=url, args=args)

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:  # noqa: ARG002
        with _open(req, self._limit, self.proxy) as answer:
            body = answer.read(ANSWER_BYTES).decode(answer.headers.get_content_charset() or "utf-8")
            return {"status": answer.status, "headers": answer.headers, "body": body}


def post(url: str, given: Mapping[str, Any]) -> int:
    """Post a JSON object; the answer's status. Raises OSError, HTTPException or ValueError."""
    told = Request(url, json.dumps(given).encode(), {"Content-Type": "application/json;charset=utf-8"})  # noqa: S310
    with _open(told, Limit(CALL_SECONDS), None) as answer:
        return int(answer.status)


def _open(request: Request, limit: Limit, proxy: str | None) -> Any:
    """The answer, on a connection that ends with the limit; by the environment's proxy where none is given.

    What speaks neither HTTP nor HTTPS is not opened, and a redirection is not followed: it would be given the token.
    """
    through = ProxyHandler({"http": proxy, "https": proxy} if proxy else None)
    opener = OpenerDirector()
    for handler in (through, _Http(limit), UnknownHandler(), HTTPDefaultErrorHandler(), HTTPErrorProcessor()):
        opener.add_handler(handler)
    return opener.open(request)


class _Http(HTTPHandler):
    """Both kinds. The library's handler for HTTPS reads every certificate authority there is whenever it is made."""

    def __init__(self, limit: Limit) -> None:
        super().__init__()
        self._limit = limit

    def http_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Connection, limit=self._limit), req)

    def https_open(self, req: Request) -> http.client.HTTPResponse:
        connection = partial(_ProtectedConnection, limit=self._limit)
        return self.do_open(connection, req, context=ssl.create_default_context())

    https_request = HTTPHandler.http_request


class _Connection(http.client.HTTPConnection):
    def __init__(self, *given: Any, limit: Limit, **more: Any) -> None:
        super().__init__(*given, **more)
        self._limit = limit
        self._create_connection = _dial(limit)

    def connect(self) -> None:
        super().connect()
        self.sock: Any = _Line(self.sock, self._limit)


class _ProtectedConnection(_Connection, http.client.HTTPSConnection):
    """The same over TLS."""


def _dial(limit: Limit) -> Any:
    """How `http.client` makes a connection; what TLS says first has what is left then."""

    def connect(place: tuple[str, int], *_given: Any) -> socket.socket:
        line = dial(place, limit)
        line.settimeout(limit.left())
        return line

    return connect


class _Line:
    """What `http.client` asks of a socket; each operation is given what is left of the limit."""

    def __init__(self, line: socket.socket, limit: Limit) -> None:
        self._line = line
        self._limit = limit
        self.close = line.close

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._line.settimeout(self._limit.left())
            rest = rest[self._line.send(rest) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._line, self._limit))


class _Reader(io.RawIOBase):
    """What is read from a line; it stays open until this is closed, also where the socket is closed before."""

    def __init__(self, line: socket.socket, limit: Limit) -> None:
        super().__init__()
        self._line = line
        self._limit = limit
        self._raw = line.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._line.settimeout(self._limit.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
