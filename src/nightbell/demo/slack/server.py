"""A real HTTP server on the loopback: connections, and nothing of what is said over them."""

import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.05
MOST_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    verb: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What to send back."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


# None hangs up without a word.
Application = Callable[[Request], Response | None]
Complaint = Callable[[str], None]


class Server:
    """One listening port, a thread that listens, and one for each connection."""

    def __init__(self, application: Application, complain: Complaint, port: int) -> None:
        self.application = application
        self.complain = complain
        self.address = ("127.0.0.1", port)
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._http: _Http | None = None
        self._thread: threading.Thread | None = None

    def listen(self) -> None:
        """Take connections; again on the same port, once there was one. Raises OSError where it is not free."""
        self._http = _Http(self.address, self)
        self.address = cast("tuple[str, int]", self._http.server_address[:2])
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(POLL_SECONDS,), name="fake-slack", daemon=True
        )
        self._thread.start()

    def deaf(self) -> None:
        """Listen no more; open connections are closed."""
        if self._http is None or self._thread is None:
            return
        self._http.shutdown()
        self._thread.join(PATIENCE_SECONDS)
        self._http.server_close()
        self._http = None
        self.hang_up()

    def hang_up(self) -> None:
        """Close every open connection, and wait until nobody serves one."""
        with self._changed:
            for connection in self._open:
                _shut(connection)
            self._changed.wait_for(lambda: not self._open, PATIENCE_SECONDS)

    def opened(self, connection: socket.socket) -> None:
        with self._changed:
            self.connections += 1
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._changed:
            self._open.discard(connection)
            self._changed.notify_all()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was first


class _Http(ThreadingHTTPServer):
    """The standard library's, which tells who is connected."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: Server) -> None:
        self.owner = owner
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.owner.opened(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.owner.closed(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 -- the library calls it
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            self.owner.complain(f"the fake Slack itself broke: {error!r}")


class _Handler(BaseHTTPRequestHandler):
    """One client's connection; the names of its methods are the library's."""

    protocol_version = "HTTP/1.1"
    server_version = "FakeSlack"
    sys_version = ""
    # An answer leaves in one piece.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Http

    def do_POST(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: what happened is remembered instead."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            self._send(Response(413))
            return
        body = self.rfile.read(length)
        if len(body) < length:
            # Whoever sent it is gone, killed in the middle of it: it was never asked.
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.owner.application(Request(self.command, self.path, headers, body))
        if reply is None:
            self.close_connection = True
        else:
            self._send(reply)

    def _send(self, reply: Response) -> None:
        self.send_response(reply.status)
        for name, value in {"Content-Type": "text/plain; charset=utf-8", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
