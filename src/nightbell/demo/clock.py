"""The only place that moves a database's clock: an offset from a one-row table is added to `nightbell_now()`."""

from datetime import timedelta

from django.db import connection
from django.db.backends.utils import CursorWrapper

# All in one: a table without its function, or the other way round, would be a clock that lies.
INSTALL = """
create table if not exists demo_clock (
    only_row boolean primary key default true check (only_row),
    ahead interval not null default interval '0'
);
insert into demo_clock default values on conflict do nothing;
"""

# Stable, as the one it replaces: without the word `create or replace` makes it volatile, which no index serves.
MOVED = """
create or replace function nightbell_now() returns timestamptz
language sql stable parallel safe
as 'select clock_timestamp() + (select ahead from demo_clock)'
"""

REAL = """
create or replace function nightbell_now() returns timestamptz
language sql stable parallel safe
as 'select clock_timestamp()'
"""

DROP = "drop table if exists demo_clock"

ADVANCE = "update demo_clock set ahead = ahead + make_interval(secs => %(seconds)s) returning ahead"

RESET = "update demo_clock set ahead = interval '0'"

OFFSET = "select ahead from demo_clock"


def install(cursor: CursorWrapper) -> None:
    """Make this database's clock movable; done again, nothing changes. It must be migrated."""
    cursor.execute(INSTALL)
    cursor.execute(MOVED)


def remove(cursor: CursorWrapper) -> None:
    """Give the database its real clock back."""
    cursor.execute(REAL)
    cursor.execute(DROP)


def advance(by: timedelta) -> timedelta:
    """Move the clock on, for every process on this database from its next statement on; how far ahead it is now."""
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, {"seconds": by.total_seconds()})
        (ahead,) = cursor.fetchone()
    return ahead  # type: ignore[no-any-return]


def reset() -> None:
    """Put the clock right."""
    with connection.cursor() as cursor:
        cursor.execute(RESET)


def offset() -> timedelta:
    """How far ahead of the real time this database is."""
    with connection.cursor() as cursor:
        cursor.execute(OFFSET)
        (ahead,) = cursor.fetchone()
    return ahead  # type: ignore[no-any-return]
