"""Proving that a connection is a session of its own: the only place that finds a pooler which lends it out meanwhile.

Advisory locks, prepared statements and LISTEN live in a server's session. Behind a pooler in transaction mode two
statements of one connection meet two sessions, and two connections share one: most requests fail, now and then.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from nightbell.data import bounded

MARK = "select set_config('nightbell.session', %(mark)s, false)"
MARKED = "select coalesce(current_setting('nightbell.session', true), '')"
BEGIN = "begin"
COMMIT = "commit"

# Limits that we ask for as the session starts. Zero is none at all, whoever may have set it.
UNLIMITED = """
select s.name from pg_settings s
where s.name in ('statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout') and s.setting = '0'
order by s.name
"""

# Each round shows a pooler with few free sessions and one with many, whether it lends the last one first or last.
ROUNDS = 3
IN_A_ROW = 3

REFUSED = (
    "A pooler in transaction mode stands between Nightbell and its database: statements of one connection reach "
    "different sessions. NIGHTBELL_DATABASE_URL must lead straight to PostgreSQL, or to a pooler in session mode."
)
REFUSES_OPTIONS = (
    "A pooler between Nightbell and its database refuses the limits that Nightbell asks for as a session starts "
    "(options). NIGHTBELL_DATABASE_URL must lead straight to PostgreSQL, or to a pooler in session mode that has "
    "options among its ignore_startup_parameters."
)
WITHOUT = (
    "not in force on our sessions: {limits}. A pooler drops what Nightbell asks for as a session starts; connect "
    "straight to PostgreSQL, or set them for the role: alter role … set statement_timeout = '30s'"
)
# PgBouncer's words, which it does not translate: for what it does not know, and for `begin` in statement mode.
_UNKNOWN_PARAMETER = "unsupported startup parameter"
_NO_TRANSACTIONS = "statement pooling mode"


class NotOurs(Exception):  # noqa: N818 -- says what the sessions are
    """What stands before this database lends sessions out; the message is for people."""


def prove() -> list[str]:
    """The limits that are not in force on a session of ours. Raises NotOurs; psycopg.Error where nobody answers.

    What one connection leaves in its session must still be there when it looks, and another must not find it. The
    other begins a transaction meanwhile, which keeps whatever session it has been lent.
    """
    with _plainly(), bounded.connect("nightbell start") as ours, bounded.connect("nightbell start") as other:
        mark = secrets.token_hex(8)
        _ask(ours, MARK, mark)
        for _ in range(ROUNDS):
            if any(_mark_of(ours) != mark for _ in range(IN_A_ROW)) or _mark_of(other) == mark:
                raise NotOurs(REFUSED)
            other.execute(BEGIN)
            if _mark_of(other) == mark or _mark_of(ours) != mark:
                raise NotOurs(REFUSED)
            other.execute(COMMIT)
        return [name for (name,) in ours.execute(UNLIMITED).fetchall()]


def without(limits: list[str]) -> str:
    """What to say of limits that are not in force."""
    return WITHOUT.format(limits=", ".join(limits))


def _ask(connection: bounded.Connection, statement: str, mark: str) -> None:
    connection.execute(statement.encode(), {"mark": mark})


def _mark_of(connection: bounded.Connection) -> str:
    [(mark,)] = connection.execute(MARKED.encode()).fetchall()
    return str(mark)


@contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except psycopg.OperationalError as error:
        if _UNKNOWN_PARAMETER in str(error):
            raise NotOurs(REFUSES_OPTIONS) from error
        if _NO_TRANSACTIONS in str(error):
            raise NotOurs(REFUSED) from error
        raise
