"""The reference: the OpenAPI document of the API, and a page that shows it."""

import copy
import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from nightbell.api import access, answers, brake, feeds

# Errors any operation may answer with.
_ERRORS = {
    "400": "Refused; `code` says why.",
    "401": "Nobody known is asking, or somebody who may not.",
    "404": "There is no such thing in this organization.",
    "409": "Refused because of what is there already.",
    "413": "The body is larger than 256 KiB.",
    "422": "The input is not of the shape asked for; `errors` names the fields.",
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
# What the page's own script reads: its files are ours, and it has no script or style within.
_PAGE = json.dumps({"url": "/v1/openapi.json", "layout": "BaseLayout", "deepLinking": True})


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
    schema = answers.Error.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= schema.pop("$defs") | {"Error": schema}
    free = {operation_id(name) for name in brake.free}
    for operations in document["paths"].values():
        for method, operation in operations.items():
            _complete(method, operation)
            if method.upper() not in access.SAFE and operation["operationId"] not in free:
                operation["responses"]["429"] = _error(_BRAKED)
    _drop_titles(document["paths"])
    _drop_titles(document["components"])
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    """What the door does for every operation."""
    for status, description in _ERRORS.items():
        operation["responses"][status] = _error(description)
    if method == "post":
        operation["parameters"].append(_IDEMPOTENCY_KEY)


def _error(description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": description, "content": content}


def _drop_titles(value: Any) -> None:
    """The title of a field is its name in other letters. (A field called so has a schema, not a text.)"""
    match value:
        case dict():
            if isinstance(value.get("title"), str):
                del value["title"]
            for each in value.values():
                _drop_titles(each)
        case list():
            for each in value:
                _drop_titles(each)
        case _:
            pass
