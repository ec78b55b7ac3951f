"""Schedules and their rotation layers through the API."""

from typing import Any
from uuid import uuid4

import pytest

from nightbell.actions import organizations
from nightbell.data.models import Audit, RotationLayer, Schedule
from tests.api.caller import Answer, Caller
from tests.api.member import Member
from tests.rota import Rota
from tests.world import Person, World

PATH = "/oncall/schedules"
LAYER_FIELDS = {
    "id",
    "name",
    "position",
    "rotationType",
    "rotationLengthDays",
    "rotationStart",
    "handoffTime",
    "effectiveFrom",
    "effectiveUntil",
    "participantIds",
}


def makes(api: Caller, name: str = "Platform on-call", **more: Any) -> Answer:
    return api.post(PATH, {"name": name, "timezone": "Europe/Berlin"} | more)


def rotation(*people_: Person, **more: Any) -> dict[str, Any]:
    return {
        "rotationType": "weekly",
        "handoffTime": "09:00",
        "effectiveFrom": "2026-01-05T08:00:00Z",
        "participantIds": [str(person.id) for person in people_],
    } | more


def adds(api: Caller, schedule_id: str, *people_: Person, **more: Any) -> Any:
    answer = api.post(f"{PATH}/{schedule_id}/layers", rotation(*people_, **more))
    assert answer.status == 201, answer.text
    return answer.data


def on_call(api: Caller, schedule_id: str, query: str = "") -> list[str]:
    return [each["name"] for each in api.get(f"{PATH}/{schedule_id}/resolve{query}").data["currentOnCall"]]


def changed(answer: Answer) -> list[tuple[int, str | None, str | None]]:
    return [
        (each["position"], (each["loses"] or {}).get("name"), (each["gains"] or {}).get("name"))
        for each in answer.data["changes"]
    ]


def test_a_schedule_is_made_shown_changed_listed_and_deleted(world: World, api: Caller) -> None:
    answer = makes(api, description="")
    assert answer.status == 201
    made = answer.data
    assert set(made) == {"id", "name", "description", "timezone", "createdAt", "updatedAt", "layers", "version"}
    assert (made["description"], made["timezone"], made["layers"]) == ("", "Europe/Berlin", [])
    assert api.get(f"{PATH}/{made['id']}").data == made
    makes(api, "apples")
    assert [row["name"] for row in api.get(PATH).data["schedules"]] == ["apples", "Platform on-call"]
    assert "layers" not in api.get(PATH).data["schedules"][0]
    patched = api.call("PATCH", f"{PATH}/{made['id']}", {"description": None}).data
    assert (patched["name"], patched["description"]) == ("Platform on-call", None)
    put = api.call("PUT", f"{PATH}/{made['id']}", {"name": "Nights", "timezone": "Asia/Tokyo"}).data
    assert (put["name"], put["timezone"]) == ("Nights", "Asia/Tokyo")
    assert api.call("DELETE", f"{PATH}/{made['id']}").status == 204
    assert api.get(f"{PATH}/{made['id']}").code == "not_found"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"name": " "}, ["name"]),
        ({"name": "x" * 256}, ["name"]),
        ({"timezone": "Mars/Olympus"}, ["timezone"]),
        ({"timezone": "../../etc/passwd"}, ["timezone"]),
        ({"timezone": None}, ["timezone"]),
        ({"description": 7}, ["description"]),
        ({"layers": []}, ["layers"]),
    ],
)
def test_a_schedule_that_is_none_is_refused_by_field(api: Caller, body: Any, fields: list[str]) -> None:
    answer = makes(api, **body)
    assert (answer.status, answer.code, answer.fields) == (422, "validation_error", fields)
    assert api.get(PATH).data == {"schedules": []}


def test_two_schedules_cannot_have_one_name(api: Caller) -> None:
    made = makes(api).data
    assert makes(api, "PLATFORM on-call").code == "name_conflict"
    other = makes(api, "Other").data
    assert api.call("PATCH", f"{PATH}/{other['id']}", {"name": made["name"]}).code == "name_conflict"


def test_a_layer_comes_back_as_it_was_written_whatever_edits_keep(world: World, api: Caller) -> None:
    bo, cy, di = world.members("Bo", "Cy", "Di")
    schedule_id = makes(api).data["id"]
    made = adds(api, schedule_id, bo, cy)
    assert set(made) == LAYER_FIELDS
    always = {"id": made["id"], "name": "Rotation 1", "position": 0, "rotationLengthDays": 7, "effectiveUntil": None}
    always["rotationStart"] = "2026-01-05T08:00:00.000Z"
    assert made == always | rotation(bo, cy) | {"effectiveFrom": "2026-01-05T08:00:00.000Z"}
    before = on_call(api, schedule_id)
    more = api.call(
        "PATCH", f"{PATH}/{schedule_id}/layers/{made['id']}", {"participantIds": [str(di.id), str(cy.id), str(bo.id)]}
    )
    assert more.data["participantIds"] == [str(di.id), str(cy.id), str(bo.id)]
    assert set(more.data) == LAYER_FIELDS
    assert on_call(api, schedule_id) == before


