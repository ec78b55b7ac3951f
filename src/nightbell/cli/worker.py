"""What the web server's worker runs: the application, once it is sure of its database."""

import sys

import click
from django.conf import settings
from django.urls import get_resolver

from nightbell.cli import proof
from nightbell.conf import wsgi
from nightbell.data import upgrade

application = wsgi.application


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
