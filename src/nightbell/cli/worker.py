"""What the web server's worker runs: the application, once it is sure of its database."""

import sys

from django.conf import settings
from django.db import Error
from django.urls import get_resolver

from nightbell.conf import wsgi
from nightbell.data import upgrade

application = wsgi.application


def _check() -> None:
    try:
        pending = upgrade.pending()
    except Error as error:
        sys.exit(f"The database does not answer: {str(error).strip()}")
    if pending:
        sys.exit(f"The database is not up to date ({len(pending)} migrations): run nightbell migrate.")


_check()
# Read from the database now, where none is configured: a request that needs it may come when the database is away.
str(settings.SECRET_KEY)
# Loads every page now: a fault in one is told at the start, and the first request does not wait for it.
get_resolver().check()
