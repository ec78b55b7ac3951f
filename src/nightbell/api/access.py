"""Who is asking: a program with an API key, or a member who is signed in."""

from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja.utils import check_csrf

from nightbell.api import errors, parsing
from nightbell.core import origins
from nightbell.core.incident import actor
from nightbell.data import first_statement, key_use
from nightbell.data.access import principal, sessions
from nightbell.data.access.principal import Principal

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# The organization a member has chosen, where they belong to several.
SESSION_ORGANIZATION = "organization"


class Request(HttpRequest):
    """A request of somebody known."""

    principal: Principal


class _Account(Protocol):
    pk: UUID
    is_authenticated: bool


def principal_of(request: HttpRequest) -> Principal:
    """Whoever the request comes from. Raises Problem: the 401 codes."""
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is not None:
        return _holder_of_key(request, header)
    user = cast(_Account, request.user)
    if not user.is_authenticated:
        raise errors.Problem("missing_authorization_header", "Send an API key: Authorization: Bearer nb_live_…")
    if request.method not in SAFE:
        _check_csrf(request)
    found = principal.of_user(user.pk, actor.Via.API, _chosen(request), since=sessions.since(request.session))
    if found is None:
        raise errors.Problem("not_authorized", "You are not a member of an organization.")
    return found


def why_refused(request: HttpRequest) -> str:
    """What is wrong with where a browser's request comes from; empty where nothing is."""
    asked = f"{request.scheme}://{request.get_host()}"
    return origins.refused(request.META.get("HTTP_ORIGIN"), settings.NIGHTBELL.url, asked)


def _check_csrf(request: HttpRequest) -> None:
    parsing.read_body(request)  # first, because the check looks for a form in it and nobody could read it then
    if check_csrf(request) is not None:
        raise errors.Problem("not_authorized", why_refused(request) or "The CSRF token is missing or wrong.")


def _holder_of_key(request: HttpRequest, header: str) -> Principal:
    scheme, _, key = header.partition(" ")
    # Our own command line says so, so that the record can.
    via = actor.Via.CLI if request.META.get("HTTP_X_NIGHTBELL_VIA") == "cli" else actor.Via.API
    if scheme.lower() != "bearer":
        raise errors.Problem("invalid_api_key", "The header must be: Authorization: Bearer nb_live_…")
    found = first_statement.read(lambda: principal.of_key(key.strip(), via))
    if found is None or found.actor.id is None:
        raise errors.Problem("invalid_api_key", "The API key is unknown or revoked.")
    key_use.mark(found.actor.id)
    return found


def _chosen(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.session.get(SESSION_ORGANIZATION))
    except (ValueError, TypeError, AttributeError):
        return None
