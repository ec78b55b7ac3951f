"""The door of the API: who may come in, what may be sent, what is answered twice, and what every error looks like."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from nightbell.actions import once, organizations
from nightbell.api import v1
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Account, ApiKey, IdempotentAnswer
from tests.api.caller import Answer, Caller, together, written
from tests.world import Person, World

ROOT = Path(__file__).resolve().parents[2]


def opening(world: World, **more: Any) -> dict[str, Any]:
    return {"title": "DB pool exhausted", "severity": "critical", "ownerId": str(world.zoe.id)} | more


def signed_in(person: Person, *, csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=csrf, raise_request_exception=False)
    client.force_login(Account.objects.get(id=person.id))
    return client


# Who may come in.


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Bearer nb_live_unknown", "invalid_api_key"),
        ("Bearer ", "invalid_api_key"),
        ("Bearer", "invalid_api_key"),
        ("", "invalid_api_key"),
        ("Basic eDp5", "invalid_api_key"),
        ("Bearer something else", "invalid_api_key"),
    ],
)
def test_a_header_that_holds_no_key(world: World, api: Caller, header: str, code: str) -> None:
    answer = api.get("/incidents", Authorization=header)
    assert (answer.status, answer.code, answer.json["type"]) == (401, code, "not_authorized_error")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_nobody_known(transactional_db: None) -> None:
    answer = Answer(Client().get("/v1/incidents"))
    assert (answer.status, answer.code) == (401, "missing_authorization_header")


def test_a_member_who_is_signed_in(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    client = signed_in(bo)
    answer = Answer(client.generic("POST", f"/v1/incidents/{number}/acknowledge"))
    assert answer.data["escalation"]["acknowledgedBy"] == {"type": "user", "id": str(bo.id), "name": "Bo"}
    entry = next(each for each in api.shown(number)["auditTrail"] if each["kind"] == "incident_acknowledged")
    assert (entry["actor"]["type"], entry["actor"]["via"]) == ("user", "api")
    assert Answer(client.get("/v1/users")).status == 200


def test_a_members_write_needs_the_csrf_token(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    client = signed_in(world.zoe, csrf=True)
    path = f"/v1/incidents/{number}/acknowledge"
    assert Answer(client.get("/v1/incidents")).status == 200
    refused = Answer(client.post(path))
    assert (refused.status, refused.code) == (401, "not_authorized")
    client.get("/docs")
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    assert Answer(client.post(path, {"form": "x"}, headers={"X-CSRFToken": token})).fields == ["body"]
    assert Answer(client.generic("POST", path, headers={"X-CSRFToken": token})).status == 200


def test_a_member_acknowledges_only_as_themselves(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    path = f"/v1/incidents/{number}/acknowledge"
    client = signed_in(bo)
    for other in (str(world.zoe.id), "Zoe", ""):
        answer = Answer(client.post(path, {"userId": other}, content_type="application/json"))
        assert (answer.code, answer.fields) == ("validation_error", ["userId"])
    answer = Answer(client.post(path, {"userId": str(bo.id)}, content_type="application/json"))
    assert answer.data["escalation"]["acknowledgedBy"]["id"] == str(bo.id)


def test_only_admins_change_policies_where_that_is_reserved(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    organizations.let_members_edit(world.operator, False)
    body = {"name": "Payments"}
    answer = Answer(signed_in(bo).post("/v1/escalation/policies", body, content_type="application/json"))
    assert (answer.status, answer.code) == (401, "not_authorized")
    answer = Answer(signed_in(world.zoe).post("/v1/escalation/policies", body, content_type="application/json"))
    assert answer.status == 201
    assert Answer(signed_in(bo).get("/v1/escalation/policies")).data["policies"] != []


def test_a_removed_member_is_out_on_the_next_request(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    client = signed_in(bo)
    assert Answer(client.get("/v1/incidents")).status == 200
    world.ends_membership(bo)
    answer = Answer(client.get("/v1/incidents"))
    assert (answer.status, answer.code) == (401, "not_authorized")
    assert [user["firstName"] for user in api.get("/users").data["users"]] == ["Zoe"]


def test_our_own_command_line_is_on_the_record(world: World, api: Caller) -> None:
    answer = api.post("/incidents", opening(world), X_Nightbell_Via="cli")
    [entry, *_] = api.shown(answer.data["number"])["auditTrail"]
    assert entry["actor"]["via"] == "cli"


def test_users_are_the_active_members(world: World, api: Caller, stranger: Caller) -> None:
    [bo] = world.members("Bo")
    users = api.get("/users").data["users"]
    assert users[0] == {"id": str(bo.id), "firstName": "Bo", "lastName": "", "email": bo.email}
    assert [user["firstName"] for user in users] == ["Bo", "Zoe"]
    assert [user["firstName"] for user in stranger.get("/users").data["users"]] == ["Lara"]


# What may be sent.


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        (b"x" * (256 * 1024 + 1), 413, None),
        (b"not json", 422, ["body"]),
        (b'{"title": "x", ', 422, ["body"]),
        (b'{"title": NaN, "severity": "low"}', 422, ["body"]),
        (b"\xff\xfe{}", 422, ["body"]),
        (b'{"title": "\xc3\x28", "severity": "low"}', 422, ["body"]),
        (b"[" * 100_000, 422, ["body"]),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 422, ["body"]),
        (b"1" * 10_000, 422, ["body"]),
        (b"[]", 422, ["body"]),
        (b"null", 422, ["body"]),
        (b'"x"', 422, ["body"]),
        (b" ", 422, ["body"]),
        (b'{"title": "a\\u0000b", "severity": "low"}', 422, ["title"]),
        (b'{"title": "a\\ud800b", "severity": "low"}', 422, ["title"]),
        (b'{"title": "x", "severity": "low", "dedupKey": "\\u0000"}', 422, ["dedupKey"]),
        (b'{"title": "x", "severity": "low", "\\u0000": 1}', 422, ["body"]),
        (b'{"title": 5, "severity": "low"}', 422, ["title"]),
        (b'{"title": null, "severity": "low"}', 422, ["title"]),
        (b'{"title": "", "severity": "low"}', 422, ["title"]),
        (b'{"title": " \\n ", "severity": "low"}', 422, ["title"]),
        (b'{"title": "' + b"x" * 101 + b'", "severity": "low"}', 422, ["title"]),
        (b'{"title": "x", "severity": "urgent"}', 422, ["severity"]),
        (b'{"title": "x", "severity": ["low"]}', 422, ["severity"]),
        (b'{"title": "x", "severity": "low", "ownerId": 5}', 422, ["ownerId"]),
        (b'{"title": "x", "severity": "low", "dedupKey": ""}', 422, ["dedupKey"]),
        (b'{"title": "x", "severity": "low", "dedupKey": "' + b"x" * 256 + b'"}', 422, ["dedupKey"]),
        (b'{"title": "x", "severity": "low", "description": "' + b"x" * 10_001 + b'"}', 422, ["description"]),
        (b'{"title": "x", "severity": "low", "owner_id": "x"}', 422, ["owner_id"]),
        (b'{"title": "x", "severity": "low", "componentIds": "x"}', 422, ["componentIds"]),
    ],
)
def test_i04_what_cannot_be_an_incident(
    world: World, api: Caller, body: bytes, status: int, fields: list[str] | None
) -> None:
    answer = api.post("/incidents", body)
    assert answer.status == status
    if fields is None:
        assert answer.code == "body_too_large"
    else:
        assert (answer.code, answer.fields) == ("validation_error", fields)
    assert written(world.organization) == (0, 0)


def test_i04_ten_thousand_fields(world: World, api: Caller) -> None:
    answer = api.post("/incidents", opening(world) | {f"f{place}": 1 for place in range(10_000)})
    assert (answer.status, answer.code) == (422, "validation_error")
    assert 1 <= len(answer.fields) <= 50


def test_a_text_may_have_what_only_looks_like_an_escape(world: World, api: Caller) -> None:
    title = r"C:\u0000 \ud800 日本 🔔"
    assert api.post("/incidents", opening(world, title=title)).data["title"] == title


def test_bodies_that_need_no_field_need_no_body_and_no_type(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    client = Client(headers={"Authorization": f"Bearer {api.key}"})
    assert client.generic("POST", f"/v1/incidents/{number}/acknowledge").status_code == 200
    assert client.post(f"/v1/incidents/{number}/resolve", b"{}", content_type="text/plain").status_code == 200


@pytest.mark.parametrize("act", ["acknowledge", "escalate", "resolve", "handoff"])
def test_no_act_takes_a_field_it_does_not_know(world: World, api: Caller, act: str) -> None:
    number = api.opens(world.zoe.id)["number"]
    body = {"targetUserId": str(world.zoe.id)} if act == "handoff" else {}
    assert api.post(f"/incidents/{number}/{act}", body | {"epoch": 1}).fields == ["epoch"]


# What every error looks like.


def test_an_address_or_a_method_that_is_not_there(world: World, api: Caller) -> None:
    nothing, method = api.get("/components"), api.call("DELETE", "/incidents")
    assert (nothing.status, nothing.code) == (404, "not_found")
    assert (method.status, method.code) == (405, "method_not_allowed")
    assert "POST" in method.headers["Allow"]


@pytest.mark.parametrize("with_key", [True, False])
def test_a_host_that_is_not_ours(world: World, api: Caller, *, with_key: bool) -> None:
    headers = {"Host": "elsewhere.example"} | ({"Authorization": f"Bearer {api.key}"} if with_key else {})
    answer = Answer(Client(headers=headers).get("/v1/incidents"))
    assert (answer.status, answer.code) == (400, "bad_request")


def test_a_fault_of_ours_is_in_the_envelope_too(world: World, api: Caller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("alter table incident rename to misplaced")
    try:
        answer = api.get("/incidents", Idempotency_Key="x")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("alter table misplaced rename to incident")
    assert (answer.status, answer.code, answer.json["type"]) == (500, "server_error", "internal_error")


def test_every_answer_has_its_own_request_id(world: World, api: Caller) -> None:
    ids = {api.get(path).headers["X-Request-Id"] for path in ("/incidents", "/users", "/nothing", "/incidents/1")}
    assert len(ids) == 4


# What is answered twice.


def test_i07_a_key_with_another_body(world: World, api: Caller) -> None:
    assert api.post("/incidents", opening(world), Idempotency_Key="k").status == 201
    answer = api.post("/incidents", opening(world, title="Another"), Idempotency_Key="k")
    assert (answer.status, answer.code, answer.fields) == (422, "idempotency_key_reused", ["Idempotency-Key"])
    assert written(world.organization)[0] == 1


def test_the_same_key_and_body_open_one_incident(world: World, api: Caller) -> None:
    body = opening(world)
    answers = together(*[lambda: api.post("/incidents", body, Idempotency_Key="k") for _ in range(4)])
    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert api.post("/incidents", body, Idempotency_Key="k").text == answers[0].text
    assert written(world.organization)[0] == 1


def test_a_key_is_the_callers_for_this_address(world: World, api: Caller) -> None:
    other = Caller(world.organization)
    first = api.post("/incidents", opening(world), Idempotency_Key="k").data["number"]
    assert other.post("/incidents", opening(world), Idempotency_Key="k").data["number"] == first + 1
    assert api.post(f"/incidents/{first}/acknowledge", opening(world), Idempotency_Key="k").code == "validation_error"
    assert api.post(f"/incidents/{first + 1}/acknowledge", Idempotency_Key="k").status == 200


def test_a_refusal_is_kept_and_changes_nothing(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    path, body = f"/incidents/{number}/handoff", {"targetUserId": str(bo.id)}
    api.post(f"/incidents/{number}/resolve")
    first = api.post(path, body, Idempotency_Key="k")
    again = api.post(path, body, Idempotency_Key="k")
    assert (first.code, again.code) == ("incident_resolved", "incident_resolved")
    assert first.headers["X-Request-Id"] != again.headers["X-Request-Id"]
    assert IdempotentAnswer.objects.get().status == 400
    wrong = api.post("/incidents", {"title": 5}, Idempotency_Key="k")
    assert (wrong.status, api.post("/incidents", opening(world), Idempotency_Key="k").code) == (
        422,
        "idempotency_key_reused",
    )


def test_a_fault_is_not_kept(world: World, api: Caller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("alter table incident rename to misplaced")
    try:
        assert api.post("/incidents", opening(world), Idempotency_Key="k").status == 500
    finally:
        with connection.cursor() as cursor:
            cursor.execute("alter table misplaced rename to incident")
    assert not IdempotentAnswer.objects.exists()
    assert api.post("/incidents", opening(world), Idempotency_Key="k").status == 201


def test_a_key_is_honoured_for_a_day(world: World, api: Caller) -> None:
    for hours, numbers in ((0, 1), (23, 1), (2, 2)):
        world.sleeps(hours=hours)
        api.post("/incidents", opening(world), Idempotency_Key="k")
        assert written(world.organization)[0] == numbers
    assert once.forget(SYSTEM) == 0
    world.sleeps(hours=25)
    assert once.forget(SYSTEM) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\0b"])
def test_a_key_that_is_none(world: World, api: Caller, key: str) -> None:
    answer = api.post("/incidents", opening(world), Idempotency_Key=key)
    assert (answer.code, answer.fields) == ("validation_error", ["Idempotency-Key"])
    assert api.post("/incidents", opening(world), Idempotency_Key="é" * 255).status == 201


# The reference.


def test_the_committed_reference_is_the_codes() -> None:
    assert (ROOT / "openapi.json").read_text("utf-8") == v1.openapi_text(), "run: nightbell openapi > openapi.json"


def test_the_reference_is_served_and_readable(transactional_db: None) -> None:
    client = Client()
    document = json.loads(client.get("/openapi.json").content)
    assert client.get("/v1/openapi.json").json() == document
    assert document["openapi"].startswith("3.1")
    assert document["paths"]["/v1/incidents/{id}/handoff"]["post"]["operationId"] == "handOffIncident"
    page = client.get("/docs").content.decode()
    assert "/openapi.json" in page
    assert "<script>" not in page
    assert "https://" not in page.replace("https://nightbell", "")


def test_every_operation_names_its_answers() -> None:
    document = json.loads(v1.openapi_text())
    known = document["components"]["schemas"]
    named = set()
    for operations in document["paths"].values():
        for operation in operations.values():
            named |= {word.split('"')[0] for word in json.dumps(operation).split("#/components/schemas/")[1:]}
            assert "401" in operation["responses"]
    assert named <= known.keys()
    assert ApiKey.__name__ not in known
