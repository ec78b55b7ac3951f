"""Telling engines, wherever they run, that something may be due."""

from datetime import timedelta

from django.db import connection
from psycopg import errors
from psycopg.pq import ExecStatus

from nightbell.data.background import Background

CHANNEL = "nightbell_wake"
NOTIFY = f"notify {CHANNEL}".encode()


def engines() -> None:
    """Wake every engine, after the commit: inside it, commits would wait for each other across the cluster."""
    _notifier.add(CHANNEL)


def _notify(_channels: set[str]) -> None:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        # Without a cursor, because there is one for each decision and it asks and answers nothing.
        answer = connection.connection.pgconn.exec_(NOTIFY)
        if answer.status != ExecStatus.COMMAND_OK:
            raise errors.error_from_result(answer)


_notifier = Background("wake", _notify, timedelta(milliseconds=5))
