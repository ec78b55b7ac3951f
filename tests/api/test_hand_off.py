"""Handing off through the API: the rows H of the fault list."""

from typing import Any
from uuid import UUID

import pytest

from nightbell.actions import organizations, people
from nightbell.data.access.principal import Principal
from nightbell.data.models import Page
from tests.api.caller import Answer, Caller, together, written
from tests.world import Person, World


def hands(api: Caller, number: int, to: Person | str, **more: Any) -> Answer:
    target = to if isinstance(to, str) else str(to.id)
    return api.post(f"/incidents/{number}/handoff", {"targetUserId": target} | more)


def test_h03_two_handoffs_at_once_end_in_commit_order(world: World, api: Caller) -> None:
    bo, eve = world.members("Bo", "Eve")
    number = api.opens(world.zoe.id, world.policy([([world.zoe], 5)]))["number"]
    answers = together(lambda: hands(api, number, bo), lambda: hands(api, number, eve))
    assert [answer.status for answer in answers] == [200, 200]
    shown = api.shown(number)
    [first, second] = [each["data"] for each in shown["auditTrail"] if each["kind"] == "incident_handed_off"]
    assert first["newOwner"] == second["previousOwner"]
    assert shown["ownerId"] == second["newOwner"]
    states = {str(page.user_id): page.state for page in Page.objects.all()}
    assert states == {first["newOwner"]: "cancelled", second["newOwner"]: "queued"}


@pytest.mark.parametrize("who", ["stranger", "removed", "nobody", "not an id", "nothing"])
def test_h06_to_somebody_who_is_no_active_member(world: World, api: Caller, who: str) -> None:
    [bo] = world.members("Bo")
    _, lara = organizations.create(Principal.operator(), "Early Larks", people.Person("lara@larks.example", "Lara"))
    world.ends_membership(bo)
    target = {"stranger": str(lara.user_id), "removed": str(bo.id), "nobody": str(UUID(int=9)), "not an id": "Bo"}
    number = api.opens(world.zoe.id)["number"]
    before = written(world.organization), Page.objects.count()
    answer = hands(api, number, target.get(who, ""))
    assert (answer.status, answer.code) == (400, "invalid_target_user")
    assert "targetUserId" in answer.json["message"]
    assert (written(world.organization), Page.objects.count()) == before


def test_h06_whatever_is_no_text_is_not_of_the_shape(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    for body in ({}, {"targetUserId": None}, {"targetUserId": 5}, {"targetUserId": ["x"]}):
        answer = api.post(f"/incidents/{number}/handoff", body)
        assert (answer.code, answer.fields) == ("validation_error", ["targetUserId"])


def test_h09_to_whom_it_is_already(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    handed = hands(api, number, bo).data
    before = written(world.organization), Page.objects.count()
    assert hands(api, number, bo).data == handed
    api.post(f"/incidents/{number}/acknowledge", {"userId": str(bo.id)})
    rows = written(world.organization)
    assert hands(api, number, bo).data["escalation"]["state"] == "acknowledged"
    assert (written(world.organization), Page.objects.count()) == (rows, before[1])


def test_h14_on_a_resolved_incident(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    api.post(f"/incidents/{number}/resolve")
    for target in (bo, "nobody at all"):
        answer = hands(api, number, target)
        assert (answer.status, answer.code) == (400, "incident_resolved")
    assert api.post("/incidents/99/handoff", {"targetUserId": "nobody"}).code == "not_found"


def test_h20_a_note_is_kept_as_it_is_or_refused(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    note = "<b>deploy</b>\n<!channel> " + "x" * 9_975
    assert len(note) == 10_000
    answer = hands(api, number, bo, note=note + "y")
    assert (answer.status, answer.code, answer.fields) == (422, "validation_error", ["note"])
    assert hands(api, number, bo, note=note).status == 200
    [handed] = [each for each in api.shown(number)["auditTrail"] if each["kind"] == "incident_handed_off"]
    assert handed["data"]["note"] == note


@pytest.mark.parametrize("key", [None, "handoff-1"])
def test_h21_retried_after_a_lost_answer(world: World, api: Caller, key: str | None) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id, world.policy([([world.zoe], 5)]))["number"]
    headers = {"Idempotency_Key": key} if key else {}
    body = {"targetUserId": str(bo.id), "note": "yours"}
    answers = [api.post(f"/incidents/{number}/handoff", body, **headers) for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert Page.objects.filter(user_id=bo.id).count() == 1
    assert api.kinds(number).count("incident_handed_off") == 1


def test_h21_retries_at_once_wait_for_the_first(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    # An acknowledgement between them would make the second a real handoff: only the key makes it the same.
    body = {"targetUserId": str(bo.id)}
    answers = together(
        *[lambda: api.post(f"/incidents/{number}/handoff", body, Idempotency_Key="same") for _ in range(4)]
    )
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert Page.objects.filter(user_id=bo.id).count() == 1


def test_h22_a_removal_meets_openings_and_handoffs(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    opening = {"title": "x", "severity": "low", "ownerId": str(bo.id)}

    def removal() -> Answer:
        people.remove(world.principal, bo.id)
        return api.get("/users")

    opened, handed, _ = together(lambda: api.post("/incidents", opening), lambda: hands(api, number, bo), removal)
    assert opened.status == 201 or opened.code == "invalid_owner"
    assert handed.status == 200 or handed.code == "invalid_target_user"
    for row in api.get("/incidents").data["incidents"]:
        assert row["ownerId"] == str(world.zoe.id)
