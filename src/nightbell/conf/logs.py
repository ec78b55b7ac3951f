"""What a line of the log says: the only place that leaves out of it what grants something to whoever reads it."""

import logging
import re
from collections.abc import Iterable
from functools import cache

from django.urls import URLPattern, URLResolver, get_resolver

HIDDEN = "…"
# Where Django tells of requests that it refuses.
_REFUSED = "django.security."
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# An id grants nothing: a number or a UUID, also as the name of a calendar.
_ID = re.compile(rf"(?:[0-9]{{1,12}}|{_UUID})(?:\.ics)?")
_WORD = re.compile(r"[a-z][a-z0-9_.-]*")
# In what others wrote, an exception or a value it shows: what our addresses grant something by.
_GRANTS = re.compile(
    r"(?P<before>/ack/|/password/reset/key/|[?&](?:token|code|state|key)=)[^\s\"'<>&?,;)\]]+", re.IGNORECASE
)


class Line(logging.Formatter):
    """One record. A path of a request is told by its words and ids; its query is not told.

    A request that is refused for what it says, like the name of another host, is one line: whoever sends such requests
    would fill the log with tracebacks.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback if there is one."""
        if hasattr(record, "request") and isinstance(record.args, tuple):
            told = logging.makeLogRecord(record.__dict__)
            told.args = tuple(
                path(each) if isinstance(each, str) and each.startswith("/") else each for each in record.args
            )
            if record.name.startswith(_REFUSED):
                told.exc_info = told.exc_text = None
            record = told
        return _GRANTS.sub(rf"\g<before>{HIDDEN}", super().format(record))


def path(address: str) -> str:
    """An address as it may be told: words of addresses of ours, ids, and nothing else."""
    parts = address.partition("?")[0].split("/")
    return "/".join(each if not each or each in _words() or _ID.fullmatch(each) else HIDDEN for each in parts)


@cache
def _words() -> frozenset[str]:
    """Every word that stands in an address of ours."""
    return frozenset(_words_of(get_resolver().url_patterns))


def _words_of(patterns: Iterable[URLPattern | URLResolver]) -> Iterable[str]:
    for each in patterns:
        yield from filter(_WORD.fullmatch, str(each.pattern).strip("^$").split("/"))
        if isinstance(each, URLResolver):
            yield from _words_of(each.url_patterns)
