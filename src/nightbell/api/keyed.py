"""The short way in for programs: with a key there is no session, no form, no page, and so none of what guards those."""

from functools import cache

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, get_resolver

_PLACE = "/v1"


def has_key(request: HttpRequest) -> bool:
    """Whether a program is asking: it shows a key, or something like it."""
    return "HTTP_AUTHORIZATION" in request.META and request.path_info.startswith(f"{_PLACE}/")


def serve(request: HttpRequest) -> HttpResponse:
    """The answer. Whatever is raised is answered and logged as everywhere else."""
    return _guarded(request)  # type: ignore[return-value]


def _serve(request: HttpRequest) -> HttpResponse:
    request.get_host()  # refuses a host that is not ours
    match = _resolver().resolve(request.path_info.removeprefix(_PLACE))
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Length"] = str(len(response.content))
    return response


_guarded = convert_exception_to_response(_serve)


@cache
def _resolver() -> URLResolver:
    return get_resolver("nightbell.api.v1")
