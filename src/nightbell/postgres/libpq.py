"""The only place that keeps the environment from redirecting connections to the embedded server."""

import os

_FAMILY = "PG"  # every variable libpq reads begins so: PGHOSTADDR, PGSERVICE, PGSYSCONFDIR, PGDATESTYLE, …


def forget_environment() -> None:
    """Take libpq's variables out of this process, and so out of its children, before anything connects.

    An address alone does not do: a variable counts for whatever the address leaves open, and a service that cannot
    be found is an error whatever the address says.
    """
    for name in [name for name in os.environ if name.startswith(_FAMILY)]:
        del os.environ[name]
