"""The door for Slack's own requests: signed, verified before they are parsed, and answered in time."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from typing import TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DataError, InterfaceError, OperationalError, close_old_connections
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from nightbell.channels.slack import signatures

log = logging.getLogger(__name__)
T = TypeVar("T")

# Slack waits for three seconds, its network included.
PATIENCE_SECONDS = 2.0
THREADS = 8
LOST_DATABASE = (OperationalError, InterfaceError)
# What reading a value raises that is of another kind than was asked for, or that no row can hold.
ODD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, DataError)
NOT_CONFIRMED = "Nightbell's database does not answer. Nothing is confirmed: please try again."

_workers = ThreadPoolExecutor(THREADS, "slack")


def signed(handle: Callable[[QueryDict], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """What only Slack may ask. Anything else is a 401, and nothing happens; so is all of it without a secret."""

    @wraps(handle)
    def enter(request: HttpRequest) -> HttpResponse:
        try:
            body = request.body
        except RequestDataTooBig:
            return HttpResponse(status=413)
        if not signatures.valid(settings.NIGHTBELL.slack_signing_secret, body, request.headers):
            return HttpResponse(status=401)
        try:
            return handle(QueryDict(body))
        except ODD as error:
            # Signed, but nothing that Slack sends, or of a shape it never had: its traceback is the way to find out.
            log.warning("what Slack sent is not understood: %r", type(error).__name__, exc_info=error)
            return HttpResponse("not understood", status=400, content_type="text/plain")

    # Exempt because the signature is the authority: no cookie is looked at.
    return csrf_exempt(never_cache(require_POST(enter)))


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
        log.error("what Slack asked for failed after it was answered", exc_info=error)
    else:
        late(done.result())
