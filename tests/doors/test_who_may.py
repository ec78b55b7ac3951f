"""Who may do what changes something: a table by hand, from the rules of people, tried at every door there is.

The rules: incidents, overrides and one's own calendar are every member's; schedules and policies too, unless the
organization reserves them for admins; settings and the workspace are the admins'; nobody reaches into another
organization, and to a stranger nothing is there.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from nightbell.actions import keys, organizations, people
from nightbell.api.v1 import api
from nightbell.data.access.principal import Principal
from nightbell.data.models import Account
from nightbell.data.reads import policies
from tests import routes
from tests.rota import Rota
from tests.world import Person, World

MEMBER, ADMIN = "every member", "admins"
EDITOR = "every member, where it is not reserved for admins"
# What is asked for is decided by a signature or a token in the request, not by who is signed in.
ITS_OWN = "its own proof"

# What is said where the proof is none.
REFUSED_PROOF = {
    "POST ack/{token}": "not there",
    "POST slack/interactivity": "sign in",
    "POST slack/commands": "sign in",
}
WRITES = ("POST", "PUT", "PATCH", "DELETE")
LAYER: dict[str, Any] = {"ackTimeoutMinutes": 5, "target": {"type": "users", "userIds": ["{ana}"]}}
LAYERS = {"layers": [LAYER]}
ROTATION = {
    "rotationType": "weekly",
    "handoffTime": "09:00",
    "effectiveFrom": "2026-01-05T08:00:00Z",
    "participantIds": ["{ana}"],
}
HOURS = {"startsAt": "2031-01-05T08:00:00Z", "endsAt": "2031-01-05T18:00:00Z"}
TURNS = {"kind": "weekly", "handoff": "09:00", "starts": "2031-01-05T08:00", "participant": "{ana}", "save": "1"}
OVERRIDE = {"user": "{ana}", "starts": "2031-01-05T08:00", "ends": "2031-01-05T18:00"}
NAMED = {"name": "Another {fresh}", "timezone": "UTC"}

# A request that succeeds where it is allowed, and who is allowed it.
TABLE: dict[str, tuple[str, dict[str, Any]]] = {
    # The API.
    "POST v1/incidents": (MEMBER, {"title": "Disk full", "severity": "critical", "ownerId": "{ana}"}),
    "POST v1/incidents/{id}/acknowledge": (MEMBER, {}),
    "POST v1/incidents/{id}/handoff": (MEMBER, {"targetUserId": "{ana}"}),
    "POST v1/incidents/{id}/resolve": (MEMBER, {}),
    "POST v1/incidents/{id}/escalate": (MEMBER, {}),
    "PATCH v1/incidents/{id}/status": (MEMBER, {"status": "identified"}),
    "POST v1/escalation/policies": (EDITOR, {"name": "Another {fresh}", **LAYERS}),
    "PUT v1/escalation/policies/{id}": (EDITOR, {"name": "Another {fresh}", "repeatCount": 1, **LAYERS}),
    "PATCH v1/escalation/policies/{id}": (EDITOR, {"name": "Another {fresh}"}),
    "DELETE v1/escalation/policies/{id}": (EDITOR, {}),
    "POST v1/escalation/policies/{id}/layers": (EDITOR, LAYER),
    "PUT v1/escalation/policies/{id}/layers/order": (EDITOR, {"layerIds": ["{rung}"]}),
    "PATCH v1/escalation/policies/{id}/layers/{layerId}": (EDITOR, {"ackTimeoutMinutes": 7}),
    "DELETE v1/escalation/policies/{id}/layers/{layerId}": (EDITOR, {}),
    "POST v1/oncall/schedules": (EDITOR, NAMED),
    "PUT v1/oncall/schedules/{id}": (EDITOR, NAMED),
    "PATCH v1/oncall/schedules/{id}": (EDITOR, {"name": "Another {fresh}"}),
    "DELETE v1/oncall/schedules/{id}": (EDITOR, {}),
    "POST v1/oncall/schedules/{id}/layers": (EDITOR, ROTATION),
    "PUT v1/oncall/schedules/{id}/layers/order": (EDITOR, {"layerIds": ["{turn}"]}),
    "PUT v1/oncall/schedules/{id}/layers/{layerId}": (EDITOR, ROTATION),
    "PATCH v1/oncall/schedules/{id}/layers/{layerId}": (EDITOR, {"name": "Nights"}),
    "DELETE v1/oncall/schedules/{id}/layers/{layerId}": (EDITOR, {}),
    "POST v1/oncall/schedules/{id}/overrides": (MEMBER, {"userId": "{ana}", **HOURS}),
    "POST v1/oncall/schedules/{id}/overrides/take": (MEMBER, {}),
    "DELETE v1/oncall/schedules/{id}/overrides/{overrideId}": (MEMBER, {}),
    "POST v1/oncall/calendar-token": (MEMBER, {}),
    "DELETE v1/oncall/calendar-token": (MEMBER, {}),
    # The pages.
    "POST incidents/new": (MEMBER, {"title": "Disk full", "severity": "critical", "owner": "{ana}", "policy": "none"}),
    "POST incidents/{number}/acknowledge": (MEMBER, {}),
    "POST incidents/{number}/handoff": (MEMBER, {"target": "{ana}", "epoch": "0"}),
    "POST incidents/{number}/escalate": (MEMBER, {"epoch": "0"}),
    "POST incidents/{number}/status": (MEMBER, {"status": "identified"}),
    "POST incidents/{number}/resolve": (MEMBER, {}),
    "POST schedules/new": (EDITOR, NAMED),
    "POST schedules/{schedule_id}/edit": (EDITOR, {**NAMED, "save": "1"}),
    "POST schedules/{schedule_id}/delete": (EDITOR, {}),
    "POST schedules/{schedule_id}/override": (MEMBER, OVERRIDE),
    "POST schedules/{schedule_id}/take": (MEMBER, {}),
    "POST schedules/{schedule_id}/overrides/{override_id}/delete": (MEMBER, {}),
    "POST schedules/{schedule_id}/layers/new": (EDITOR, TURNS),
    "POST schedules/{schedule_id}/layers/{layer_id}": (EDITOR, TURNS),
    "POST schedules/{schedule_id}/layers/{layer_id}/delete": (EDITOR, {}),
    "POST shifts/calendar": (MEMBER, {}),
    "POST settings/keys": (ADMIN, {"name": "another {fresh}"}),
    "POST settings/keys/{key_id}/revoke": (ADMIN, {}),
    "POST settings/slack/channels": (ADMIN, {}),
    "POST settings/slack/match": (ADMIN, {}),
    "POST settings/slack/test": (ADMIN, {}),
    "POST settings/slack/disconnect": (ADMIN, {}),
    "POST paging/resume": (ADMIN, {}),
    "POST organization": (MEMBER, {}),
    "POST ack/{token}": (ITS_OWN, {}),
    # What Slack sends.
    "POST slack/interactivity": (ITS_OWN, {}),
    "POST slack/commands": (ITS_OWN, {}),
}


@dataclass
class Scene:
    """What there is to change, and its ids by the words of the addresses and of the table."""

    ids: dict[str, str]

    def filled(self, value: Any) -> Any:
        match value:
            case str():
                for word, each in self.ids.items():
                    value = value.replace(f"{{{word}}}", each)
                return value
            case dict():
                return {key: self.filled(each) for key, each in value.items()}
            case list():
                return [self.filled(each) for each in value]
            case _:
                return value


def scene(world: World, ana: Person, door: str) -> Scene:
    """An incident, a schedule with a turn and an override, and a policy."""
    bo = world.member(f"Bo{uuid4().hex}")
    rota = Rota(world, f"Rota {uuid4()}")
    turn = rota.layer(bo)
    override = rota.override(world.zoe, days=3)
    policy_id = world.policy([([world.zoe], 5)])
    incident = world.opens("Wanted", layers=[([world.zoe], 5), ([ana], 5)], paging=False)
    found = policies.one(world.principal, policy_id)
    assert found is not None
    (rung,) = found.layers
    of_policies = "escalation" in door
    return Scene(
        {
            "id": str(incident.number) if "incidents" in door else str(policy_id if of_policies else rota.id),
            "number": str(incident.number),
            "schedule_id": str(rota.id),
            "layerId": str(rung.id if of_policies else turn),
            "layer_id": str(turn),
            "overrideId": str(override),
            "override_id": str(override),
            "token": "eyJ9:nobodys",
            "fresh": uuid4().hex,
            "ana": str(ana.id),
            "key_id": str(keys.create(world.operator, "ci")[0].id),
            "rung": str(rung.id),
            "turn": str(turn),
        },
    )


def doors() -> Iterator[str]:
    """Every method and address that may change something, from the addresses the server knows."""
    for _, router in api._routers:
        for path, view in router.path_operations.items():
            taken = {method for each in view.operations for method in each.methods}
            yield from (f"{method} v1{path}" for method in taken.intersection(WRITES))
    for written in routes.every():
        route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", written)
        if not route.startswith(("accounts/", "v1/")) and takes(f"/{route}"):
            yield f"POST {route}"


def takes(path: str) -> bool:
    """Whether an address takes POST; one that says nothing of methods does."""
    filled = re.sub(r"{\w+_id}", str(uuid4()), path).replace("{number}", "1").replace("{token}", "x")
    return Client(raise_request_exception=False).post(filled).status_code != 405


def everything() -> dict[str, str]:
    """What the tables of organizations hold."""
    names = [model._meta.db_table for model in apps.get_models() if model._meta.app_label == "nightbell"]
    with connection.cursor() as cursor:
        held = {}
        for name in set(names) - {"account", "engine_beat", "installation"}:
            cursor.execute(f"select coalesce(string_agg(t::text, chr(10) order by t::text), '') from {name} t")
            held[name] = cursor.fetchone()[0]
    return held


class Doer:
    """Somebody at a browser, or nobody."""

    def __init__(self, user_id: UUID | None = None) -> None:
        self.client = Client(raise_request_exception=False)
        if user_id:
            self.client.force_login(Account.objects.get(id=user_id))

    def does(self, door: str, there: Scene) -> str:
        """What becomes of it: `done`, or how it is refused."""
        method, path = there.filled(door).split(" ")
        body = there.filled(TABLE[door][1])
        if path.startswith("v1/"):
            answer = self.client.generic(method, f"/{path}", json.dumps(body), content_type="application/json")
        else:
            answer = self.client.post(f"/{path}", body)
        if answer.status_code in (302, 307) and answer["Location"].startswith("/accounts/login"):
            return "sign in"
        if path.startswith("v1/") and answer.status_code == 401:
            return "not you" if answer.json()["code"] == "not_authorized" else "sign in"
        words = {401: "sign in", 403: "not you", 404: "not there"}
        # Where Slack is not connected its settings say so, to whoever may change them.
        done = answer.status_code in (200, 201, 204, 302) or (
            path.startswith("settings/") and answer.status_code == 400
        )
        return words.get(answer.status_code, "done" if done else f"{answer.status_code}: {answer.content!r}")


@pytest.mark.django_db
def test_every_door_has_its_row() -> None:
    assert sorted(doors()) == sorted(TABLE)


@pytest.mark.parametrize("door", TABLE)
def test_a_door_lets_in_whom_it_should(world: World, settled: None, door: str) -> None:
    who, _ = TABLE[door]
    ana = world.member("Ana")
    _, lara = organizations.create(Principal.operator(), "Early Larks", people.Person("lara@larks.example", "Lara"))
    there = scene(world, ana, door)
    stranger, other, member, admin = Doer(), Doer(lara.user_id), Doer(ana.id), Doer(world.zoe.id)
    organizations.let_members_edit(world.operator, False)
    before = everything()
    assert stranger.does(door, there) == REFUSED_PROOF.get(door, "sign in")
    if "{" in door:
        # Of another organization, whatever they may do in their own: it is the same as nothing.
        assert other.does(door, there) == REFUSED_PROOF.get(door, "not there")
    if who in (ADMIN, EDITOR):
        assert member.does(door, there) == "not you"
    assert everything() == before
    if who == EDITOR:
        organizations.let_members_edit(world.operator, True)
    if who in (MEMBER, EDITOR):
        assert member.does(door, there) == "done"
        there = scene(world, ana, door)
    if who != ITS_OWN:
        assert admin.does(door, there) == "done"
