"""The one way into every operation: who asks, what they sent, whether they asked before, and what goes wrong."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django import db
from django.http import HttpRequest, HttpResponse
from ninja.operation import Operation

from nightbell.actions import once
from nightbell.api import access, brake, errors, parsing
from nightbell.core.errors import Rejected

Run = Callable[..., HttpResponse]


def door(run: Run) -> Run:
    """Answer a request by `run`, which leaves only the database's errors to its caller."""

    def answered(request: HttpRequest, path: dict[str, Any]) -> HttpResponse:
        try:
            return _serve(request, run, path)
        except errors.Problem as problem:
            return errors.of_problem(request, problem)
        except Rejected as rejected:
            return errors.of_rejected(request, rejected)
        except db.Error as error:
            answer = errors.of_database(request, error)
            if answer is None:
                raise
            return answer

    @wraps(run)
    def enter(request: HttpRequest, **path: Any) -> HttpResponse:
        answer = answered(request, path)
        if "HTTP_AUTHORIZATION" not in request.META:
            # A cache keeps no answer to a header; what a cookie asked for looks to it like any page.
            answer["Cache-Control"] = "no-store"
        brake.tell(request, answer)
        return answer

    return enter


def _serve(request: HttpRequest, run: Run, path: dict[str, Any]) -> HttpResponse:
    request.principal = access.principal_of(request)  # type: ignore[attr-defined]
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    parsing.refuse_unknown(request, _asked_for(operation))
    if request.method in access.SAFE:
        return run(request, **path)
    brake.count(request, operation)
    body = parsing.read_body(request)
    key = request.META.get("HTTP_IDEMPOTENCY_KEY") if request.method == "POST" else None
    if key is None:
        return run(request, **path)
    return _serve_once(request, run, path, key, body)


def _asked_for(operation: Operation) -> Iterator[str]:
    """The parameters of the query that an operation has."""
    for model in operation.models:
        if model.__ninja_param_source__ == "query":
            yield from model.__ninja_flatten_map__


def _serve_once(request: HttpRequest, run: Run, path: dict[str, Any], key: str, body: bytes) -> HttpResponse:
    who = request.principal  # type: ignore[attr-defined]
    responses: list[HttpResponse] = []

    def act() -> once.Answer:
        response = run(request, **path)
        responses.append(response)
        return once.Answer(response.status_code, response.content.decode())

    asked = f"{who.organization_id} {request.method} {request.path_info}"
    answer = once.once(who, asked, key, body, act)
    return errors.again(request, answer.status, answer.text) if answer.again else responses[-1]
