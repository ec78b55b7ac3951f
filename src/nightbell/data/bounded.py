"""Asking the database within a bounded time: the only place whose answer comes even where the server is frozen."""

import time
from collections.abc import Generator, Mapping
from typing import Any, TypeVar

import psycopg
from django.db import connection
from psycopg import waiting

R = TypeVar("R")

# What an ordinary statement here takes is milliseconds; libpq allows connecting no less.
PATIENCE_SECONDS = 2
# Django's own, which a plain connection has no use for.
_DJANGOS = ("context", "cursor_factory", "prepare_threshold")


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that waits for no statement longer than that.

    The server's own `statement_timeout` is kept by the server: one that is stopped, or unreachable behind something
    that still answers for it, would be waited for without end.
    """

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """As psycopg waits, and no longer. Raises OperationalError."""
        return super().wait(_within(gen, time.monotonic() + PATIENCE_SECONDS), *args, **kwargs)


def _within(gen: Generator[Any, Any, R], until: float) -> Generator[Any, Any, R]:
    """The same generator; psycopg resumes it ten times a second, with nothing where nothing came."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready == waiting.READY_NONE and time.monotonic() > until:
                raise psycopg.OperationalError(f"no answer within {PATIENCE_SECONDS} s")
            wanted = gen.send(ready)
    except StopIteration as end:
        result: R = end.value
        return result


def connect(name: str) -> Connection:
    """A new connection to this installation's database, in autocommit; `name` is what the server shows of it."""
    parameters = connection.get_connection_params()
    for each in (*_DJANGOS, "target_session_attrs"):
        # Whether it may be written to is for whoever asks to find out.
        parameters.pop(each, None)
    parameters |= {"connect_timeout": PATIENCE_SECONDS, "application_name": name}
    made = Connection.connect(**parameters, autocommit=True, prepare_threshold=None)
    assert isinstance(made, Connection)
    return made


class Line:
    """One connection that is kept, and made anew after it failed; for one thread at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept: Connection | None = None

    def ask(self, statement: str, given: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows that come back. Raises psycopg.Error, in a bounded time."""
        if self._kept is None:
            return self._anew(statement, given)
        until = time.monotonic() + PATIENCE_SECONDS
        try:
            return self._run(self._kept, statement, given)
        except psycopg.OperationalError:
            # A server that was restarted meanwhile is well; one that did not answer in time is not asked again.
            if time.monotonic() >= until:
                raise
            return self._anew(statement, given)

    def close(self) -> None:
        """Ask on a new connection next time."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _anew(self, statement: str, given: Mapping[str, Any] | None) -> list[tuple[Any, ...]]:
        self._kept = connect(self._name)
        return self._run(self._kept, statement, given)

    def _run(self, kept: Connection, statement: str, given: Mapping[str, Any] | None) -> list[tuple[Any, ...]]:
        try:
            done = kept.execute(statement.encode(), given)
            return done.fetchall() if done.description else []
        except psycopg.Error:
            # Whatever it was, also a session that has turned read-only: the next is another.
            self.close()
            raise
