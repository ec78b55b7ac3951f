"""Gives every request an id, which is in its answer, its errors and the log."""

from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse


class RequestIdMiddleware:
    """Sets `request.request_id` and the `X-Request-Id` header of the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response
