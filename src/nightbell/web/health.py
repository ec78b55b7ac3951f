"""The three addresses that say how this installation is, for probes and watchers; and what admins are told of it.

They are answered before anything else of a request is looked at: they need no session, no form and no host name, and
no connection of the thread that serves them, which may be waiting for a database that is frozen.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import psycopg
from django.http import HttpRequest, HttpResponse

from nightbell.core import health
from nightbell.data import bounded
from nightbell.data.reads import health as reads

Checks = dict[str, bool]

# What was found is good for so long, however many ask.
FRESH_SECONDS = 1.0
# Whoever probes is told within this that nobody knows.
PATIENCE_SECONDS = 2.0
# A page is not made to wait for its banner, and seldom asks.
BANNER_FRESH_SECONDS, BANNER_PATIENCE_SECONDS = 5.0, 0.25

_SAFE = ("GET", "HEAD")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_REASONS = {200: "OK", 405: "Method Not Allowed", 503: "Service Unavailable"}


class Probe:
    """A question to the database, asked by one thread at a time, whose askers wait no longer than they want to."""

    def __init__(self, name: str, look: Callable[[bounded.Line], Checks]) -> None:
        self._name = name
        self._look = look
        self._line = bounded.Line(f"nightbell {name}")
        self._lock = threading.Lock()
        self._asking: threading.Event | None = None
        self._found: Checks | None = None
        self._found_at = -float("inf")

    def found(self, fresh: float, patience: float) -> Checks | None:
        """What was found less than `fresh` seconds ago; None where the database does not say within `patience`."""
        with self._lock:
            if self._asking is None and time.monotonic() - self._found_at > fresh:
                asking = threading.Event()
                threading.Thread(target=self._ask, args=(asking,), name=self._name, daemon=True).start()
                self._asking = asking
            asked = self._asking
        if asked is not None and not asked.wait(patience):
            return None
        return self._found

    def _ask(self, asking: threading.Event) -> None:
        found: Checks | None = None
        try:
            found = self._look(self._line)
        except psycopg.Error:
            self._line.close()
        finally:
            with self._lock:
                self._found, self._found_at, self._asking = found, time.monotonic(), None
            asking.set()


def _look_at_database(line: bounded.Line) -> Checks:
    found = {health.DATABASE: reads.writable(line.ask), "migrations": reads.migrated(line.ask)}
    if not found[health.DATABASE]:
        # What is read-only for this session may not be so for the next.
        line.close()
    return found


def _look_at_paging(line: bounded.Line) -> Checks:
    return {health.DATABASE: True, **reads.paging(line.ask)}


READY = Probe("readiness", _look_at_database)
PAGING = Probe("paging", _look_at_paging)


def troubles() -> list[str]:
    """What keeps people from being paged, for an admin's page; nothing where nobody knows."""
    found = PAGING.found(BANNER_FRESH_SECONDS, BANNER_PATIENCE_SECONDS)
    return health.troubles(found) if found else []


def _healthz() -> tuple[int, str, str]:
    return 200, "text/plain; charset=utf-8", "ok\n"


def _readyz() -> tuple[int, str, str]:
    return _answer(READY.found(FRESH_SECONDS, PATIENCE_SECONDS), (health.DATABASE, "migrations"))


def _pagingz() -> tuple[int, str, str]:
    return _answer(PAGING.found(FRESH_SECONDS, PATIENCE_SECONDS), (health.DATABASE, *health.PAGING))


def _answer(found: Mapping[str, bool] | None, names: Iterable[str]) -> tuple[int, str, str]:
    """Each check by its name: true where it holds, false where it does not or nobody knows."""
    checks = {name: bool(found and found[name]) for name in names}
    ok = all(checks.values())
    return 200 if ok else 503, "application/json", json.dumps({"ok": ok, "checks": checks}) + "\n"


_ADDRESSES = {"/healthz": _healthz, "/readyz": _readyz, "/pagingz": _pagingz}


def answer(path: str, method: str) -> tuple[int, dict[str, str], bytes] | None:
    """Status, headers and body; None for every other address."""
    say = _ADDRESSES.get(path)
    if say is None:
        return None
    if method not in _SAFE:
        return 405, {**_HEADERS, "Allow": ", ".join(_SAFE), "Content-Length": "0"}, b""
    status, kind, text = say()
    body = text.encode()
    headers = {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}
    return status, headers, b"" if method == "HEAD" else body


def before(application: WSGIApplication) -> WSGIApplication:
    """The application, and before it these addresses: Django begins every request by asking the thread's database."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = answer(environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"])
        if found is None:
            return application(environ, start_response)
        status, headers, body = found
        start_response(f"{status} {_REASONS[status]}", list(headers.items()))
        return [body]

    return serve


class HealthMiddleware:
    """The same for whatever serves Django in another way. The outermost: it knows no host and no session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = answer(request.path_info, request.method or "")
        if found is None:
            return self.get_response(request)
        status, headers, body = found
        return HttpResponse(body, status=status, headers=headers)
