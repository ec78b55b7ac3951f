"""The installation that is measured: its own database with fsync on, the product's verbs, a mail sink and a client."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import psycopg

from nightbell import postgres
from nightbell.postgres import layout, processes

HERE = Path(__file__).parent
# Beside what the product sets itself: when each transaction was committed is kept, because it is measured.
SETTINGS = {"track_commit_timestamp": "on"}
CLI = [sys.executable, "-m", "nightbell.cli"]


@dataclass(frozen=True)
class Request:
    """A request as the client saw it: instants on the machine's monotonic clock."""

    began: float
    ended: float
    status: int
    number: int


@dataclass(frozen=True)
class Mail:
    """A mail as the sink saw it."""

    at: float
    number: int
    message_id: str


class Installation:
    """As a context manager it is gone afterwards, with everything it started."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self.engines: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix="nightbell-bench-"))
        self.directory.chmod(0o755)
        self._running.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.server = self._running.enter_context(postgres.start(self.directory / "data", SETTINGS))
        self._start_sink()
        self.environ = environment(NIGHTBELL_DATABASE_URL=self.server.url, NIGHTBELL_SMTP_URL=self.smtp_url)
        self.run("migrate")
        self._fill()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _fill(self) -> None:
        """One organization, a responder, a policy that waits a day."""
        name = ["--first-name", "Ana", "--last-name", "Ruiz", "--json"]
        made = self.run("org", "create", "Bench", "--admin", "zoe@bench.example", *name)
        of = ["--org", made["slug"]]
        self.organization = UUID(made["organizationId"])
        self.owner = UUID(self.run("member", "add", "ana@bench.example", *of, *name)["userId"])
        self.key = self.run("key", "create", "bench", *of, "--json")["key"]
        layer = ["--layer", "ana@bench.example:1440"]
        self.policy = UUID(self.run("policy", "create", "Day", *of, *layer, "--json")["id"])

    def run(self, *verb: str) -> Any:
        """A verb of the command line; what it prints, where that is JSON."""
        done = subprocess.run([*CLI, *verb], env=self.environ, check=True, capture_output=True)
        return json.loads(done.stdout) if "--json" in verb else None

    def _start_sink(self) -> None:
        self._mails = self.directory / "mails"
        sink = self._started([sys.executable, str(HERE / "sink.py"), str(self._mails)], stdout=subprocess.PIPE)
        assert sink.stdout is not None
        self.smtp_port = int(sink.stdout.readline())
        self.smtp_url = f"smtp://127.0.0.1:{self.smtp_port}"

    def _started(self, command: list[str], **how: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **how)
        self._running.callback(ended, process)
        return process

    # What is measured.

    @property
    def database_pid(self) -> int:
        """The postmaster."""
        said = processes.read_pid_file(layout.of(self.directory / "data").cluster)
        assert said is not None
        return said.pid

    @contextmanager
    def engine(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """`nightbell engine`, at work."""
        log = self.directory / "engine.log"
        with log.open("wb") as out:
            process = self._started([*CLI, "engine"], env=self.environ | settings, stdout=out, stderr=out)
        wait_for(lambda: "the engine runs" in log.read_text())
        time.sleep(0.3)
        try:
            yield process
        finally:
            ended(process)

    @contextmanager
    def web(self) -> Iterator[subprocess.Popen[bytes]]:
        """`nightbell web`, answering."""
        self.port = free_port()
        with (self.directory / "web.log").open("wb") as out:
            process = self._started([*CLI, "web", "--port", str(self.port)], env=self.environ, stdout=out, stderr=out)
        wait_for(self._answers)
        try:
            yield process
        finally:
            ended(process)

    def _answers(self) -> bool:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/users", headers={"Authorization": f"Bearer {self.key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    # What measures.

    def begin_load(
        self, requests: Sequence[tuple[str, Any]], *, rate: float = 0, connections: int = 1, uneven: bool = False
    ) -> "subprocess.Popen[str]":
        """The client, begun; `rate` 0 is as fast as it goes."""
        process = subprocess.Popen(
            [sys.executable, str(HERE / "load.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        given = {"requests": requests, "rate": rate, "connections": connections, "uneven": uneven}
        assert process.stdin is not None
        process.stdin.write(json.dumps({**given, "port": self.port, "key": self.key}))
        process.stdin.close()
        process.stdin = None
        return process

    def load(
        self, requests: Sequence[tuple[str, Any]], *, rate: float = 0, connections: int = 1, uneven: bool = False
    ) -> list[Request]:
        """The client, to its end. Raises RuntimeError where a request was not answered well."""
        done = answers(self.begin_load(requests, rate=rate, connections=connections, uneven=uneven))
        if bad := {each.status for each in done if each.status not in (200, 201)}:
            raise RuntimeError(f"requests were answered {bad}")
        return done

    def openings(self, count: int, *, paging: bool = True) -> list[tuple[str, Any]]:
        """The requests that open so many incidents."""
        body = {"title": "DB pool exhausted", "severity": "critical", "ownerId": str(self.owner)}
        policy = {"escalationPolicyId": str(self.policy)} if paging else {}
        return [("/v1/incidents", {**body, **policy})] * count

    def mails(self) -> list[Mail]:
        """What the sink has taken."""
        lines = self._mails.read_text().splitlines()
        found = (line.split() for line in lines if line.count(" ") == 2)
        return [Mail(float(at), int(number), message_id) for at, number, message_id in found]

    def wait_for_mails(self, numbers: set[int], seconds: float = 60) -> dict[int, float]:
        """When the first mail of each of these incidents was taken; those that were, after `seconds`."""
        until = time.monotonic() + seconds
        while True:
            arrived: dict[int, float] = {}
            for mail in self.mails():
                arrived.setdefault(mail.number, mail.at)
            if numbers <= arrived.keys() or time.monotonic() > until:
                return {number: at for number, at in arrived.items() if number in numbers}
            time.sleep(0.1)

    def ask(self, statement: str, given: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """What the database answers."""
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), given)
            return cursor.fetchall() if cursor.description else []


def answers(process: "subprocess.Popen[str]") -> list[Request]:
    """What the client saw, once it is done."""
    said, _ = process.communicate(timeout=300)
    lines = (line.split() for line in said.splitlines())
    return [Request(float(began), float(end), int(status), int(number)) for began, end, status, number in lines]


def environment(**settings: str) -> dict[str, str]:
    """The environment of a process of Nightbell, without whatever this one was told."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NIGHTBELL_")}
    # One key writes more here than any program should.
    unbraked = {f"NIGHTBELL_KEY_WRITES_{each}": "1000000" for each in ("PER_MINUTE", "BURST")}
    return {**inherited, "NIGHTBELL_LOG_LEVEL": "INFO", **unbraked, **settings}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for(happens: Any, seconds: float = 60) -> None:
    """Until it happens. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {seconds:g} s")
        time.sleep(0.05)


def ended(process: subprocess.Popen[bytes]) -> None:
    """Stop it: asked first, then by force."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
