"""The only place that has the server prepare a statement: for the few that are run for every request and every page.

Planning such a statement costs the server several times what running it does. One is fit for it if its best plan does
not depend on what is asked, nor on how large its tables have grown since: it finds rows by their keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper


def cursor() -> CursorWrapper:
    """Like Django's `connection.cursor()`, whose statements are parsed and planned once a connection."""
    connection.ensure_connection()
    raw: Any = connection.connection
    # Django's own cursors bind on the client, and are never prepared whatever this says.
    raw.prepare_threshold = 0
    with connection.wrap_database_errors:
        wrapped: CursorWrapper = connection._prepare_cursor(ServerBindingCursor(raw))  # type: ignore[attr-defined, call-arg]  # noqa: SLF001 -- as Django wraps its own
    return wrapped


@contextmanager
def together() -> Iterator[tuple[CursorWrapper, CursorWrapper]]:
    """Two such cursors, whose statements go to the server in one trip: run both before either is read."""
    with cursor() as first, cursor() as second, connection.wrap_database_errors, connection.connection.pipeline():
        yield first, second
