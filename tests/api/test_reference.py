"""The reference is what the API answers: `contract` holds every answer of every other test against it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate
from pydantic import TypeAdapter

from nightbell.api import v1
from nightbell.api.incidents import bodies as incidents
from nightbell.api.policies import bodies as policies
from nightbell.api.schedules import bodies as schedules
from nightbell.api.users import shapes
from tests.api import contract

DOCUMENT: dict[str, Any] = json.loads(v1.openapi_text())
BODIES: dict[str, Any] = {
    name: model
    for module in (incidents, policies, schedules)
    for name, model in vars(module).items()
    if isinstance(model, type) and "examples" in (getattr(model, "model_config", {}).get("json_schema_extra") or {})
}
ANA = {"id": "0190a5b2-7c1e-7b3a-9d2f-3e4c5b6a7d80", "firstName": "Ana", "lastName": "", "email": "ana@owls.example"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, found in DOCUMENT["paths"].items():
        for method, operation in found.items():
            yield method, path, operation


def test_it_is_valid() -> None:
    validate(DOCUMENT)


def test_whatever_is_named_is_named_as_on_the_wire() -> None:
    named = {name for schema in DOCUMENT["components"]["schemas"].values() for name in schema.get("properties", ())}
    assert len(named) > 80
    assert [name for name in sorted(named) if not re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", name)] == []


def test_it_says_where_it_is_served_and_how_it_may_be_used() -> None:
    assert DOCUMENT["servers"][0]["url"] == "/"
    assert DOCUMENT["info"]["license"]["identifier"] == "Apache-2.0"
    described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    assert {tag for _, _, operation in operations() for tag in operation["tags"]} == described


def test_each_operation_lists_only_the_errors_it_can_give() -> None:
    listed = {operation["operationId"]: set(operation["responses"]) for _, _, operation in operations()}
    assert "404" not in listed["listUsers"] | listed["listPolicies"] | listed["createPolicy"]
    assert "409" not in listed["openIncident"] | listed["getPolicy"] | listed["acknowledgeIncident"]
    assert "413" not in listed["getIncident"] | listed["deletePolicy"]
    assert all({"401", "422", "500", "503"} <= statuses for statuses in listed.values() if "200" in statuses)


@pytest.mark.parametrize("name", sorted(BODIES))
def test_an_example_is_one(name: str) -> None:
    (given,) = BODIES[name].model_config["json_schema_extra"]["examples"]
    assert TypeAdapter(BODIES[name]).validate_json(json.dumps(given))
    assert DOCUMENT["components"]["schemas"][name]["examples"] == [given]


def test_there_are_examples_of_what_is_written_most() -> None:
    assert BODIES.keys() >= {"Opening", "HandingOff", "PolicyGiven", "ScheduleGiven", "RotationGiven", "OverrideGiven"}


def answers(user: dict[str, Any], status: int = 200, kind: str = "application/json") -> None:
    contract.hold("GET", "/v1/users", status, kind, json.dumps({"data": {"users": [user]}}).encode())


def test_an_answer_as_the_reference_has_it_passes() -> None:
    answers(ANA)
    assert set(ANA) == shapes.User.__required_keys__


@pytest.mark.parametrize(
    "wrong",
    [
        {name: value for name, value in ANA.items() if name != "email"},
        ANA | {"first_name": "Ana"},
        ANA | {"lastName": None},
        ANA | {"id": "ana"},
        ANA | {"firstName": 1},
    ],
)
def test_an_answer_that_is_other_is_noticed(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        answers(wrong)


def test_a_status_or_a_type_that_is_not_listed_is_noticed() -> None:
    with pytest.raises(AssertionError):
        answers(ANA, status=201)
    with pytest.raises(AssertionError):
        answers(ANA, kind="text/html")
