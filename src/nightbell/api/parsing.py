"""Reading what was sent: the only place that turns bytes into values, and refuses what no field could hold."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from ninja.parser import Parser
from ninja.types import DictStrAny

from nightbell.api import errors
from nightbell.core import message
from nightbell.core.incident import state

# More than any object that is asked for: each that is not known costs an error of its own.
MAX_FIELDS = 100


class StrictParser(Parser):
    """JSON as the standard has it, in UTF-8, without what PostgreSQL cannot store."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """The body as JSON values. Raises Problem, naming `body` or the field."""
        raw = request.body
        try:
            parsed: DictStrAny = json.loads(
                raw.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_object
            )
            if b"\\u" in raw:
                _refuse_unstorable(parsed)
        except (ValueError, RecursionError):
            raise errors.invalid("body", "This is not JSON in UTF-8.") from None
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


def refuse_unknown(request: HttpRequest, known: Iterable[str]) -> None:
    """Every parameter of the query is one of these, once. Raises Problem, naming it."""
    for name in sorted(request.GET.keys() - set(known)):
        raise errors.invalid(_shown(name), "There is no such parameter.")
    for name, values in request.GET.lists():
        if len(values) > 1:
            raise errors.invalid(name, "This is given more than once.")


def uuid(text: str | None) -> UUID | None:
    """The id in a text; None where it is nobody's and nothing's."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def reference(text: str) -> UUID | int | None:
    """An incident's id or number; None where no incident could have it."""
    return state.number_in(text) or uuid(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose every field is told apart, and no larger than any that is asked for."""
    if len(pairs) > MAX_FIELDS:
        raise errors.invalid("body", f"An object has {MAX_FIELDS} fields at most.")
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise errors.invalid(_shown(twice), "This is given more than once.")
    return made


def _shown(name: str) -> str:
    """A name from outside, as it can be answered."""
    return message.clean(name, 100) or "body"


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
