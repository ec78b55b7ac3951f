"""Whole installations to test against: the only place where these tests start `nightbell` as a process, and stop it."""

import atexit
import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

NIGHTBELL = (sys.executable, "-m", "nightbell.cli")
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Installation:
    """One data directory, and what runs on it."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.directory = directory
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("NIGHTBELL_", "COV_"))},
            "NIGHTBELL_DATA_DIR": str(directory / "data"),
            **environ,
        }
        self.log = directory / "log"
        self.process: subprocess.Popen[str] | None = None

    def start(self, *verb: str) -> str:
        """Run `serve`, or another verb that lasts; what it said first."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*NIGHTBELL, *(verb or ("serve", "--port", str(self.port)))],
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{self.url}/accounts/login/", timeout=5)
                said = self._line()
                return said if "127.0.0.1" in said else self._line()
            time.sleep(0.05)
        raise AssertionError(f"it did not start:\n{self.log.read_text()}")

    def _line(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal and wait for its end; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(STOP_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code

    def run(self, *verb: str) -> "subprocess.CompletedProcess[str]":
        """One verb to its end."""
        return subprocess.run(
            [*NIGHTBELL, *verb], env=self.environ, capture_output=True, text=True, timeout=60, check=False
        )

    def data(self, *verb: str) -> Any:
        """What a verb prints with --json."""
        done = self.run(*verb, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def family(self) -> dict[int, str]:
        """Every process that comes from ours, and its command line."""
        assert self.process is not None
        return descendants(self.process.pid)

    def one(self, words: str) -> int:
        """The process of the family whose command line has these words: the eldest."""
        return min(pid for pid, line in self.family().items() if words in line)


def descendants(pid: int) -> dict[int, str]:
    """The processes below this one."""
    found: dict[int, str] = {}
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found[child] = command_line(child)
                found |= descendants(child)
    return found


def command_line(pid: int) -> str:
    """How a process was started; empty for one that is gone, or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def wait_until_gone(pids: Mapping[int, str], seconds: float = 20.0) -> None:
    """Fails where one of these processes still runs after that long."""
    deadline = time.monotonic() + seconds
    while left := {pid: line for pid, line in pids.items() if command_line(pid)}:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@functools.cache
def _prepared() -> Path:
    """A data directory with a database that is up to date and empty, once per process; removed as that ends."""
    directory = _directory()
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    done = Installation(directory, {}).run("migrate")
    assert done.returncode == 0, done.stderr
    return directory / "data"


def _directory() -> Path:
    """One that a server's user may pass."""
    directory = Path(tempfile.mkdtemp(prefix="nightbell-cli-"))
    directory.chmod(0o755)
    return directory


@contextlib.contextmanager
def installation(environ: Mapping[str, str], *, prepared: bool = False) -> Iterator[Installation]:
    """A fresh one, or one whose tables are made; whatever still runs at the end is killed."""
    directory = _directory()
    if prepared:
        subprocess.run(["cp", "-a", _prepared(), directory], check=True)
    made = Installation(directory, environ)
    try:
        yield made
    finally:
        if made.process is not None:
            family = made.family()
            made.stop(signal.SIGKILL)
            wait_until_gone(family)
        shutil.rmtree(directory, ignore_errors=True)
