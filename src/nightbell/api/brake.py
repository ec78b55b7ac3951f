"""How much a key may write: the only place that counts its requests, and tells it what is left."""

import math
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja.operation import Operation

from nightbell.api import errors
from nightbell.core.incident import actor
from nightbell.data import key_use

View = TypeVar("View", bound=Callable[..., HttpResponse])
# The names of the operations that no key is kept from.
free: set[str] = set()


def never(view: View) -> View:
    """An operation that answers a page: it is neither refused nor counted, however much its key has written."""
    free.add(view.__name__)
    return view


def count(request: HttpRequest, operation: Operation) -> None:
    """Count a write. Raises Problem: `rate_limited`, with nothing counted."""
    who = request.principal.actor  # type: ignore[attr-defined]
    if who.type is not actor.Type.API_KEY or operation.view_func.__name__ in free:
        return
    if not key_use.write(who.id):
        pace = settings.NIGHTBELL.key_pace
        seconds = math.ceil(pace.wait(key_use.level(who.id)))
        raise errors.Problem(
            "rate_limited",
            f"The key has written too much: {pace.per_minute:,} writes per minute, {pace.burst:,} at once."
            f" Nothing was changed; acknowledging, handing off and resolving go on. Try again in {seconds} s.",
            retry_after=max(1, seconds),
        )


def tell(request: HttpRequest, answer: HttpResponse) -> None:
    """Say in headers what a key may still write, in the fields of the IETF's draft on rate limits (version 10)."""
    who = getattr(request, "principal", None)
    if who is None or who.actor.type is not actor.Type.API_KEY:
        return
    pace, level = settings.NIGHTBELL.key_pace, key_use.level(who.actor.id)
    answer.headers["RateLimit-Policy"] = f'"writes";q={pace.burst};w={math.ceil(pace.window(pace.burst))}'
    answer.headers["RateLimit"] = f'"writes";r={pace.left(level)};t={math.ceil(pace.window(level))}'
