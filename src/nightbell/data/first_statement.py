"""The first statement of a request on a kept connection: it finds out by itself whether the connection still works."""

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")


def read(ask: Callable[[], T]) -> T:
    """What `ask` reads, on a new connection if the old one turns out to be dead. It must not write.

    It spares every request the `select 1` by which Django asks first.
    """
    if connection.in_atomic_block:
        return ask()
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return ask()
    except (OperationalError, InterfaceError):
        connection.close()
        return ask()
