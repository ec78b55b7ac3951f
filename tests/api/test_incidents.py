"""Opening, reading and ending incidents through the API."""

import io
import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import RequestFactory

from nightbell.data.models import Incident
from tests.api.caller import Answer, Caller, queries, together, written
from tests.world import World

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ROW = {
    "id", "number", "orgId", "title", "description", "severity", "status", "ownerId", "escalationPolicyId",
    "affectedComponents", "createdBy", "createdAt", "updatedAt", "resolvedAt", "escalation",
}  # fmt: skip
ESCALATION = {
    "state", "policyId", "policyName", "layerPosition", "layerCount", "round", "nextEscalationAt", "acknowledgedBy",
    "acknowledgedAt",
}  # fmt: skip


def given(world: World, **more: Any) -> dict[str, Any]:
    return {"title": "DB pool exhausted", "severity": "critical", "ownerId": str(world.zoe.id)} | more


def test_an_opened_incident_has_the_promised_shape(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    policy_id = world.policy([([bo], 5), ([cy], 15)])
    opened = api.opens(world.zoe.id, policy_id, description="")
    assert set(opened) == ROW
    assert set(opened["escalation"]) == ESCALATION | {"notifiedResponders", "nextLayer"}
    assert opened["number"] == 1
    assert opened["description"] == ""
    assert UUID(opened["id"]).version == 7
    assert opened["createdBy"].keys() == {"type", "id", "name"}
    assert INSTANT.fullmatch(opened["createdAt"])
    assert opened["escalation"] | {"policyName": ""} == {
        "state": "paging",
        "policyId": str(policy_id),
        "policyName": "",
        "layerPosition": None,
        "layerCount": 2,
        "round": 1,
        "notifiedResponders": [],
        "nextEscalationAt": opened["createdAt"],
        "nextLayer": None,
        "acknowledgedBy": None,
        "acknowledgedAt": None,
    }


def test_the_answer_to_opening_is_what_a_read_would_say(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    for policy_id in (None, world.policy([([bo], 5)])):
        opened = api.opens(world.zoe.id, policy_id)
        shown = api.shown(opened["number"])
        del shown["statusHistory"], shown["auditTrail"]
        shown["escalation"]["nextLayer"] = None
        assert opened == shown


def test_one_incident_has_its_record_and_who_is_next(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    opened = api.opens(world.zoe.id, world.policy([([bo], 5), ([cy], 15)]))
    world.settles()
    world.forgets_mail()
    shown = api.shown(opened["number"])
    assert shown == api.shown(opened["id"])
    escalation = shown["escalation"]
    assert (escalation["state"], escalation["layerPosition"]) == ("paging", 1)
    assert escalation["nextLayer"] == {
        "position": 2,
        "target": {"type": "users", "userIds": [str(cy.id)]},
        "responders": [{"id": str(cy.id), "name": "Cy"}],
    }
    responder = next(each for each in escalation["notifiedResponders"] if each["id"] == str(bo.id))
    assert responder["name"] == "Bo"
    assert [(way["channel"], way["state"], way["error"]) for way in responder["channels"]] == [("email", "sent", None)]
    assert [step["status"] for step in shown["statusHistory"]] == ["investigating"]
    assert [entry["kind"] for entry in shown["auditTrail"]][:2] == ["incident_opened", "layer_paged"]
    assert shown["auditTrail"][0]["actor"] == opened["createdBy"] | {"via": "api"}


def test_at_the_end_of_the_policy_the_fallback_is_next(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    opened = api.opens(bo.id, world.policy([([bo], 5)]))
    world.settles()
    world.forgets_mail()
    following = api.shown(opened["number"])["escalation"]["nextLayer"]
    assert following["target"] == {"type": "fallback"}
    assert {"id": str(world.zoe.id), "name": "Zoe"} in following["responders"]


def test_opening_asks_the_database_twice(world: World, api: Caller) -> None:
    body = given(world, escalationPolicyId=str(world.policy([([world.zoe], 5)])))
    with queries() as asked:
        assert api.post("/incidents", body).status == 201
    assert len(asked.captured_queries) == 2, asked.captured_queries


def test_an_incident_needs_an_owner_who_is_a_member(world: World, api: Caller, stranger: Caller) -> None:
    [bo] = world.members("Bo")
    world.ends_membership(bo)
    for owner in (str(bo.id), str(uuid4()), "Zoe", ""):
        answer = api.post("/incidents", given(world, ownerId=owner))
        assert (answer.status, answer.code) == (400, "invalid_owner"), owner
    assert stranger.post("/incidents", given(world)).code == "invalid_owner"
    for nobody in (given(world, ownerId=None), {"title": "x", "severity": "low"}):
        answer = api.post("/incidents", nobody)
        assert (answer.status, answer.code) == (400, "owner_required")
    assert written(world.organization) == (0, 0)


def test_what_an_incident_refers_to_must_be_there(world: World, api: Caller, stranger: Caller) -> None:
    policy_id = str(world.policy([([world.zoe], 5)]))
    for missing in (str(uuid4()), "Payments"):
        assert api.post("/incidents", given(world, escalationPolicyId=missing)).code == "not_found"
        assert api.post("/incidents", given(world, ownerScheduleId=missing)).code == "not_found"
    assert api.post("/incidents", given(world, componentIds=[str(uuid4())])).code == "invalid_component_id"
    assert api.post("/incidents", given(world, componentIds=[], escalationPolicyId=None)).status == 201
    lara = stranger.get("/users").data["users"][0]["id"]
    assert stranger.post("/incidents", given(world, ownerId=lara, escalationPolicyId=policy_id)).code == "not_found"


def test_i01_the_same_dedup_key_while_open(world: World, api: Caller, stranger: Caller) -> None:
    first = api.post("/incidents", given(world, dedupKey="db"))
    again = api.post("/incidents", given(world, dedupKey="db", title="Another title"))
    assert (first.status, again.status) == (201, 200)
    assert again.data["id"] == first.data["id"]
    assert again.data["title"] == "DB pool exhausted"
    lara = stranger.get("/users").data["users"][0]["id"]
    assert stranger.post("/incidents", given(world, ownerId=lara, dedupKey="db")).status == 201
    api.post(f"/incidents/{first.data['number']}/resolve")
    assert api.post("/incidents", given(world, dedupKey="db")).status == 201


def test_i02_two_first_requests_with_one_dedup_key(world: World, api: Caller) -> None:
    for attempt in range(5):
        body = given(world, dedupKey=f"db {attempt}")
        answers = together(*[lambda body=body: api.post("/incidents", body) for _ in range(4)])
        assert sorted(answer.status for answer in answers) == [200, 200, 200, 201]
        assert len({answer.data["id"] for answer in answers}) == 1
    assert [row["number"] for row in api.get("/incidents").data["incidents"]] == [5, 4, 3, 2, 1]


def serve(environ: dict[str, Any]) -> tuple[int, bytes]:
    """What a server would send for this request."""
    statuses: list[str] = []

    def start(status: str, _headers: list[tuple[str, str]], _error: Any = None, /) -> Callable[[bytes], object]:
        statuses.append(status)
        return print

    response = WSGIHandler()(environ, start)
    body = b"".join(response)
    response.close()
    return int(statuses[0][:3]), body


def environ_of(api: Caller, body: bytes) -> dict[str, Any]:
    """A request to open an incident, as a server hands it on."""
    environ: dict[str, Any] = RequestFactory().post("/v1/incidents", body, content_type="application/json").environ
    return environ | {"HTTP_AUTHORIZATION": f"Bearer {api.key}", "wsgi.input": io.BytesIO(body)}


def test_i08_a_client_that_leaves_within_its_request_changes_nothing(world: World, api: Caller) -> None:
    class Gone(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError("the client is gone")

    whole = json.dumps(given(world)).encode()
    assert serve(environ_of(api, whole) | {"wsgi.input": Gone(whole)})[0] == 400
    assert serve(environ_of(api, whole) | {"wsgi.input": io.BytesIO(whole[:40])})[0] == 422
    assert written(world.organization) == (0, 0)


def test_statuses_move_one_step_at_a_time(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]

    def moves(status: str, **more: Any) -> Answer:
        return api.call("PATCH", f"/incidents/{number}/status", {"status": status} | more)

    for wrong in ("monitoring", "resolved", "investigating"):
        assert moves(wrong).code == "invalid_status_transition"
    assert moves("fixed").fields == ["status"]
    assert moves("identified").data["status"] == "identified"
    assert moves("monitoring").data["escalation"]["state"] == "none"
    assert moves("resolved", resolutionNote="rolled back").data["escalation"]["state"] == "closed"
    assert moves("resolved").code == "incident_resolved"
    history = api.shown(number)["statusHistory"]
    assert [(step["status"], step["resolutionNote"]) for step in history] == [
        ("investigating", None),
        ("identified", None),
        ("monitoring", None),
        ("resolved", "rolled back"),
    ]


def test_resolving_walks_every_step_and_twice_is_no_change(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    resolved = api.post(f"/incidents/{number}/resolve", {"resolutionNote": "rolled back"}).data
    assert resolved["status"] == "resolved"
    assert INSTANT.fullmatch(resolved["resolvedAt"])
    assert api.post(f"/incidents/{number}/resolve").data == resolved
    history = api.shown(number)["statusHistory"]
    assert [step["status"] for step in history] == ["investigating", "identified", "monitoring", "resolved"]
    assert len({step["id"] for step in history}) == 4


def test_a_page_for_no_layer_has_no_position(world: World, api: Caller) -> None:
    (ana,) = world.members("Ana")
    number = api.opens(ana.id)["number"]
    (page,) = api.get(f"/incidents/{number}/pages").data["pages"]
    assert (page["reason"], page["layerPosition"]) == ("owner", None)


def test_escalating_pages_the_next_layer(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    number = api.opens(bo.id, world.policy([([bo], 5), ([cy], 15)]))["number"]
    assert api.post(f"/incidents/{number}/escalate").data["escalation"]["layerPosition"] == 1
    assert api.post(f"/incidents/{number}/escalate", {}).data["escalation"]["layerPosition"] == 2
    assert api.post(f"/incidents/{number}/escalate").data["escalation"]["state"] == "exhausted"
    answer = api.post(f"/incidents/{number}/escalate")
    assert (answer.status, answer.code) == (400, "nothing_to_escalate")
    pages = api.get(f"/incidents/{number}/pages").data["pages"]
    assert [(page["responder"]["name"], page["reason"], page["layerPosition"]) for page in pages[:2]] == [
        ("Bo", "layer", 1),
        ("Cy", "layer", 2),
    ]
    assert {page["state"] for page in pages} == {"queued"}


def test_a_list_is_narrowed_and_paged(world: World, api: Caller, stranger: Caller) -> None:
    [bo] = world.members("Bo")
    for number in range(1, 6):
        api.opens(world.zoe.id if number % 2 else bo.id, title=f"Number {number}_%", severity="low")
    api.post("/incidents/2/acknowledge")
    api.post("/incidents/3/resolve")

    def numbers(query: str) -> list[int]:
        return [row["number"] for row in api.get(f"/incidents?{query}").data["incidents"]]

    assert numbers("") == [5, 4, 3, 2, 1]
    assert numbers("status=resolved") == [3]
    assert numbers("escalationState=acknowledged") == [2]
    assert numbers(f"ownerId={bo.id}") == [4, 2]
    assert numbers("severity=high") == []
    assert numbers("q=4_%25") == [4]
    assert numbers("q=_____") == []
    with connection.cursor() as cursor:
        cursor.execute("update incident set created_at = date_trunc('milliseconds', created_at) where number = 3")
    opened = api.shown(3)["createdAt"]
    assert numbers(f"from={opened}") == [5, 4, 3]
    assert numbers(f"to={opened}") == [2, 1]
    assert numbers(f"to={opened[:19]}.000Z&from=2020-01-01T00:00:00Z") in ([], [1], [2, 1])
    first = api.get("/incidents?limit=2").data
    assert isinstance(first["nextCursor"], str)
    second = api.get(f"/incidents?limit=2&cursor={first['nextCursor']}").data
    third = api.get(f"/incidents?limit=2&cursor={second['nextCursor']}").data
    assert [row["number"] for page in (first, second, third) for row in page["incidents"]] == [5, 4, 3, 2, 1]
    assert third["nextCursor"] is None
    row = first["incidents"][0]
    assert (set(row), set(row["escalation"])) == (ROW, ESCALATION)
    assert stranger.get("/incidents").data == {"incidents": [], "nextCursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("cursor=abc", "cursor"),
        ("cursor=-1", "cursor"),
        ("cursor=99999999999", "cursor"),
        ("status=open", "status"),
        ("severity=5", "severity"),
        ("from=yesterday", "from"),
        ("from=2026-01-01T00:00:00", "from"),
        ("to=99999-01-01", "to"),
        ("q=%00", "q"),
        ("stauts=resolved", "stauts"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(api: Caller, query: str, field: str) -> None:
    answer = api.get(f"/incidents?{query}")
    assert (answer.status, answer.code, answer.fields) == (422, "validation_error", [field])


def test_listing_asks_the_database_twice(world: World, api: Caller) -> None:
    for _ in range(3):
        api.opens(world.zoe.id)
    with queries() as asked:
        api.get("/incidents")
    assert len(asked.captured_queries) == 2


@pytest.mark.parametrize(
    "ref",
    [
        "0",
        "-1",
        "1.0",
        "99999999999999999999",
        "2147483648",
        "x",
        "%00",
        "01a2",
        "019a0000-0000-7000-8000-000000000000",
        "١",
    ],
)
def test_an_address_of_no_incident(api: Caller, ref: str) -> None:
    for answer in (api.get(f"/incidents/{ref}"), api.post(f"/incidents/{ref}/acknowledge")):
        assert (answer.status, answer.code) == (404, "not_found")


def test_numbers_are_the_organizations_own(world: World, api: Caller, stranger: Caller) -> None:
    api.opens(world.zoe.id)
    lara = stranger.get("/users").data["users"][0]["id"]
    assert stranger.opens(UUID(lara))["number"] == 1
    assert Incident.objects.count() == 2
    assert api.shown(1)["orgId"] != stranger.shown(1)["orgId"]
