"""Policies and schedules written back as they were read, and the small promises of the API's door."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from nightbell.core.incident import actor
from tests.api.caller import Caller
from tests.api.member import Member
from tests.world import World

POLICIES = "/escalation/policies"
SCHEDULES = "/oncall/schedules"


def layer(*user_ids: object, minutes: int = 5, **more: Any) -> dict[str, Any]:
    return {"ackTimeoutMinutes": minutes, "target": {"type": "users", "userIds": list(map(str, user_ids))}} | more


def a_policy(api: Caller, *layers: dict[str, Any], **more: Any) -> Any:
    return api.post(POLICIES, {"name": "Payments", "layers": list(layers)} | more).data


def a_schedule(api: Caller, **more: Any) -> Any:
    return api.post(SCHEDULES, {"name": "Nights", "timezone": "Europe/Berlin"} | more).data


def rotation(*user_ids: object, **more: Any) -> dict[str, Any]:
    begins = datetime(2026, 1, 5, 8, tzinfo=UTC).isoformat()
    turns = {"rotationType": "weekly", "handoffTime": "09:00", "effectiveFrom": begins}
    return turns | {"participantIds": list(map(str, user_ids))} | more


def opened_with(api: Caller, **given: Any) -> Any:
    return api.post("/incidents", {"title": "Disk full", "severity": "high", "dedupKey": "disk"} | given)


def test_w6_a_repeat_is_the_open_incident_whatever_became_of_whom_it_names(world: World, api: Caller) -> None:
    (bo,) = world.members("Bo")
    plan, rota = a_policy(api, layer(world.zoe.id)), a_schedule(api)
    owned = {"ownerId": str(bo.id), "escalationPolicyId": plan["id"]}
    first = opened_with(api, **owned)
    world.removes(bo)
    world.forgets_mail()
    api.call("DELETE", f"{POLICIES}/{plan['id']}")
    api.call("DELETE", f"{SCHEDULES}/{rota['id']}")
    for repeat in (owned, {"ownerScheduleId": rota["id"]}, {"ownerId": str(world.zoe.id)}):
        again = opened_with(api, **repeat)
        assert (again.status, again.data["number"]) == (200, first.data["number"])
    assert opened_with(api, **owned, dedupKey="another").code == "invalid_owner"
    api.post(f"/incidents/{first.data['number']}/resolve")
    # Nothing is open that it could be a repeat of.
    assert opened_with(api, **owned).code == "invalid_owner"
    assert opened_with(api, ownerScheduleId=rota["id"]).code == "not_found"


def test_w6_what_a_session_does_over_the_api_is_recorded_as_that(world: World, api: Caller) -> None:
    member = Member(world.zoe)
    number = api.opens(world.zoe.id)["number"]
    assert member.post(f"/incidents/{number}/acknowledge").status == 200
    world.forgets_mail()
    (entry,) = [each for each in api.shown(number)["auditTrail"] if each["kind"] == "incident_acknowledged"]
    assert (entry["actor"]["type"], entry["actor"]["via"]) == (actor.Type.USER, actor.Via.API)


def test_w6_no_cache_keeps_what_a_session_was_answered(world: World, api: Caller) -> None:
    member = Member(world.zoe)
    for answer in (member.get("/incidents"), member.get(f"/incidents/{uuid4()}"), member.post("/incidents", {})):
        assert answer.headers["Cache-Control"] == "no-store"


def test_w6_a_put_that_changes_nothing_changes_nothing(world: World, api: Caller) -> None:
    (bo,) = world.members("Bo")
    made = a_policy(api, layer(bo.id, world.zoe.id), layer(world.zoe.id, minutes=9), repeatCount=1)
    here = f"{POLICIES}/{made['id']}"
    as_written = {
        "name": "Payments",
        "repeatCount": 1,
        "layers": [layer(bo.id, world.zoe.id), layer(world.zoe.id, minutes=9)],
    }
    for same in (made, as_written):
        assert api.call("PUT", here, same).data == made
    assert api.call("PATCH", here, {"layers": as_written["layers"], "name": "Payments"}).data == made
    # Whoever was named before and has left since hinders nothing.
    world.removes(bo)
    world.forgets_mail()
    assert api.call("PUT", here, made).data == made
    assert api.call("PUT", here, made | {"layers": [layer(bo.id, minutes=6)]}).status == 200
    (left,) = api.get(here).data["layers"]
    same = {"target": left["target"], "ackTimeoutMinutes": 7}
    assert api.call("PATCH", f"{here}/layers/{left['id']}", same).data["ackTimeoutMinutes"] == 7
    assert api.post(POLICIES, {"name": "Cards", "layers": [layer(bo.id)]}).code == "invalid_target"


def test_w6_layers_keep_their_ids_where_they_are_named_or_in_their_place(world: World, api: Caller) -> None:
    zoe = world.zoe.id
    made = a_policy(api, layer(zoe, minutes=1), layer(zoe, minutes=2), layer(zoe, minutes=3))
    here, ids = f"{POLICIES}/{made['id']}", [each["id"] for each in made["layers"]]
    changed = api.call("PUT", here, {"name": "Payments", "layers": [layer(zoe, minutes=1), layer(zoe, minutes=8)]}).data
    assert [each["id"] for each in changed["layers"]] == ids[:2]
    assert changed["updatedAt"] > made["updatedAt"]
    swapped = [layer(zoe, minutes=8, id=ids[1]), layer(zoe, minutes=1)]
    moved = api.call("PUT", here, {"name": "Payments", "layers": swapped}).data["layers"]
    assert [each["ackTimeoutMinutes"] for each in moved] == [8, 1]
    assert moved[0]["id"] == ids[1]
    assert moved[1]["id"] not in ids
    for wrong in (str(uuid4()), "x", moved[1]["id"]):
        refused = [layer(zoe, id=moved[1]["id"]), layer(zoe, id=wrong)]
        answer = api.call("PUT", here, {"name": "Payments", "layers": refused})
        assert (answer.status, answer.fields[0].endswith(".id")) == (422, True)
    assert api.call("PUT", here, made | {"id": str(uuid4())}).fields == ["id"]


@pytest.mark.parametrize("path", [POLICIES, SCHEDULES])
def test_w6_an_unknown_layer_is_named_as_one(world: World, api: Caller, path: str) -> None:
    made = a_policy(api) if path == POLICIES else a_schedule(api)
    for unknown in (str(uuid4()), "x"):
        for method, body in (("PATCH", {}), ("DELETE", None)):
            answer = api.call(method, f"{path}/{made['id']}/layers/{unknown}", body)
            assert (answer.status, answer.code) == (404, "not_found")
            assert "There is no such layer" in answer.json["message"]


@pytest.mark.parametrize("path", [POLICIES, SCHEDULES])
def test_w6_names_go_to_255(world: World, api: Caller, path: str) -> None:
    more = {"timezone": "UTC"} if path == SCHEDULES else {}
    made = api.post(path, {"name": "n" * 255} | more)
    assert (made.status, made.data["name"]) == (201, "n" * 255)
    assert api.post(path, {"name": "m" * 256} | more).fields == ["name"]


def test_w6_rotations_have_names_of_their_own(world: World, api: Caller) -> None:
    zoe = world.zoe.id
    here = f"{SCHEDULES}/{a_schedule(api)['id']}/layers"
    assert api.post(here, rotation(zoe)).data["name"] == "Rotation 1"
    named = api.post(here, rotation(zoe, name="rotation 3")).data
    assert named["name"] == "rotation 3"
    last = api.post(here, rotation(zoe)).data
    assert last["name"] == "Rotation 4"
    for method, path, body in (
        ("POST", here, rotation(zoe, name="ROTATION 4")),
        ("PATCH", f"{here}/{named['id']}", {"name": "Rotation 4"}),
    ):
        answer = api.call(method, path, body)
        assert (answer.status, answer.code) == (409, "name_conflict")
    assert api.call("PATCH", f"{here}/{named['id']}", {"name": "Rotation 3"}).data["name"] == "Rotation 3"
    assert api.call("PUT", f"{here}/{named['id']}", rotation(zoe)).data["name"] == "Rotation 3"
    for wrong in ("", "  ", "n" * 256, None):
        assert api.call("PATCH", f"{here}/{named['id']}", {"name": wrong}).fields == ["name"]


def test_w6_a_schedule_and_its_rotations_are_put_back_as_they_were_read(world: World, api: Caller) -> None:
    here = f"{SCHEDULES}/{a_schedule(api, description='by night')['id']}"
    turns = api.post(f"{here}/layers", rotation(world.zoe.id, name="Weeks")).data
    made = api.get(here).data
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from audit")
        (entries,) = cursor.fetchone()
        assert api.call("PUT", here, made).data == made
        assert api.call("PUT", f"{here}/layers/{turns['id']}", turns).data == turns
        assert api.get(here).data == made
        cursor.execute("select count(*) from audit")
        assert cursor.fetchone() == (entries,)
    assert api.call("PUT", here, made | {"layers": []}).fields == ["layers"]
    assert api.call("PUT", here, made | {"id": str(uuid4())}).fields == ["id"]
    assert api.call("PUT", f"{here}/layers/{turns['id']}", turns | {"id": str(uuid4())}).fields == ["id"]
