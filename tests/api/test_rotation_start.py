"""What a schedule shows is what it is: whose turn is first, and which version a change was made of."""

from typing import Any

import pytest

from tests.api.caller import Caller
from tests.api.test_schedules import PATH, adds, makes, on_call, rotation
from tests.world import World


def test_a_schedule_made_from_its_own_get_is_the_same_schedule(world: World, api: Caller) -> None:
    bo, cy, di = world.members("Bo", "Cy", "Di")
    first = makes(api).data["id"]
    made = adds(api, first, bo, cy, di)
    adds(api, first, di, cy, rotationType="custom", rotationLengthDays=3, handoffTime="17:30")
    path = f"{PATH}/{first}/layers/{made['id']}"
    for order in ([di, bo, cy], [cy, di], [bo, cy, di], [cy, bo, di]):
        assert api.call("PATCH", path, {"participantIds": [str(each.id) for each in order]}).status == 200
    seen = api.get(f"{PATH}/{first}").data
    assert seen["layers"][0]["rotationStart"] != seen["layers"][0]["effectiveFrom"]
    second = makes(api, "The same").data["id"]
    for layer in seen["layers"]:
        given = {key: value for key, value in layer.items() if key != "id"}
        assert api.post(f"{PATH}/{second}/layers", given).status == 201
    again = api.get(f"{PATH}/{second}").data
    assert [each | {"id": ""} for each in again["layers"]] == [each | {"id": ""} for each in seen["layers"]]
    for days in range(0, 70, 2):
        world.sleeps(days=2)
        assert on_call(api, first) == on_call(api, second), days


def test_the_same_put_puts_the_same_people_on_call(world: World, api: Caller) -> None:
    bo, cy, di = world.members("Bo", "Cy", "Di")
    one, other = (makes(api, name).data["id"] for name in ("One", "Other"))
    layers = {each: adds(api, each, bo, cy, di)["id"] for each in (one, other)}
    moved = {"participantIds": [str(each.id) for each in (cy, di, bo)]}
    assert api.call("PATCH", f"{PATH}/{other}/layers/{layers[other]}", moved).status == 200
    wanted = rotation(di, bo, cy, rotationStart="2026-02-02T08:00:00Z")
    puts = [api.call("PUT", f"{PATH}/{each}/layers/{layers[each]}", wanted) for each in (one, other)]
    assert [each.status for each in puts] == [200, 200]
    shown = [each.data | {"id": ""} for each in puts]
    assert shown[0] == shown[1]
    assert shown[0]["rotationStart"] == "2026-01-12T08:00:00.000Z"
    for _ in range(6):
        assert on_call(api, one) == on_call(api, other)
        world.sleeps(days=5)
    # What it is already is no change, and what comes back can be sent back.
    assert api.call("PUT", f"{PATH}/{one}/layers/{layers[one]}?version=1", puts[0].data).status == 200


@pytest.mark.parametrize("wrong", ["1699-12-31T00:00:00Z", "2600-01-01T00:00:00Z", "soon", 7])
def test_a_start_that_is_none(world: World, api: Caller, wrong: Any) -> None:
    answer = api.post(f"{PATH}/{makes(api).data['id']}/layers", rotation(world.zoe, rotationStart=wrong))
    assert (answer.status, answer.fields) == (422, ["rotationStart"])


def test_a_change_of_another_version_is_refused_and_says_what_changed(world: World, api: Caller) -> None:
    bo, cy = world.members("Bo", "Cy")
    made = makes(api).data
    here = f"{PATH}/{made['id']}"
    layer = adds(api, made["id"], bo, cy, name="Weekdays")
    assert api.get(here).data["version"] == made["version"] + 1
    seen = api.get(here).data
    assert api.call("PATCH", f"{here}/layers/{layer['id']}", {"handoffTime": "10:00"}).status == 200
    stale = [
        api.call("PATCH", f"{here}?version={seen['version']}", {"timezone": "Asia/Tokyo"}),
        api.call("PATCH", f"{here}/layers/{layer['id']}?version={seen['version']}", {"name": "Nights"}),
        api.post(f"{here}/layers?version={seen['version']}", rotation(bo)),
        api.call("DELETE", f"{here}/layers/{layer['id']}?version={seen['version']}"),
        api.call("DELETE", f"{here}?version={seen['version']}"),
        api.call("PUT", here, {key: seen[key] for key in ("timezone", "version")} | {"name": "Another"}),
    ]
    for each in stale:
        assert (each.status, each.code) == (409, "stale_configuration")
        assert "rotation Weekdays (handoff time)" in each.json["message"]
        assert "Nothing was saved" in each.json["message"]
    # An order that is there already is no change, and nothing is stale about it.
    order = api.call("PUT", f"{here}/layers/order?version={seen['version']}", {"layerIds": [layer["id"]]})
    assert order.status == 200
    now = api.get(here).data
    assert (now["name"], now["timezone"], len(now["layers"])) == ("Platform on-call", "Europe/Berlin", 1)
    assert api.call("PATCH", f"{here}?version={now['version']}", {"name": "Another"}).status == 200


def test_what_changed_meanwhile_is_told_layer_by_layer(world: World, api: Caller) -> None:
    here = f"{PATH}/{makes(api).data['id']}"
    ids = [adds(api, here.rsplit("/", 1)[1], world.zoe, name=name)["id"] for name in ("Days", "Nights", "Weekends")]
    seen = api.get(here).data["version"]
    assert api.call("DELETE", f"{here}/layers/{ids[2]}").status == 204
    assert api.call("PUT", f"{here}/layers/order", {"layerIds": [ids[1], ids[0]]}).status == 200
    adds(api, here.rsplit("/", 1)[1], world.zoe, name="Holidays")
    assert api.call("PATCH", here, {"name": "Another", "description": "Told"}).status == 200
    said = api.call("PATCH", f"{here}?version={seen}", {"name": "Mine"}).json["message"]
    parts = ("rotation Weekends (removed)", "the order of layers", "rotation Holidays (added)", "name, description")
    assert [part in said for part in parts] == [True] * 4, said
    # What each changed, and nothing of what it left alone.
    assert said.count("Days") == said.count("Nights") == 0, said
