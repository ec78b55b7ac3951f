"""The installation a drill is done to: the only place that starts `nightbell serve`, fills it, and asks how it is."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg

from benchmarks import usage
from benchmarks.installation import CLI, ended, environment, free_port
from nightbell import postgres
from nightbell.demo.mail import MailCatcher
from nightbell.postgres import layout, processes

# All of them together take no longer, whatever each would wait for.
WHOLE_SECONDS = 690.0
START_SECONDS = 90.0
# A page that nothing delays has arrived within this, on a machine that does much else.
PATIENCE_SECONDS = 20.0
SUBJECT = re.compile(rb"^Subject: \[#\d+\] [A-Z]+ (.+?)\r?$", re.MULTILINE)
_ENDS = time.monotonic() + WHOLE_SECONDS


@dataclass(frozen=True)
class Organization:
    """One organization, by what its client opens incidents with. Its people are at a domain of its own."""

    slug: str
    id: str
    key: str
    policy: str
    owner: str

    def address(self, name: str) -> str:
        """Somebody's."""
        return f"{name.lower()}@{self.slug}.example"


class Post(MailCatcher):
    """A mail server that knows at once what has come about an incident, however much else has."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: dict[str, list[float]] = defaultdict(list)

    def _record(self, recipients: list[str], content: bytes) -> None:
        if subject := SUBJECT.search(content):
            self.arrivals[subject[1].decode()].append(time.monotonic())
        super()._record(recipients, content)


class Serving:
    """As a context manager: `nightbell serve` on a throwaway data directory, which is gone afterwards, and its mail."""

    def __init__(self, directory: Path | None = None, **settings: str) -> None:
        """`directory` is where a `data` lies already."""
        self.directory = directory or place()
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        self.mail = Post()
        self.port = free_port()
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.mail.start()
        self.begin()
        try:
            wait_for(self.is_ready, START_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            ended(self._process)
        self.mail.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def begin(self) -> subprocess.Popen[bytes]:
        """Start it, and do not wait."""
        self.environ = environment(
            NIGHTBELL_DATA_DIR=str(self.data), NIGHTBELL_SMTP_URL=self.mail.url, **self._settings
        )
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [*CLI, "serve", "--port", str(self.port)],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        return self._process

    # Its processes.

    def pids(self, words: str) -> list[int]:
        """Its processes whose command line has these words, and all that came from those."""
        assert self._process is not None
        named = [each for each in usage.tree(self._process.pid)[1:] if words in usage.name(each)]
        return usage.tree(named[0]) if named else []

    @property
    def engine(self) -> int | None:
        """The engine, where there is one."""
        return next(iter(self.pids("nightbell.cli engine")), None)

    @property
    def database(self) -> int:
        """The postmaster; 0 where there is none."""
        said = processes.read_pid_file(layout.of(self.data).cluster)
        return said.pid if said is not None and said.status == "ready" else 0

    @contextmanager
    def frozen(self, *pids: int) -> Iterator[None]:
        """Within it these stand still; whoever is left of them goes on afterwards."""
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGCONT)
                except ProcessLookupError:
                    continue  # it was ended for it, and that is what was wanted

    # What is in it.

    def organization(self, slug: str, *layers: str) -> Organization:
        """An organization with everybody in these layers (`Ana:5`, `Ana,Bo:30`), and an admin, Zoe, who is in none."""
        program = [sys.executable, str(Path(__file__).with_name("filling.py")), slug, *layers]
        environ = self.environ | {
            "NIGHTBELL_DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "nightbell.conf.settings",
        }
        done = subprocess.run(program, env=environ, check=True, stdout=subprocess.PIPE, timeout=START_SECONDS)
        return Organization(slug, **json.loads(done.stdout))

    def ask(self, statement: str, given: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """What its database answers, to somebody who needs not write."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            cursor = connection.execute(statement.encode(), given)
            return cursor.fetchall() if cursor.description else []

    @property
    def url(self) -> str:
        """The database's address."""
        return postgres.attach(self.data).url

    # What its clients do and see.

    def status(self, path: str) -> int:
        """What it answers to whoever looks; 0 where nobody answers."""
        return self._status(urllib.request.Request(f"{self.at}{path}"))[0]

    def is_ready(self) -> bool:
        """Whether it serves and pages people."""
        return self.status("/readyz") == 200 and self.status("/pagingz") == 200

    def post(self, of: Organization, path: str, body: Any) -> tuple[int, Any]:
        """The status and the data of a change through the REST API."""
        headers = {"Authorization": f"Bearer {of.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.at}{path}", json.dumps(body).encode(), headers, method="POST")
        status, answer = self._status(request)
        return status, json.loads(answer)["data"] if status in (200, 201) else None

    def attempt(self, of: Organization, title: str) -> tuple[int, Any]:
        """Open a critical incident; what was answered."""
        body = {"title": title, "severity": "critical", "ownerId": of.owner, "escalationPolicyId": of.policy}
        return self.post(of, "/v1/incidents", body)

    def open(self, of: Organization, title: str) -> str:
        """The same; its id. Raises RuntimeError where it was not accepted."""
        status, made = self.attempt(of, title)
        if status != 201:
            raise RuntimeError(f"an opening was answered {status}")
        return str(made["id"])

    def arrivals(self, title: str) -> list[float]:
        """When each mail about the incidents of exactly this title came, oldest first."""
        return self.mail.arrivals.get(title, [])

    def seconds_to_mail(self, of: Organization, title: str, patience: float = PATIENCE_SECONDS) -> float:
        """Open an incident, wait for its first mail; how long that took from before it was opened."""
        began = time.monotonic()
        self.open(of, title)
        wait_for(lambda: self.arrivals(title), patience)
        return self.arrivals(title)[0] - began

    @property
    def at(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def _status(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return 0, b""


def place() -> Path:
    """A directory that a server's user may pass."""
    directory = Path(tempfile.mkdtemp(prefix="nightbell-drill-"))
    directory.chmod(0o755)
    return directory


def wait_for(happens: Callable[[], object], seconds: float) -> float:
    """Until it happens; how long that took. Raises TimeoutError."""
    began = time.monotonic()
    until = min(began + seconds, _ENDS)
    while not happens():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {time.monotonic() - began:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - began


def within(happens: Callable[[], object], seconds: float) -> float:
    """The same, and infinity where it does not happen."""
    try:
        return wait_for(happens, seconds)
    except TimeoutError:
        return float("inf")
