"""The door for what providers ask: signed, verified before it is parsed, bounded, and answered in time."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from typing import TypeVar

from django.core.exceptions import RequestDataTooBig
from django.db import DataError, InterfaceError, OperationalError, close_old_connections
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = logging.getLogger(__name__)
T = TypeVar("T")

# Slack waits for three seconds, its network included, and nobody for less.
PATIENCE_SECONDS = 2.0
THREADS = 8

Valid = Callable[[bytes, Mapping[str, str]], bool]
View = Callable[[HttpRequest], HttpResponse]

LOST_DATABASE = (OperationalError, InterfaceError)
# What reading a value raises that is of another kind than was asked for, or that no row can hold.
ODD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, DataError)
NOT_CONFIRMED = "Nightbell's database does not answer. Nothing is confirmed: please try again."

_workers = ThreadPoolExecutor(THREADS, "inbound")


def signed(provider: str, valid: Valid) -> Callable[[Callable[[QueryDict], HttpResponse]], View]:
    """What only this provider may ask, as `valid` tells from the raw body and the headers.

    Anything else is a 401, and nothing happens.
    """

    def to(handle: Callable[[QueryDict], HttpResponse]) -> View:
        @wraps(handle)
        def enter(request: HttpRequest) -> HttpResponse:
            try:
                body = request.body
            except RequestDataTooBig:
                return HttpResponse(status=413)
            if not valid(body, request.headers):
                return HttpResponse(status=401)
            try:
                return handle(QueryDict(body))
            except ODD as error:
                # Signed, but nothing that is ever sent, or of a shape it never had: its traceback is the way to find
                # out.
                log.warning("what %s sent is not understood: %r", provider, type(error).__name__, exc_info=error)
                return HttpResponse("not understood", status=400, content_type="text/plain")

        # Exempt because the signature is the authority: no cookie is looked at.
        return csrf_exempt(never_cache(require_POST(enter)))

    return to


def timely(work: Callable[[], T], late: Callable[[T], None]) -> T | None:
    """What `work` answers, if it does so in time; if not, None at once, and `late` is told when it is done."""
    future = _workers.submit(_own_connection, work)
    try:
        return future.result(PATIENCE_SECONDS)
    except TimeoutError:
        future.add_done_callback(lambda done: _tell(done, late))
        return None


def _own_connection(work: Callable[[], T]) -> T:
    """No request's end looks after these threads' connections."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


def _tell(done: "Future[T]", late: Callable[[T], None]) -> None:
    if error := done.exception():
        log.error("what a provider asked for failed after it was answered", exc_info=error)
    else:
        late(done.result())
