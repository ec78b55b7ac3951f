"""The reference: the OpenAPI document of the API, and a page that shows it."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from pydantic import TypeAdapter

from nightbell.api import access, brake, feeds, shapes

# What each status of a fault or a refusal means.
_ERRORS = {
    "400": "Refused, or not to be read at all; `code` says which.",
    "401": "Nobody known is asking, or somebody who may not.",
    "404": "There is no such thing in this organization.",
    "409": "Refused because of what is there already.",
    "413": "The body is larger than 256 KiB.",
    "422": "The input is not of the shape asked for; `errors` names the fields.",
    "500": "Something went wrong on our side; the request id is in our log.",
    "503": "The database cannot be used right now; nothing was changed. Try again after `Retry-After` seconds.",
}
_BRAKED = "The key has written too much; nothing was changed. Try again after `Retry-After` seconds."
_SECURITY = {
    "apiKey": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer nb_live_…`"},
    "session": {"type": "apiKey", "in": "cookie", "description": "With a CSRF token on writes."},
}
_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "The same key and body within 24 hours get the same answer, and change nothing again.",
}
_TITLE = "Nightbell API"
_ABOUT = {
    "description": "Incidents, whom they page, and who is on call. `docs/reference/api.md` says what no schema can.",
    "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
}
_SERVERS = [{"url": "/", "description": "The installation that serves this document."}]
_TAGS = {
    "Incidents": "Open them, answer them, and read their record.",
    "Escalation policies": "Whom an incident pages, layer by layer; it keeps the policy it was opened with.",
    "On call": "Schedules with their rotations and overrides, who is on call when, and calendars.",
    "Users": "Those who can be named as an owner or a target.",
}
# Anybody may meet these: who nobody knows, a parameter that nobody knows, and a fault.
_ALWAYS = ("401", "422", "500", "503")
# It names a policy, which may not be there; every other such refusal is about a field.
_NAMES_ANOTHER = "openIncident"
# Where something that is there already can be in the way.
_CONFIGURATION = ("Escalation policies", "On call")
# What the page's own script reads: its files are ours, and it has no script or style within.
_PAGE = json.dumps({"url": "/openapi.json", "layout": "BaseLayout", "deepLinking": True})


def operation_id(name: str) -> str:
    """What the operation of a function is called: open_incident is openIncident."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@cache
def text(api: NinjaAPI) -> str:
    """The OpenAPI document, always in the same order."""
    return json.dumps(_document(api), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The document, to read and to try."""
    return render(
        request, "ninja/swagger.html", {"api": {"title": _TITLE}, "swagger_settings": _PAGE, "add_csrf": True}
    )


def _document(api: NinjaAPI) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="v1/")))
    document["paths"] |= copy.deepcopy(feeds.DESCRIPTION)
    session = _SECURITY["session"] | {"name": settings.SESSION_COOKIE_NAME}
    document["components"]["securitySchemes"] = _SECURITY | {"session": session}
    document["security"] = [{"apiKey": []}, {"session": []}]
    document["info"] |= _ABOUT
    document["servers"] = _SERVERS
    document["tags"] = [{"name": name, "description": description} for name, description in _TAGS.items()]
    schema = TypeAdapter(shapes.Error).json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= schema.pop("$defs") | {"Error": schema}
    free = {operation_id(name) for name in brake.free}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(method, path, operation)
            if method.upper() not in access.SAFE and operation["operationId"] not in free:
                operation["responses"]["429"] = _error(_BRAKED)
    _drop_titles(document["paths"])
    _drop_titles(document["components"])
    return document


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    """What the door does for the operation, and how it can end."""
    for status in sorted({*_ALWAYS, *_refusals(method, path, operation)}):
        operation["responses"][status] = _error(_ERRORS[status])
    if method == "post":
        operation["parameters"].append(_IDEMPOTENCY_KEY)


def _refusals(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    if "requestBody" in operation:
        yield from ("400", "413")
    if operation["operationId"] == "listIncidents":
        # An owner who is none.
        yield "400"
    if "{" in path or operation["operationId"] == _NAMES_ANOTHER:
        yield "404"
    if method.upper() not in access.SAFE and set(operation["tags"]) & set(_CONFIGURATION):
        yield "409"


def _error(description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": description, "content": content}


def _drop_titles(value: Any) -> None:
    """The title of a field is its name in other letters. (A field called so has a schema, and in an example a text.)"""
    match value:
        case dict():
            if isinstance(value.get("title"), str):
                del value["title"]
            for name, each in value.items():
                if name != "examples":
                    _drop_titles(each)
        case list():
            for each in value:
                _drop_titles(each)
        case _:
            pass
