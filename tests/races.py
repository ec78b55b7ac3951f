"""Two things at once, in an order the test chooses: the only place where tests hold locks."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

import psycopg
from django.db import connection

T = TypeVar("T")

PATIENCE_SECONDS = 30.0
# Reading goes on, and so does taking row locks; whatever is decided waits before it is written.
WRITING = "lock table audit in share mode"


def incident_row(incident_id: UUID) -> str:
    """What everybody who changes an incident waits for. Those who wait get it in the order in which they came."""
    return f"select from incident where id = '{incident_id}' for no key update"


def membership_row(user_id: UUID) -> str:
    """What everybody waits for who hands an incident to somebody, opens one for them, or removes them."""
    return f"select from membership where user_id = '{user_id}' and removed_at is null for no key update"


def organization_row(organization_id: UUID) -> str:
    """What an opening waits for after it has locked its owner's membership."""
    return f"select from organization where id = '{organization_id}' for no key update"


class Running(Generic[T]):
    """Something that happens in a thread and on a connection of its own."""

    def __init__(self, act: Callable[[], T]) -> None:
        self._act = act
        self._connected: Future[int] = Future()
        pool = ThreadPoolExecutor(max_workers=1)
        self._done = pool.submit(self._run)
        pool.shutdown(wait=False)

    def result(self) -> T:
        """What came of it; raises what it raised."""
        return self._done.result(PATIENCE_SECONDS)

    def waits(self) -> Self:
        """Return as soon as it waits for a lock."""
        pid = self._connected.result(PATIENCE_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._done.done() and time.monotonic() < deadline:
            with connection.cursor() as cursor:
                cursor.execute("select cardinality(pg_blocking_pids(%s)) > 0", (pid,))
                if cursor.fetchone()[0]:
                    return self
        raise AssertionError("it waits for nobody")

    def _run(self) -> T:
        try:
            with connection.cursor() as cursor:
                cursor.execute("select pg_backend_pid()")
                self._connected.set_result(cursor.fetchone()[0])
            return self._act()
        finally:
            connection.close()


@contextmanager
def holding(*statements: str) -> Iterator[None]:
    """Hold the locks that these statements take, on a connection of their own, until the block ends."""
    with stranger() as holder:
        for statement in statements:
            holder.execute(statement.encode())
        yield
        holder.rollback()


@contextmanager
def stranger() -> Iterator[psycopg.Connection[Any]]:
    """A connection to the test's database that Django knows nothing of."""
    parameters = connection.get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters) as raw:
        yield raw


def in_order(held: str, *acts: Callable[[], Any]) -> list[Running[Any]]:
    """Start all of these at once, so that each waits in its place of the queue, and then let them go."""
    with holding(held):
        return [Running(act).waits() for act in acts]
