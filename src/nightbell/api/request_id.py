"""Gives every request an id, which is in its answer and its errors, and every error of the API its envelope."""

from collections.abc import Callable
from random import getrandbits

from django.http import HttpRequest, HttpResponse

from nightbell.api import errors, keyed

# Where the web server says that a request never came whole, and with which status to say so.
REFUSED = "nightbell.refused"


class RequestIdMiddleware:
    """Sets `request.request_id` and the `X-Request-Id` header of the answer.

    It is the outermost, so that it sees what no handler of the API does: a method that does not exist, a host that is
    refused, a fault of ours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = f"{getrandbits(128):032x}"
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self._response(request)
        if response.status_code >= 400 and request.path_info.startswith("/v1/"):
            response = errors.in_envelope(request, response)
        response.headers["X-Request-Id"] = request_id
        return response

    def _response(self, request: HttpRequest) -> HttpResponse:
        if status := request.META.get(REFUSED):
            return errors.unheard(status)
        return keyed.serve(request) if keyed.has_key(request) else self.get_response(request)
