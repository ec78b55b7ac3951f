"""The embedded PostgreSQL: the only place that finds, starts, takes over and stops a server of our own.

`start` owns it, `attach` uses a running one, `share` does whichever is possible for a verb that does one thing.
"""

from nightbell.postgres.binaries import find_binaries
from nightbell.postgres.errors import Busy, NotRunning, OtherUser, PostgresError, Refused, Unusable
from nightbell.postgres.first_process import as_init, reap_orphans
from nightbell.postgres.layout import default_data_directory
from nightbell.postgres.server import Server, attach, share, start

__all__ = [
    "Busy",
    "NotRunning",
    "OtherUser",
    "PostgresError",
    "Refused",
    "Server",
    "Unusable",
    "as_init",
    "attach",
    "default_data_directory",
    "find_binaries",
    "reap_orphans",
    "share",
    "start",
]
