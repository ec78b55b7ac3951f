"""Reading what was sent: the only place that turns bytes into values, and refuses what no field could hold."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from ninja.parser import Parser
from ninja.types import DictStrAny

from nightbell.api import errors
from nightbell.core.incident import state


class StrictParser(Parser):
    """JSON as the standard has it, in UTF-8, without what PostgreSQL cannot store."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """The body as JSON values. Raises Problem, naming `body` or the field."""
        raw = request.body
        try:
            parsed: DictStrAny = json.loads(raw.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise errors.invalid("body", "This is not JSON in UTF-8.") from None
        if b"\\u" in raw:
            _refuse_unstorable(parsed)
        return parsed

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> DictStrAny:
        """The query's values. Raises Problem, naming the field."""
        values = super().parse_querydict(data, list_fields, request)
        _refuse_unstorable(values)
        return values


def read_body(request: HttpRequest) -> bytes:
    """The body, which where there is none is an empty object. Raises Problem: `body_too_large`."""
    try:
        body = request.body
    except RequestDataTooBig:
        raise errors.Problem("body_too_large", "The body is larger than 256 KiB.") from None
    except OSError:
        raise errors.Problem("bad_request", "The body ended before it was whole.") from None
    if not body:
        request._body = body = b"{}"  # noqa: SLF001 -- where Django keeps what it has read
    return body


def uuid(text: str | None) -> UUID | None:
    """The id in a text; None where it is nobody's and nothing's."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def reference(text: str) -> UUID | int | None:
    """An incident's id or number; None where no incident could have it."""
    return state.number_in(text) or uuid(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse_unstorable(parsed: Any) -> None:
    for path, text in _texts(parsed, ()):
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise errors.invalid(".".join(path) or "body", "The text has a character that cannot be stored.")


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    match value:
        case str():
            yield path, value
        case list():
            for place, each in enumerate(value):
                yield from _texts(each, (*path, str(place)))
        case dict():
            for name, each in value.items():
                yield path, name
                yield from _texts(each, (*path, name))
        case _:
            pass
