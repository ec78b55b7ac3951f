"""What the web server's worker runs: the application, once it is sure of its database."""

import sys

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
# Loads every page now: a fault in one is told at the start, and the first request does not wait for it.
get_resolver().check()
