"""What goes wrong, as an answer: the one mapping from a code to its HTTP status and its type."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from django import db
from django.http import HttpRequest, HttpResponse
from ninja.errors import HttpError, ValidationError
from pydantic.alias_generators import to_camel

from nightbell.api.shapes import Error, ErrorType
from nightbell.core.errors import Code, Rejected
from nightbell.data import faults

NOT_AUTHORIZED: Final = "not_authorized_error"
INVALID_REQUEST: Final = "invalid_request_error"
VALIDATION: Final = "validation_error"
INTERNAL: Final = "internal_error"

_KINDS: dict[str, tuple[int, ErrorType]] = {
    "missing_authorization_header": (401, NOT_AUTHORIZED),
    "invalid_api_key": (401, NOT_AUTHORIZED),
    Code.NOT_AUTHORIZED: (401, NOT_AUTHORIZED),
    "bad_request": (400, INVALID_REQUEST),
    "method_not_allowed": (405, INVALID_REQUEST),
    "request_timeout": (408, INVALID_REQUEST),
    "rate_limited": (429, INVALID_REQUEST),
    "body_too_large": (413, INVALID_REQUEST),
    "server_error": (500, INTERNAL),
    "unavailable": (503, INTERNAL),
    Code.NOT_FOUND: (404, INVALID_REQUEST),
    Code.NAME_CONFLICT: (409, INVALID_REQUEST),
    Code.IN_USE: (409, INVALID_REQUEST),
    Code.STALE_INCIDENT: (409, INVALID_REQUEST),
    Code.STALE_CONFIGURATION: (409, INVALID_REQUEST),
    Code.VALIDATION_ERROR: (422, VALIDATION),
    Code.IDEMPOTENCY_KEY_REUSED: (422, VALIDATION),
}
# Every other refusal of the core.
_REFUSED: tuple[int, ErrorType] = (400, INVALID_REQUEST)

# What an answer that was not made here says, by its status.
_BARE = {
    400: ("bad_request", "The request cannot be read."),
    403: (Code.NOT_AUTHORIZED, "The request was refused."),
    404: (Code.NOT_FOUND, "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    408: ("request_timeout", "The body did not come in time."),
    413: ("body_too_large", "The body is larger than 256 KiB."),
    503: ("unavailable", "Too much is being sent at once; nothing was changed."),
}
_FAULT = ("server_error", "Something went wrong on our side; the request id is in our log.")

# Where the validator's words speak of its own world.
_SENTENCES = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such field.",
    "model_type": "This must be an object.",
    "union_tag_not_found": "This needs a `type`.",
}

RETRY_AFTER_SECONDS = 5
MAX_ERRORS = 50
# Classes of SQLSTATE in which trying again helps: the connection, rolled back for others' sake, resources (a disk),
# locks, an operator, the system; and a session that is read-only.
_PASSING_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})


class FieldError(NamedTuple):
    """What is wrong with one field of the request."""

    field: str
    message: str


class Problem(Exception):  # noqa: N818 -- an answer, not a fault
    """A refusal of the API's own: `fields` are what was wrong with the input, `retry_after` seconds until it may go."""

    def __init__(
        self, code: str, message: str, fields: Sequence[FieldError] = (), retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields
        self.retry_after = retry_after


def invalid(field: str, message: str) -> Problem:
    """A field that is not what it should be."""
    return Problem(Code.VALIDATION_ERROR, f"{field}: {message}", [FieldError(field, message)])


def of_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The answer to a refusal of the API's own."""
    answer = _answer(request, problem.code, problem.message, problem.fields)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def of_rejected(request: HttpRequest, rejected: Rejected) -> HttpResponse:
    """The answer to a refusal of an action."""
    if rejected.field is None:
        return _answer(request, rejected.code, rejected.message)
    field = ".".join(to_camel(part) if "_" in part else part for part in rejected.field.split("."))
    return _answer(request, rejected.code, f"{field}: {rejected.message}", [FieldError(field, rejected.message)])


def of_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The answer to input that is not of the shape asked for."""
    fields = [FieldError(_field(each["loc"]), _sentence(each)) for each in error.errors[:MAX_ERRORS]]
    more = f" (and {len(error.errors) - 1} more)" if len(error.errors) > 1 else ""
    return _answer(request, Code.VALIDATION_ERROR, f"{fields[0].field}: {fields[0].message}{more}", fields)


def of_http(request: HttpRequest, error: HttpError) -> HttpResponse:
    """The answer to what ninja refused: a body, for the reason it hides."""
    if isinstance(error.__cause__, Problem):
        return of_problem(request, error.__cause__)
    return _answer(request, *_BARE.get(error.status_code, _FAULT))


def of_database(request: HttpRequest, error: db.Error) -> HttpResponse | None:
    """The answer where the database cannot be reached or written just now; None where the fault is ours."""
    state = faults.state_of(error)
    lost = not state and isinstance(error, db.OperationalError | db.InterfaceError)
    if not lost and state[:2] not in _PASSING_CLASSES and state != faults.READ_ONLY:
        return None
    return _answer(request, "unavailable", "The database cannot be used right now; nothing was changed.")


def in_envelope(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The same error in the envelope, unless it is in it."""
    if response.headers.get("Content-Type") == "application/json":
        return response
    code, message = _BARE.get(response.status_code, _FAULT)
    answer = _answer(request, code, message)
    for name in ("Allow", "Connection"):
        if name in response.headers:
            answer.headers[name] = response.headers[name]
    return answer


def unheard(status: int) -> HttpResponse:
    """The answer to a request that never came whole, in plain words; what is left of it is not listened to."""
    response = HttpResponse(f"{_BARE[status][1]}\n", status=status, content_type="text/plain; charset=utf-8")
    response.headers["Connection"] = "close"
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def again(request: HttpRequest, status: int, text: str) -> HttpResponse:
    """An answer that was kept; an error speaks of the request that asks now."""
    if status >= 400:
        text = json.dumps(json.loads(text) | {"requestId": _request_id(request)}, ensure_ascii=False)
    return HttpResponse(text, status=status, content_type="application/json")


def _answer(request: HttpRequest, code: str, message: str, fields: Iterable[FieldError] = ()) -> HttpResponse:
    status, kind = _KINDS.get(code, _REFUSED)
    body: Error = {
        "statusCode": status,
        "type": kind,
        "code": code,
        "message": message,
        "requestId": _request_id(request),
    }
    if status == 422:
        body["errors"] = [{"field": each.field, "message": each.message} for each in fields]
    response = HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type="application/json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _request_id(request: HttpRequest) -> str:
    return request.request_id  # type: ignore[attr-defined, no-any-return]


def _field(location: Sequence[str | int]) -> str:
    """Where in the request: ("body", "body", "layers", 0, "target", "users", "userIds") is layers.0.target.userIds."""
    source, *parts = location
    if source == "body":
        parts = parts[1:]
    # A target's kind is named after the target, and is no field of it.
    named = [
        part
        for place, part in enumerate(parts)
        if not (place and parts[place - 1] == "target" and part in {"users", "schedule"})
    ]
    return ".".join(map(str, named)) or "body"


def _sentence(error: dict[str, Any]) -> str:
    return _SENTENCES.get(error["type"]) or error["msg"].removeprefix("Value error, ")
