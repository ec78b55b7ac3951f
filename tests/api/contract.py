"""Every answer that any test of the API gets is held against the reference: its status, its shape, no surplus key."""

import copy
import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from nightbell.api import v1

_PARAMETER = re.compile(r"\{[^}]+\}")


def hold(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Fail where the reference says otherwise. What is at no address of it says so in the envelope of an error."""
    operation = _operation(method, path)
    if operation is None:
        if status >= 400 and content_type == "application/json":
            _matches({"$ref": "#/components/schemas/Error"}, body)
        return
    said = operation["responses"]
    assert str(status) in said, f"{method} {path} answers {status}; the reference knows {sorted(said)}"
    content = said[str(status)].get("content")
    if content is None:
        assert body == b"", f"{method} {path} answers {status} with a body"
        return
    (kind,) = content
    assert content_type.split(";", maxsplit=1)[0] == kind
    if kind == "application/json":
        _matches(content[kind]["schema"], body)


def _matches(schema: dict[str, Any], body: bytes) -> None:
    whole = schema | {"components": _strict()["components"]}
    errors = list(
        Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(_read(body))
    )
    assert not errors, f"{errors[0].json_path}: {errors[0].message}\n{body.decode()}"


def _read(body: bytes) -> Any:
    return json.loads(body)


@cache
def _strict() -> dict[str, Any]:
    """The reference, with nothing allowed in an object but what it names; a reader must not count on that."""
    document: dict[str, Any] = copy.deepcopy(json.loads(v1.openapi_text()))
    _close(document["components"]["schemas"])
    return document


def _close(value: Any) -> None:
    match value:
        case {"type": "object", "properties": dict()}:
            value.setdefault("additionalProperties", False)
            _close(value["properties"])
        case dict():
            for each in value.values():
                _close(each)
        case list():
            for each in value:
                _close(each)
        case _:
            pass


@cache
def _addresses() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """What is fixed in an address comes before what is not: `…/layers/order` is no layer."""
    paths = sorted(_strict()["paths"].items(), key=lambda each: each[0].count("{"))
    return [(re.compile(_PARAMETER.sub("[^/]+", re.sub(r"\.", r"\\.", path))), found) for path, found in paths]


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for pattern, operations in _addresses():
        if pattern.fullmatch(path) and method.lower() in operations:
            found: dict[str, Any] = operations[method.lower()]
            return found
    return None
