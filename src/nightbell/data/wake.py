"""Telling engines, wherever they run, that something may be due."""

from datetime import timedelta

from django.db import connection

from nightbell.data.background import Background

CHANNEL = "nightbell_wake"
NOTIFY = "select pg_notify(%(channel)s, '')"


def engines() -> None:
    """Wake every engine, after the commit: inside it, commits would wait for each other across the cluster."""
    _notifier.add(CHANNEL)


def _notify(_channels: set[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOTIFY, {"channel": CHANNEL})


_notifier = Background("wake", _notify, timedelta(milliseconds=5))
