"""Escalation policies through the API."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from tests.api.caller import Answer, Caller
from tests.world import Person, World

PATH = "/escalation/policies"


def layer(*people: Person, minutes: Any = 5, **more: Any) -> dict[str, Any]:
    target = {"type": "users", "userIds": [str(person.id) for person in people]}
    return {"ackTimeoutMinutes": minutes, "target": target} | more


def makes(api: Caller, *layers: dict[str, Any], name: str = "Payments", **more: Any) -> Answer:
    return api.post(PATH, {"name": name, "layers": list(layers)} | more)


def minutes(policy: Any) -> list[tuple[int, int]]:
    return [(each["position"], each["ackTimeoutMinutes"]) for each in policy["layers"]]


def test_a_policy_is_made_shown_and_listed(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    answer = makes(api, layer(bo, cy, minutes=5), layer(cy, minutes=10_080), description="", repeatCount=9)
    assert answer.status == 201
    made = answer.data
    assert set(made) == {"id", "name", "description", "repeatCount", "createdAt", "updatedAt", "layers", "version"}
    assert (made["description"], made["repeatCount"]) == ("", 9)
    assert set(made["layers"][0]) == {"id", "position", "ackTimeoutMinutes", "target"}
    assert made["layers"][0]["target"] == {"type": "users", "userIds": [str(bo.id), str(cy.id)]}
    assert minutes(made) == [(1, 5), (2, 10_080)]
    assert api.get(f"{PATH}/{made['id']}").data == made
    makes(api, name="apples")
    listed = api.get(PATH).data["policies"]
    assert [row["name"] for row in listed] == ["apples", "Payments"]
    assert "layers" not in listed[0]


@pytest.mark.parametrize("wrong", [0, -1, 10_081, 1.5, None, "5", True, 1e400, 10**30])
def test_t09_a_timeout_that_is_none(world: World, api: Caller, wrong: Any) -> None:
    answer = makes(api, layer(world.zoe), layer(world.zoe, minutes=wrong))
    assert (answer.status, answer.code) == (422, "validation_error")
    assert answer.fields in (["layers.1.ackTimeoutMinutes"], ["body"])
    assert api.get(PATH).data["policies"] == []


def test_t09_a_timeout_that_is_missing(world: World, api: Caller) -> None:
    without = layer(world.zoe)
    del without["ackTimeoutMinutes"]
    assert makes(api, without).fields == ["layers.0.ackTimeoutMinutes"]


@pytest.mark.parametrize("wrong", [0, 10_081])
def test_t09_the_database_holds_to_it_too(world: World, api: Caller, wrong: int) -> None:
    makes(api, layer(world.zoe))
    with pytest.raises(IntegrityError, match="escalation_layer_ack_timeout"), connection.cursor() as cursor:
        cursor.execute("update escalation_layer set ack_timeout_minutes = %s", [wrong])


def test_t10_a_timeout_edited_while_an_incident_runs(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    made = makes(api, layer(bo, minutes=5), layer(cy, minutes=5)).data
    number = api.opens(bo.id, made["id"])["number"]
    world.settles()
    world.forgets_mail()
    due = api.shown(number)["escalation"]["nextEscalationAt"]
    for each in made["layers"]:
        changed = api.call("PATCH", f"{PATH}/{made['id']}/layers/{each['id']}", {"ackTimeoutMinutes": 600})
        assert changed.data["ackTimeoutMinutes"] == 600
    assert api.shown(number)["escalation"]["nextEscalationAt"] == due
    world.waits(minutes=5)
    world.forgets_mail()
    assert api.shown(number)["escalation"]["layerPosition"] == 2
    world.waits(minutes=5)
    world.forgets_mail()
    assert api.shown(number)["escalation"]["state"] == "exhausted"


@pytest.mark.parametrize("way", ["reordered", "layers deleted", "replaced", "deleted"])
def test_c01_a_running_escalation_keeps_its_copy(world: World, api: Caller, way: str) -> None:
    bo, cy = world.members("Bo", "Cy")
    made = makes(api, layer(bo), layer(cy)).data
    here = f"{PATH}/{made['id']}"
    first, second = (each["id"] for each in made["layers"])
    number = api.opens(bo.id, made["id"])["number"]
    match way:
        case "reordered":
            assert api.call("PUT", f"{here}/layers/order", {"layerIds": [second, first]}).status == 200
        case "layers deleted":
            assert api.call("DELETE", f"{here}/layers/{first}").status == 204
        case "replaced":
            assert api.call("PUT", here, {"name": "Nobody"}).data["layers"] == []
        case _:
            assert api.call("DELETE", here).status == 204
    world.settles()
    world.waits(minutes=5)
    world.forgets_mail()
    escalation = api.shown(number)["escalation"]
    assert (escalation["policyName"], escalation["layerPosition"], escalation["layerCount"]) == ("Payments", 2, 2)
    assert [each["name"] for each in escalation["notifiedResponders"]] == ["Bo", "Cy"]


def test_layers_are_put_in_moved_and_taken_out(world: World, api: Caller) -> None:
    made = makes(api, layer(world.zoe, minutes=1), layer(world.zoe, minutes=2)).data
    here = f"{PATH}/{made['id']}"
    last = api.post(f"{here}/layers", layer(world.zoe, minutes=4))
    assert (last.status, last.data["position"]) == (201, 3)
    assert api.post(f"{here}/layers", layer(world.zoe, minutes=3, position=2)).data["position"] == 2
    assert minutes(api.get(here).data) == [(1, 1), (2, 3), (3, 2), (4, 4)]
    moved = api.call("PATCH", f"{here}/layers/{last.data['id']}", {"position": 1}).data
    assert (moved["position"], moved["ackTimeoutMinutes"]) == (1, 4)
    assert minutes(api.get(here).data) == [(1, 4), (2, 1), (3, 3), (4, 2)]
    assert api.call("DELETE", f"{here}/layers/{last.data['id']}").status == 204
    shown = api.get(here).data
    assert minutes(shown) == [(1, 1), (2, 3), (3, 2)]
    order = [each["id"] for each in reversed(shown["layers"])]
    assert minutes(api.call("PUT", f"{here}/layers/order", {"layerIds": order}).data) == [(1, 2), (2, 3), (3, 1)]
    for wrong in (order[:2], [*order, order[0]], [order[0]] * 3, [*order[:2], "x"], [*order[:2], str(uuid4())]):
        assert api.call("PUT", f"{here}/layers/order", {"layerIds": wrong}).fields == ["layerIds"]
    assert api.post(f"{here}/layers", layer(world.zoe, position=5)).fields == ["position"]
    assert api.call("DELETE", f"{here}/layers/{uuid4()}").code == "not_found"


def test_a_policy_is_changed_in_part_or_whole(world: World, api: Caller) -> None:
    made = makes(api, layer(world.zoe), description="old", repeatCount=2).data
    here = f"{PATH}/{made['id']}"
    assert api.call("PATCH", here, {"name": "Cards"}).data | {"updatedAt": ""} == made | {
        "name": "Cards",
        "updatedAt": "",
        "version": made["version"] + 1,
    }
    assert api.call("PATCH", here, {}).data["layers"] == made["layers"]
    assert api.call("PATCH", here, {"description": None}).data["description"] is None
    assert minutes(api.call("PATCH", here, {"layers": [layer(world.zoe, minutes=9)]}).data) == [(1, 9)]
    assert api.call("PATCH", here, {"name": None}).fields == ["name"]
    replaced = api.call("PUT", here, {"name": "Cards"}).data
    assert (replaced["repeatCount"], replaced["layers"]) == (0, [])
    assert api.call("PUT", here, {}).fields == ["name"]


def test_a_change_of_another_version_is_refused_and_says_what_changed(world: World, api: Caller) -> None:
    made = makes(api, layer(world.zoe)).data
    here, seen = f"{PATH}/{made['id']}", made["version"]
    first = made["layers"][0]["id"]
    assert api.call("PATCH", f"{here}/layers/{first}", {"ackTimeoutMinutes": 9}).status == 200
    stale = [
        api.call("PUT", here, made | {"name": "Cards"}),
        api.call("PATCH", f"{here}?version={seen}", {"name": "Cards"}),
        api.post(f"{here}/layers?version={seen}", layer(world.zoe)),
        api.call("PATCH", f"{here}/layers/{first}?version={seen}", {"ackTimeoutMinutes": 7}),
        api.call("DELETE", f"{here}/layers/{first}?version={seen}"),
        api.call("DELETE", f"{here}?version={seen}"),
    ]
    for each in stale:
        assert (each.status, each.code) == (409, "stale_configuration")
        assert "layer 1 (ack timeout minutes)" in each.json["message"]
    # The same order once more is no change, and nothing is stale about it.
    assert api.call("PUT", f"{here}/layers/order?version={seen}", {"layerIds": [first]}).status == 200
    now = api.get(here).data
    assert (now["name"], minutes(now)) == ("Payments", [(1, 9)])
    assert api.call("PUT", here, now | {"name": "Cards"}).status == 200


def test_a_target_is_members_of_the_organization(world: World, api: Caller, stranger: Caller) -> None:
    [bo] = world.members("Bo")
    world.ends_membership(bo)
    lara = stranger.get("/users").data["users"][0]["id"]
    for nobody in (str(bo.id), lara, str(uuid4()), "Bo", ""):
        wrong = {"ackTimeoutMinutes": 5, "target": {"type": "users", "userIds": [str(world.zoe.id), nobody]}}
        answer = makes(api, wrong)
        assert (answer.status, answer.code) == (400, "invalid_target"), nobody
        assert "layers.0.target.userIds" in answer.json["message"]
    schedule = {"ackTimeoutMinutes": 5, "target": {"type": "schedule", "scheduleId": str(uuid4())}}
    assert makes(api, schedule).code == "invalid_target"
    assert api.get(PATH).data["policies"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "x", "description": "x" * 10_001}, "description"),
        ({"name": "x", "repeatCount": 10}, "repeatCount"),
        ({"name": "x", "repeatCount": None}, "repeatCount"),
        ({"name": "x", "layers": None}, "layers"),
        ({"name": "x", "layers": {}}, "layers"),
        ({"name": "x", "layers": [5]}, "layers.0"),
        ({"name": "x", "layers": [{"ackTimeoutMinutes": 5}]}, "layers.0.target"),
        ({"name": "x", "layers": [{"ackTimeoutMinutes": 5, "target": {}}]}, "layers.0.target"),
        ({"name": "x", "layers": [{"ackTimeoutMinutes": 5, "target": {"type": "all"}}]}, "layers.0.target"),
        (
            {"name": "x", "layers": [{"ackTimeoutMinutes": 5, "target": {"type": "users", "userIds": []}}]},
            "layers.0.target.userIds",
        ),
        (
            {"name": "x", "layers": [{"ackTimeoutMinutes": 5, "target": {"type": "users", "userIds": ["x"] * 101}}]},
            "layers.0.target.userIds",
        ),
        (
            {"name": "x", "layers": [{"ackTimeoutMinutes": 5, "target": {"type": "users", "userIds": "x"}}]},
            "layers.0.target.userIds",
        ),
        ({"name": "x", "escalate": True}, "escalate"),
    ],
)
def test_a_policy_that_is_none_names_its_field(api: Caller, body: dict[str, Any], field: str) -> None:
    answer = api.post(PATH, body)
    assert (answer.status, answer.code, answer.fields) == (422, "validation_error", [field])


def test_a_policy_has_at_most_fifty_layers(world: World, api: Caller) -> None:
    fifty = [layer(world.zoe)] * 50
    assert makes(api, *fifty, layer(world.zoe)).fields == ["layers"]
    made = makes(api, *fifty).data
    assert api.post(f"{PATH}/{made['id']}/layers", layer(world.zoe)).fields == ["layers"]


def test_positions_in_a_whole_policy_are_all_or_none(world: World, api: Caller) -> None:
    first, second = layer(world.zoe, minutes=1, position=2), layer(world.zoe, minutes=2, position=1)
    assert minutes(makes(api, first, second).data) == [(1, 2), (2, 1)]
    assert makes(api, first, layer(world.zoe), name="y").fields == ["layers"]
    assert makes(api, first, first, name="y").fields == ["layers"]


def test_names_are_unique_without_case(world: World, api: Caller, stranger: Caller) -> None:
    made = makes(api).data
    conflict = makes(api, name="PAYMENTS")
    assert (conflict.status, conflict.code) == (409, "name_conflict")
    assert makes(stranger).status == 201
    other = makes(api, name="Cards").data
    assert api.call("PATCH", f"{PATH}/{other['id']}", {"name": "payments"}).code == "name_conflict"
    assert api.call("PATCH", f"{PATH}/{made['id']}", {"name": "payments"}).data["name"] == "payments"


def test_another_organizations_policy_is_not_there(world: World, api: Caller, stranger: Caller) -> None:
    made = makes(api, layer(world.zoe)).data
    here, there = f"{PATH}/{made['id']}", f"{PATH}/{made['id']}/layers/{made['layers'][0]['id']}"
    answers = [
        stranger.get(here),
        stranger.call("PUT", here, {"name": "x"}),
        stranger.call("PATCH", here, {"name": "x"}),
        stranger.call("DELETE", here),
        stranger.post(f"{here}/layers", layer(world.zoe)),
        stranger.call("PATCH", there, {"ackTimeoutMinutes": 1}),
        stranger.call("DELETE", there),
        stranger.call("PUT", f"{here}/layers/order", {"layerIds": [made["layers"][0]["id"]]}),
        api.get(f"{PATH}/payments"),
    ]
    assert {answer.code for answer in answers} == {"not_found"}
    assert stranger.get(PATH).data["policies"] == []
    assert api.get(here).data == made
