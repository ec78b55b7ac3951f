"""PgBouncer before a server of ours: the only place that starts one."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nightbell import postgres
from nightbell.postgres import processes

NO_POOLER = "no pgbouncer here"


def need_one() -> str:
    """The program; a test that has none is skipped, but not where CI says that nothing may be."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(NO_POOLER)
        pytest.skip(NO_POOLER)
    return found


@contextlib.contextmanager
def pooler(server: postgres.Server, mode: str, **settings: object) -> Iterator[str]:
    """The address of a database behind a pooler in this mode."""
    program = need_one()
    # It refuses to run as root, and must reach the server's socket.
    user = pwd.getpwuid(server.socket_directory.stat().st_uid).pw_name if os.geteuid() == 0 else None
    _let_in(server, user)
    directory = Path(tempfile.mkdtemp(prefix="nightbell-pooler-"))
    directory.chmod(0o777)
    inside = psycopg.conninfo.conninfo_to_dict(server.url)
    given = {
        "listen_addr": "",
        "unix_socket_dir": directory,
        "listen_port": 6432,
        "auth_type": "any",
        "pool_mode": mode,
        "ignore_startup_parameters": "extra_float_digits,options",
        **settings,
    }
    lines = [
        "[databases]",
        f"nightbell = host={inside['host']} port={inside['port']} dbname=nightbell user=nightbell",
        "[pgbouncer]",
        *(f"{name} = {value}" for name, value in given.items()),
    ]
    (directory / "ini").write_text("\n".join(lines) + "\n")
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([program, "-q", str(directory / "ini")], stdout=log, stderr=log, user=user)
    try:
        url = f"postgresql://nightbell@/nightbell?host={directory}&port=6432"
        _wait_for(url, directory / "log")
        yield url
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with psycopg.connect(url, connect_timeout=5):
                return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise RuntimeError(log.read_text()) from error
            time.sleep(0.05)


def _let_in(server: postgres.Server, user: str | None) -> None:
    """The server knows its clients by their users."""
    name = user or pwd.getpwuid(os.geteuid()).pw_name
    rule = f'nightbell "{name}" nightbell\n'
    ident = server._place.ident
    if rule not in ident.read_text():
        with ident.open("a") as file:
            file.write(rule)
        running = processes.read_pid_file(server._place.cluster)
        assert running is not None
        os.kill(running.pid, signal.SIGHUP)
