"""What the tests of the embedded server share: owners in processes of their own, and what is left of a server."""

import atexit
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from nightbell.postgres import accounts, binaries, cluster, layout, processes

MAKE = cluster.make
FAST = {"fsync": "off"}  # nothing here outlives the test

OWNER = """
import sys, time
from pathlib import Path
from nightbell import postgres
server = postgres.start(Path(sys.argv[1]), {"fsync": "off"})
print(server.url, flush=True)
time.sleep(60)
"""


@contextmanager
def owner(data: Path, environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the server; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, data],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("postgresql://")
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        wait_until_gone(data)


def server_of(data: Path) -> int | None:
    """The process of the server of this directory, if it lives."""
    cluster_directory = layout.of(data).cluster
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and processes.is_server(int(entry.name), cluster_directory):
            return int(entry.name)
    return None


def kill(data: Path) -> None:
    """Kills the server that this process owns, and leaves it to its owner to find that out."""
    running = server_of(data)
    assert running is not None
    os.kill(running, signal.SIGKILL)
    os.waitid(os.P_PID, running, os.WEXITED | os.WNOWAIT)


def wait_until_gone(data: Path, patience: float = 15) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if server_of(data) is None:
            return True
        time.sleep(0.02)
    return False


def answer(url: str, statement: str = "select 1") -> object:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None


def make_cluster(data: Path, major: int) -> binaries.Binaries:
    """A cluster of an older version, as an installation that was begun with it has."""
    place = layout.of(data)
    layout.make(place)
    account = accounts.choose(place.cluster)
    programs = binaries.find_binaries(major)
    MAKE(place, programs, account, sync=False)
    return programs


@functools.cache
def _made(major: int, account: accounts.Account) -> Path:
    """A cluster as the product makes it, once per process; removed as that ends."""
    directory = Path(tempfile.mkdtemp(prefix="nb-made-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    directory.chmod(0o755)
    make_cluster(directory / "data", major)
    return layout.of(directory / "data").cluster


def make_by_copy(place: layout.Layout, programs: binaries.Binaries, account: accounts.Account, *, sync: bool) -> None:
    """In place of `cluster.make`, whose two programs take a second or two each time: a copy of what it made once."""
    del sync
    subprocess.run(["cp", "-a", _made(programs.major, account), place.cluster], check=True)


def fork() -> int:
    """os.fork; from Python 3.12 on it warns where other threads run, as the test runner's do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
