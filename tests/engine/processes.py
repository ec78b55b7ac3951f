"""Engines and writers as real processes, and what the tests of the engine ask them and their database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from django.db import connection

from nightbell import postgres
from nightbell.core import delivery
from nightbell.demo import clock

# An engine has taken up its work within this, on a machine that does much else.
PATIENCE = 30.0
PAST_THE_LEASE = delivery.LEASE + timedelta(seconds=1)


class Engine:
    """`nightbell engine` on the database of the tests; killed at the end of the block if it still runs."""

    def __init__(self, log: Path, url: str, smtp_url: str | None, **settings: str) -> None:
        self.log = log
        self._environ = environment(url, smtp_url, settings)
        self._process: subprocess.Popen[bytes] | None = None
        # Descriptors it is given.
        self.inherits: tuple[int, ...] = ()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it; it is at work a moment later."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nightbell.cli", "engine"],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.inherits,
            )

    def wait_until_ready(self) -> None:
        """Until it has said that it runs."""
        assert self._process is not None
        process = self._process
        eventually(lambda: "the engine runs" in self.said or process.poll() is not None)
        assert process.poll() is None, self.said

    @property
    def said(self) -> str:
        """Its log."""
        return self.log.read_text()

    def send(self, number: signal.Signals) -> None:
        """A signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Its exit code. Raises TimeoutExpired."""
        assert self._process is not None
        return self._process.wait(seconds)

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def environment(url: str, smtp_url: str | None, settings: dict[str, str]) -> dict[str, str]:
    """The environment of a process of Nightbell."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NIGHTBELL_")}
    given = {"NIGHTBELL_DATABASE_URL": url, "NIGHTBELL_MAIL_FROM": "Nightbell <pager@nightbell.example>", **settings}
    if smtp_url is not None:
        given["NIGHTBELL_SMTP_URL"] = smtp_url
    return {**inherited, **given, "DJANGO_SETTINGS_MODULE": "nightbell.conf.settings"}


def eventually(happens: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Wait until it happens; how long that took."""
    began = time.monotonic()
    while not happens():
        assert time.monotonic() - began < seconds, f"did not happen within {seconds:g} s"
        time.sleep(0.02)
    return time.monotonic() - began


def ask(statement: str, *given: Any) -> list[tuple[Any, ...]]:
    """What the database answers; on a connection of its own if the last was lost."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall() if cursor.description else []


def count(statement: str, *given: Any) -> int:
    """A number the database answers."""
    return int(ask(statement, *given)[0][0])


def leases_run_out() -> None:
    """Time passes, for every engine, until nobody holds what is being sent now."""
    clock.advance(PAST_THE_LEASE)


def connected(url: str) -> int:
    """How many connections engines have, seen from a connection that is not one of theirs."""
    with psycopg.connect(url, application_name="looking on") as looking:
        row = looking.execute("select count(*) from pg_stat_activity where application_name = 'nightbell'").fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def read_only(server: postgres.Server) -> Iterator[None]:
    """The server lets nobody write, as a managed one does whose disk is full."""
    configuration = server._place.cluster / "postgresql.auto.conf"
    before = configuration.read_text()
    configuration.write_text(f"{before}default_transaction_read_only = on\n")
    _reload(server, "on")
    try:
        yield
    finally:
        configuration.write_text(before)
        _reload(server, "off")


def _reload(server: postgres.Server, setting: str) -> None:
    assert server._process is not None
    server._process.send_signal(signal.SIGHUP)

    def has_it() -> bool:
        # On a connection that does not mind: what a new one finds, all before it have been told.
        with psycopg.connect(server.url) as looking:
            return looking.execute("show default_transaction_read_only").fetchone() == (setting,)

    eventually(has_it)