def test_keep_current_false_lets_todays_person_move(world: World, api: Caller) -> None:
    people_ = world.members("Bo", "Cy", "Di")
    schedule_id = makes(api).data["id"]
    made = adds(api, schedule_id, *people_)
    before = on_call(api, schedule_id)
    turned = [str(person.id) for person in (*people_[1:], people_[0])]
    path = f"{PATH}/{schedule_id}/layers/{made['id']}"
    assert api.call("PATCH", path, {"participantIds": turned}).status == 200
    assert on_call(api, schedule_id) == before
    assert api.call("PATCH", f"{path}?keepCurrent=false", {"participantIds": turned}).status == 200
    assert on_call(api, schedule_id) != before


def test_a_layer_is_replaced_whole_and_stays_in_its_place(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    schedule_id = makes(api).data["id"]
    first, second = adds(api, schedule_id, bo), adds(api, schedule_id, cy)
    given = rotation(cy, rotationType="custom", rotationLengthDays=3, effectiveUntil="2027-01-05T08:00:00+01:00")
    put = api.call("PUT", f"{PATH}/{schedule_id}/layers/{first['id']}", given).data
    assert (put["position"], put["rotationLengthDays"], put["effectiveUntil"]) == (0, 3, "2027-01-05T07:00:00.000Z")
    shorter = api.call("PATCH", f"{PATH}/{schedule_id}/layers/{first['id']}", {"rotationType": "daily"}).data
    assert shorter["rotationLengthDays"] == 1
    moved = api.call("PATCH", f"{PATH}/{schedule_id}/layers/{second['id']}", {"position": 0}).data
    assert moved["position"] == 0
    layers = api.get(f"{PATH}/{schedule_id}").data["layers"]
    assert [(each["id"], each["position"]) for each in layers] == [(second["id"], 0), (first["id"], 1)]


def test_layers_are_ordered_and_deleted(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    schedule_id = makes(api).data["id"]
    first, second = adds(api, schedule_id, bo), adds(api, schedule_id, cy)
    order = f"{PATH}/{schedule_id}/layers/order"
    ordered = api.call("PUT", order, {"layerIds": [second["id"], first["id"]]}).data
    assert [each["id"] for each in ordered["layers"]] == [second["id"], first["id"]]
    for wrong in ([first["id"]], [first["id"], first["id"]], [first["id"], "x"]):
        assert api.call("PUT", order, {"layerIds": wrong}).fields == ["layerIds"]
    assert api.call("DELETE", f"{PATH}/{schedule_id}/layers/{second['id']}").status == 204
    assert [each["position"] for each in api.get(f"{PATH}/{schedule_id}").data["layers"]] == [0]
    third = adds(api, schedule_id, cy, position=0)
    assert [each["id"] for each in api.get(f"{PATH}/{schedule_id}").data["layers"]] == [third["id"], first["id"]]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"rotationType": "monthly"}, ["rotationType"]),
        ({"rotationType": "custom"}, ["rotationLengthDays"]),
        ({"rotationLengthDays": 8}, ["rotationLengthDays"]),
        ({"rotationType": "custom", "rotationLengthDays": 0}, ["rotationLengthDays"]),
        ({"rotationType": "custom", "rotationLengthDays": 367}, ["rotationLengthDays"]),
        ({"handoffTime": "24:00"}, ["handoffTime"]),
        ({"handoffTime": "9:00"}, ["handoffTime"]),
        ({"handoffTime": "09:00\n"}, ["handoffTime"]),
        ({"effectiveFrom": "2026-01-05T08:00:00"}, ["effectiveFrom"]),
        ({"effectiveFrom": 1767600000}, ["effectiveFrom"]),
        ({"effectiveFrom": "0001-01-01T00:00:00Z"}, ["effectiveFrom"]),
        ({"effectiveFrom": "2026-13-01T00:00:00Z"}, ["effectiveFrom"]),
        ({"effectiveUntil": "2026-01-05T08:00:00Z"}, ["effectiveUntil"]),
        ({"effectiveUntil": "9999-12-31T23:59:59Z"}, ["effectiveUntil"]),
        ({"participantIds": []}, ["participantIds"]),
        ({"position": 1}, ["position"]),
        ({"position": -1}, ["position"]),
        ({"shiftOffset": 1}, ["shiftOffset"]),
    ],
)
def test_a_layer_that_is_none_is_refused_by_field(world: World, api: Caller, body: Any, fields: list[str]) -> None:
    schedule_id = makes(api).data["id"]
    answer = api.post(f"{PATH}/{schedule_id}/layers", rotation(world.zoe, **body))
    assert (answer.status, answer.fields) == (422, fields), answer.text
    assert api.get(f"{PATH}/{schedule_id}").data["layers"] == []


