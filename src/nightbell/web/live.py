"""Live pages: the only place that says to the script whether what it shows still holds, and by which clock."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse

# The version that the script shows, on its questions; the database's clock, on every answer: countdowns follow it.
VERSION = "X-Nightbell-Version"
NOW = "X-Nightbell-Now"


def asked(request: HttpRequest) -> str | None:
    """The version that the script shows; None where it is not the script that asks."""
    return request.headers.get(VERSION)


def unchanged(now: datetime) -> HttpResponse:
    """What the script shows still holds."""
    return dated(HttpResponse(status=204), now)


def dated(response: HttpResponse, now: datetime) -> HttpResponse:
    """The same answer, with the database's time on it."""
    response[NOW] = str(int(now.timestamp() * 1000))
    return response
