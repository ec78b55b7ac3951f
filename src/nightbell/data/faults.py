"""The server's words for what went wrong: the only place that knows what a SQLSTATE means to us."""

# Nothing is wrong, try that again: deadlocks and serialisation failures.
RETRIED_CLASS = "40"
# The session may not write: it was made while the server was a standby, or out of disk, and stays as it is.
READ_ONLY = "25006"
# A table that no migration has made yet; a lock that was not had in time.
UNDEFINED_TABLE = "42P01"
LOCK_NOT_AVAILABLE = "55P03"
# Shut down, crashed, not yet started, dropped, idle for too long: an operator ends the session.
_ENDED = "57P0"


def state_of(error: BaseException | None) -> str:
    """The SQLSTATE an error was raised with, the driver's own or Django's; empty where there is none."""
    for each in (error, error.__cause__ if error else None):
        if state := getattr(each, "sqlstate", None):
            return str(state)
    return ""


def constraint_of(error: BaseException) -> str | None:
    """The constraint that was broken, by its name; None where none was."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return None if name is None else str(name)


def is_useless(state: str) -> bool:
    """Whether a session that failed so is not worth keeping."""
    return state == READ_ONLY or state.startswith(_ENDED)
