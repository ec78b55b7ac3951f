"""The REST API as one object, and its addresses."""

from typing import Any

from django import db
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation

from nightbell.api import errors, feeds, parsing, reference
from nightbell.api.door import door
from nightbell.api.incidents import routes as incidents
from nightbell.api.policies import routes as policies
from nightbell.api.schedules import on_call
from nightbell.api.schedules import routes as schedules
from nightbell.api.users import routes as users
from nightbell.core.errors import Code, Rejected

_UNUSED = HttpResponse()


class API(NinjaAPI):
    """Ninja's, with names of operations that a reader and a generated client can use."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """After its function."""
        return reference.operation_id(operation.view_func.__name__)

    def create_temporal_response(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 -- ninja's signature
        """Ninja's answer in case an operation makes none itself; every one does, by its shapes."""
        return _UNUSED


def leave_to_the_door(_request: HttpRequest, error: Exception) -> HttpResponse:
    """A transaction that may be run again must see it first."""
    raise error


api = API(
    title="Nightbell",
    version="1",
    urls_namespace="v1",
    openapi_url=None,
    docs_url=None,
    parser=parsing.StrictParser(),
)
api.add_decorator(door, mode="view")
for each in (incidents.router, policies.router, schedules.router, on_call.router, users.router):
    api.add_router("", each)

# Exceptions of a kind are handled by the function for it; ninja's types also allow for a class, which nothing raises.
_HANDLERS: dict[type[Exception], Any] = {
    errors.Problem: errors.of_problem,
    Rejected: errors.of_rejected,
    ValidationError: errors.of_validation,
    HttpError: errors.of_http,
    db.Error: leave_to_the_door,
}
for kind, handler in _HANDLERS.items():
    api.add_exception_handler(kind, handler)


def unknown(request: HttpRequest) -> HttpResponse:
    """Any other address of the API."""
    return errors.of_rejected(request, Rejected(Code.NOT_FOUND, "There is nothing at this address."))


@require_safe
def openapi(_request: HttpRequest) -> HttpResponse:
    """The reference, for programs."""
    return HttpResponse(reference.text(api), content_type="application/json")


def openapi_text() -> str:
    """The reference as it is committed."""
    return reference.text(api)


_ninja: Any = api.urls[0]
urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", openapi),
    # First, because the library takes what ends in .ics for an id.
    *feeds.urlpatterns,
    *_ninja[:-1],
    re_path("", unknown),
]