def test_whoever_is_no_active_member_cannot_take_turns(world: World, api: Caller, stranger: Caller) -> None:
    bo = world.member("Bo")
    outsider = stranger.get("/users").data["users"][0]["id"]
    world.ends_membership(bo)
    schedule_id = makes(api).data["id"]
    for wrong in (str(bo.id), outsider, str(uuid4()), "nobody"):
        body = rotation(world.zoe) | {"participantIds": [str(world.zoe.id), wrong]}
        answer = api.post(f"{PATH}/{schedule_id}/layers", body)
        assert (answer.status, answer.code) == (400, "invalid_target_user")
    twice = api.post(f"{PATH}/{schedule_id}/layers", rotation(world.zoe, world.zoe))
    assert twice.fields == ["participantIds"]


def test_a_layer_with_somebody_who_left_can_still_be_changed(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    schedule_id = makes(api).data["id"]
    made = adds(api, schedule_id, bo, cy)
    world.ends_membership(bo)
    changed_ = api.call("PATCH", f"{PATH}/{schedule_id}/layers/{made['id']}", {"handoffTime": "10:00"}).data
    assert changed_["participantIds"] == [str(bo.id), str(cy.id)]


def test_a_schedule_that_a_policy_targets_is_in_use(world: World, api: Caller) -> None:
    rota = Rota(world)
    rota.layer(world.zoe)
    policy_id = rota.policy()
    for path in (f"{PATH}/{rota.id}", f"{PATH}/{rota.id}?preview=true"):
        answer = api.call("DELETE", path)
        assert (answer.status, answer.code) == (409, "in_use")
    shown = api.get(f"/escalation/policies/{policy_id}").data
    assert shown["layers"][0]["target"] == {"type": "schedule", "scheduleId": str(rota.id)}
    assert api.call("DELETE", f"/escalation/policies/{policy_id}").status == 204
    assert api.call("DELETE", f"{PATH}/{rota.id}").status == 204


def test_a_policy_targets_only_a_schedule_of_its_own_organization(world: World, api: Caller, stranger: Caller) -> None:
    theirs = makes(stranger).data["id"]
    for wrong in (theirs, str(uuid4()), "none"):
        layers = [{"target": {"type": "schedule", "scheduleId": wrong}, "ackTimeoutMinutes": 5}]
        answer = api.post("/escalation/policies", {"name": "P", "layers": layers})
        assert (answer.status, answer.code) == (400, "invalid_target")


def test_another_organizations_schedule_is_not_there(world: World, api: Caller, stranger: Caller) -> None:
    bo = world.member("Bo")
    schedule_id = makes(api).data["id"]
    layer_id = adds(api, schedule_id, bo)["id"]
    at = f"{PATH}/{schedule_id}"
    override = api.post(
        f"{at}/overrides", {"userId": str(bo.id), "startsAt": "2100-01-01T00:00:00Z", "endsAt": "2100-01-02T00:00:00Z"}
    ).data
    world.settles()
    world.forgets_mail()
    lara = stranger.get("/users").data["users"][0]["id"]
    mine = rotation(bo) | {"participantIds": [lara]}
    taking = {"userId": lara, "startsAt": "2100-02-01T00:00:00Z", "endsAt": "2100-02-02T00:00:00Z"}
    before = (Audit.objects.count(), api.get(at).data)
    for method, path, body in (
        ("GET", at, None),
        ("PUT", at, {"name": "x", "timezone": "UTC"}),
        ("PATCH", at, {"name": "x"}),
        ("DELETE", at, None),
        ("POST", f"{at}/layers", mine),
        ("PUT", f"{at}/layers/order", {"layerIds": [layer_id]}),
        ("PUT", f"{at}/layers/{layer_id}", mine),
        ("PATCH", f"{at}/layers/{layer_id}", {"handoffTime": "10:00"}),
        ("DELETE", f"{at}/layers/{layer_id}", None),
        ("GET", f"{at}/resolve", None),
        ("GET", f"{at}/shifts", None),
        ("GET", f"{at}/overrides", None),
        ("POST", f"{at}/overrides", taking),
        ("POST", f"{at}/overrides/take", {"userId": lara}),
        ("DELETE", f"{at}/overrides/{override['id']}", None),
    ):
        there = stranger.call(method, path, body)
        nowhere = stranger.call(method, path.replace(schedule_id, str(uuid4())), body)
        assert (there.status, there.code, there.json["message"]) == (404, "not_found", nowhere.json["message"]), path
    assert (Audit.objects.count(), api.get(at).data) == before


def test_a_layer_of_another_schedule_is_not_there(world: World, api: Caller) -> None:
    one, other = makes(api, "One").data["id"], makes(api, "Other").data["id"]
    layer_id = adds(api, other, world.zoe)["id"]
    for method, body in (("PATCH", {"handoffTime": "10:00"}), ("DELETE", None), ("PUT", rotation(world.zoe))):
        assert api.call(method, f"{PATH}/{one}/layers/{layer_id}", body).code == "not_found"
        assert api.call(method, f"{PATH}/{one}/layers/7", body).code == "not_found"


def test_a_preview_shows_who_gains_and_loses_and_saves_nothing(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    schedule_id = makes(api).data["id"]
    layer_id = adds(api, schedule_id, bo)["id"]
    at = f"{PATH}/{schedule_id}"
    before = api.get(at).data
    records = Audit.objects.count()
    both = {"participantIds": [str(bo.id), str(cy.id)]}
    answer = api.call("PATCH", f"{at}/layers/{layer_id}?preview=true", both)
    assert answer.status == 200
    assert set(changed(answer)) == {(0, "Bo", "Cy")}
    assert len(changed(answer)) == 2
    assert changed(api.call("PUT", f"{at}/layers/{layer_id}?preview=true", rotation(cy))) == [(0, "Bo", "Cy")]
    assert changed(api.post(f"{at}/layers?preview=true", rotation(cy))) == [(1, None, "Cy")]
    assert changed(api.post(f"{at}/layers?preview=true", rotation(cy, position=0))) == [
        (0, "Bo", "Cy"),
        (1, None, "Bo"),
    ]
    assert changed(api.call("DELETE", f"{at}/layers/{layer_id}?preview=true")) == [(0, "Bo", None)]
    assert changed(api.call("DELETE", f"{at}?preview=true")) == [(0, "Bo", None)]
    assert changed(api.call("PUT", f"{at}/layers/order?preview=true", {"layerIds": [layer_id]})) == []
    assert changed(api.call("PATCH", f"{at}?preview=true", {"name": "Other"})) == []
    assert api.get(at).data == before
    assert (Schedule.objects.count(), RotationLayer.objects.count(), Audit.objects.count()) == (1, 1, records)


def test_an_idempotent_preview_is_still_only_a_preview(world: World, api: Caller) -> None:
    schedule_id = makes(api).data["id"]
    for _ in range(2):
        answer = api.post(f"{PATH}/{schedule_id}/layers?preview=true", rotation(world.zoe), Idempotency_Key="once")
        assert changed(answer) == [(0, None, "Zoe")]
    assert RotationLayer.objects.count() == 0


@pytest.mark.parametrize("query", ["prevew=true", "preview=maybe", "keepcurrent=false", "keepCurrent="])
def test_a_query_that_is_misspelt_is_refused_not_ignored(world: World, api: Caller, query: str) -> None:
    schedule_id = makes(api).data["id"]
    answer = api.post(f"{PATH}/{schedule_id}/layers?{query}", rotation(world.zoe))
    assert answer.fields == [query.split("=", maxsplit=1)[0]]
    assert RotationLayer.objects.count() == 0


def test_c13_a_schedules_zone_changed(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    schedule_id = makes(api).data["id"]
    adds(api, schedule_id, bo, cy, rotationType="daily")
    before = on_call(api, schedule_id)
    path = f"{PATH}/{schedule_id}"
    shown = api.call("PATCH", f"{path}?preview=true", {"timezone": "Pacific/Auckland"})
    assert {(0, "Bo", "Cy"), (0, "Cy", "Bo")} == set(changed(shown))
    assert api.get(path).data["timezone"] == "Europe/Berlin"
    assert api.call("PATCH", path, {"timezone": "Pacific/Auckland"}).data["timezone"] == "Pacific/Auckland"
    assert on_call(api, schedule_id) == before
    entry = Audit.objects.filter(kind="schedule_changed").latest("sequence")
    assert entry.data["before"]["timezone"] == "Europe/Berlin"
    assert entry.data["after"]["timezone"] == "Pacific/Auckland"


def test_members_may_read_schedules_and_not_edit_them_where_that_is_reserved(world: World, api: Caller) -> None:
    schedule_id = makes(api).data["id"]
    bo = world.member("Bo")
    organizations.let_members_edit(world.operator, False)
    member = Member(bo)
    assert member.get(PATH).status == 200
    refusals = [
        member.post(PATH, {"name": "x", "timezone": "UTC"}),
        member.call("PATCH", f"{PATH}/{schedule_id}", {"name": "x"}),
        member.call("DELETE", f"{PATH}/{schedule_id}"),
        member.post(f"{PATH}/{schedule_id}/layers", rotation(bo)),
    ]
    assert {(answer.status, answer.code) for answer in refusals} == {(401, "not_authorized")}
