"""A real SMTP server that takes everything, or misbehaves as its script says: all of ours that serves SMTP."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

ANYBODY = "*"
PATIENCE_SECONDS = 5.0

# In the order of a conversation. `go_ahead` is the answer to DATA, `data` the one to the message, which has not been
# recorded by then, and `thought` the same, once it has.
Stage = Literal["connect", "ehlo", "mail", "rcpt", "go_ahead", "data", "thought", "rset", "quit"]
Security = Literal["smtp", "smtp+starttls", "smtps"]
Record = Callable[[list[str], bytes], None]


def _meant(whom: str, recipients: Sequence[str]) -> bool:
    """Whether somebody's mail is meant: `*` is anybody's, `@example.com` everybody's there, anything else one's own."""
    return whom == ANYBODY or any(each == whom or (whom[:1] == "@" and each.endswith(whom)) for each in recipients)


@dataclass(slots=True)
class Answer:
    """What to say instead of 250, to whom, and how many times (None: for ever)."""

    stage: Stage
    recipient: str
    says: str
    times: int | None


@dataclass(frozen=True, slots=True)
class Delay:
    """How long an answer takes (None: it never comes), and to whose mail."""

    stage: Stage
    recipient: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Gate:
    """An answer that waits until somebody lets it go: whether it is waited for, and that it may go."""

    stage: Stage
    reached: threading.Event = field(default_factory=threading.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Script:
    """How to misbehave. A test writes it before it provokes the server, whose thread reads it."""

    answers: list[Answer] = field(default_factory=list)
    delays: list[Delay] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    seconds_a_byte: float = 0.0
    drops: int = 0
    seven_bits: bool = False

    def says(self, stage: Stage, recipients: list[str]) -> str | None:
        """The answer to a command, if the script has one."""
        for answer in self.answers:
            if answer.stage == stage and _meant(answer.recipient, recipients) and answer.times != 0:
                answer.times = None if answer.times is None else answer.times - 1
                return answer.says
        return None

    async def linger(self, stage: Stage, recipients: Sequence[str] = ()) -> None:
        """Take as long over an answer as the script says."""
        for delay in list(self.delays):
            if delay.stage == stage and _meant(delay.recipient, recipients):
                await (asyncio.Event().wait() if delay.seconds is None else asyncio.sleep(delay.seconds))
        for gate in list(self.gates):
            if gate.stage == stage:
                gate.reached.set()
                await gate.opened.wait()


class Server:
    """One listening port and a thread that serves it. `record` is called in that thread, once a message."""

    def __init__(
        self,
        record: Record,
        port: int,
        login: tuple[str, str] | None,
        security: Security,
        certificate: ssl.SSLContext | None,
    ) -> None:
        self.record = record
        self.login = login
        self.security = security
        self.certificate = certificate
        self.script = Script()
        self.address = ("127.0.0.1", port)
        self.connections = 0
        self.open: set[_Connection] = set()
        self.serving: set[asyncio.Task[None]] = set()
        self.loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None
        self._listening: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """How a client is told to come here."""
        user = f"{self.login[0]}:{self.login[1]}@" if self.login else ""
        # A certificate is for a name.
        host = self.address[0] if self.security == "smtp" else "localhost"
        return f"{self.security}://{user}{host}:{self.address[1]}"

    def start(self) -> None:
        """Listen. Raises OSError where the port is not free."""
        listener = socket.create_server(self.address)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="smtpd", daemon=True)
        self._thread.start()
        self._serve(listener)

    def stop(self) -> None:
        """Hang up on everybody and end the thread."""
        if self._thread is None:
            return
        self.deaf()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self.loop.close()
        self._thread = None

    def listen(self) -> None:
        """Listen again, on the same port."""
        self._serve(socket.create_server(self.address))

    def deaf(self) -> None:
        """Listen no more; open connections are closed."""
        self._run(self._deaf())

    def hang_up(self) -> None:
        """Close every open connection."""
        self._run(self._hang_up())

    def _serve(self, listener: socket.socket) -> None:
        self.address = listener.getsockname()[:2]
        self._run(self._listen(listener))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_SECONDS)

    async def _listen(self, listener: socket.socket) -> None:
        certificate = self.certificate if self.security == "smtps" else None
        self._listening = await self.loop.create_server(lambda: _Connection(self), sock=listener, ssl=certificate)

    async def _deaf(self) -> None:
        if self._listening is not None:
            # Nobody new, and whoever is being let in is in: closed meanwhile, the loop would leave their socket open.
            for listener in self._listening.sockets:
                self.loop.remove_reader(listener.fileno())
            await _settled()
            self._listening.close()
        await self._hang_up()

    async def _hang_up(self) -> None:
        for connection in list(self.open):
            connection.hang_up()
        # Only what serves somebody: a task of the loop's that lets somebody in would leave a socket open.
        serving = list(self.serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await _settled()


async def _settled() -> None:
    """Let the loop go round: sockets close, and connections are made, a few rounds after they are asked to."""
    for _ in range(5):
        await asyncio.sleep(0)


class _Connection(SMTP):
    """One client's connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        starttls = server.security == "smtp+starttls"
        super().__init__(
            _Handler(server),
            hostname="smtpd.localhost",
            enable_SMTPUTF8=True,
            tls_context=server.certificate if starttls else None,
            require_starttls=starttls,
            auth_require_tls=starttls,
            authenticator=self._log_in,
            loop=server.loop,
        )
        # Set here, because the constructor warns of a login without STARTTLS, which a test may want.
        self._auth_required = server.login is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self not in self._server.open:  # called once more when TLS starts
            self._server.connections += 1
        self._server.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.open.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """Close at once, whatever is still to be said."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def _handle_client(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._server.serving.add(task)
        try:
            await self._server.script.linger("connect")
            await super()._handle_client()
        finally:
            self._server.serving.discard(task)

    async def push(self, status: str | bytes) -> None:
        """Say a line, as slowly as the script has it."""
        said = status.encode() if isinstance(status, str) else status
        if said.startswith(b"354"):
            await self._server.script.linger("go_ahead", self.envelope.rcpt_tos if self.envelope else ())
        seconds = self._server.script.seconds_a_byte
        if not seconds:
            await super().push(said)
            return
        for byte in said + b"\r\n":
            self._writer.write(bytes([byte]))
            await self._writer.drain()
            await asyncio.sleep(seconds)

    def _log_in(
        self, _smtp: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self._server.login, handled=False)


class _Handler:
    """Answers the commands that are worth misbehaving at; the names of its methods are the library's."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def handle_EHLO(  # noqa: N802
        self, _connection: _Connection, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        await self._server.script.linger("ehlo")
        session.host_name = hostname
        return [each for each in responses if "8BITMIME" not in each] if self._server.script.seven_bits else responses

    async def handle_RSET(  # noqa: N802
        self, _connection: _Connection, _session: Session, _envelope: Envelope
    ) -> str:
        await self._server.script.linger("rset")
        return "250 OK"

    async def handle_QUIT(  # noqa: N802
        self, _connection: _Connection, _session: Session, _envelope: Envelope
    ) -> str:
        await self._server.script.linger("quit")
        return "221 Bye"

    async def handle_MAIL(  # noqa: N802
        self, _connection: _Connection, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> Any:
        says = await self._say("mail", [])
        if self._server.script.seven_bits and any(option.upper().startswith("BODY=") for option in options):
            return "555 BODY is not offered"
        if says is MISSING:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
            return "250 OK"
        return says

    async def handle_RCPT(  # noqa: N802
        self, _connection: _Connection, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> Any:
        says = await self._say("rcpt", [address])
        if says is MISSING:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        return says

    async def handle_DATA(  # noqa: N802
        self, connection: _Connection, _session: Session, envelope: Envelope
    ) -> Any:
        says = await self._say("data", envelope.rcpt_tos)
        if says is not MISSING:
            return says
        if self._server.script.seven_bits and not (envelope.original_content or b"").isascii():
            return "554 8BITMIME is not offered"
        self._server.record(list(envelope.rcpt_tos), envelope.original_content or b"")
        await self._server.script.linger("thought", envelope.rcpt_tos)
        if self._server.script.drops > 0:
            self._server.script.drops -= 1
            connection.hang_up()
            await asyncio.Event().wait()  # until the lost connection cancels this
        return "250 OK"

    async def _say(self, stage: Stage, recipients: list[str]) -> Any:
        await self._server.script.linger(stage, recipients)
        return self._server.script.says(stage, recipients) or MISSING
