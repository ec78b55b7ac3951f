"""What the web server's worker runs: the application behind its door, once it is sure of its database."""

import sys

import click
from django.conf import settings
from django.db import connections
from django.urls import get_resolver

from nightbell.cli import proof
from nightbell.cli.door import Door, Limits
from nightbell.cli.threads import Threads
from nightbell.conf import wsgi
from nightbell.data import upgrade

application = wsgi.application

# Of all bodies at a time: 256 of the largest.
HELD_BYTES = 64 * 1024 * 1024


def door(body_seconds: float, rest_seconds: float) -> Door:
    """The application, for granian to call. A thread keeps its connection to the database until it has rested."""
    threads = Threads(settings.NIGHTBELL.web_threads, rest_seconds, connections.close_all)
    limits = Limits(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, body_seconds, HELD_BYTES)
    return Door(application, threads, limits)


def _read() -> tuple[list[str], str | None]:
    pending = upgrade.pending()
    # Read now, where none is configured: a request that needs the key may come when the database is away.
    return pending, None if pending else str(settings.SECRET_KEY)


def _check() -> None:
    try:
        pending, _ = proof.patiently(_read)
    except click.ClickException as refusal:
        sys.exit(refusal.message)
    if pending:
        sys.exit(f"The database is not up to date ({len(pending)} migrations): run nightbell migrate.")


_check()
# Loads every page now: a fault in one is told at the start, and the first request does not wait for it.
get_resolver().check()
