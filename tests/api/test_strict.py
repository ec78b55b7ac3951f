"""Strict input: what is given twice, is not known, or is no instant is refused by name, and costs little."""

import json
import time
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from nightbell.actions import calendars
from nightbell.core.incident import actor
from nightbell.data.access import principal
from tests.api.caller import Answer, Caller
from tests.world import World

NOBODY = UUID(int=0)
PROCESSOR_SECONDS = 0.5


def sends(api: Caller, path: str, body: str | bytes) -> Answer:
    raw = body if isinstance(body, bytes) else body.encode()
    headers = {"Authorization": f"Bearer {api.key}"}
    return Answer(Client().post(f"/v1{path}", raw, content_type="application/json", headers=headers))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"title": "a", "severity": "low", "title": "b"}', "title"),
        ('{"title": "a", "t\\u0069tle": "b"}', "title"),
        ('{"name": "P", "layers": [{"target": {"type": "users", "type": "schedule"}}]}', "type"),
        ('{"\\ud800": 1, "\\ud800": 2}', "body"),
        ('{"\\ud800": 1}', "body"),
    ],
)
def test_x15_a_field_that_is_given_twice_is_refused_by_name(world: World, api: Caller, body: str, field: str) -> None:
    for path in ("/incidents", "/escalation/policies"):
        answer = sends(api, path, body)
        assert (answer.status, answer.fields) == (422, [field])


def test_x15_a_byte_order_mark_is_fine(world: World, api: Caller) -> None:
    body = json.dumps({"title": "Disk full", "severity": "low", "ownerId": str(world.zoe.id)})
    assert sends(api, "/incidents", b"\xef\xbb\xbf" + body.encode()).status == 201


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "/incidents?limit=1&limit=2", "limit"),
        ("GET", "/incidents?colour=red", "colour"),
        ("GET", "/incidents/1?x=", "x"),
        ("GET", "/incidents/1/pages?x=1", "x"),
        ("GET", "/users?limit=2", "limit"),
        ("GET", "/escalation/policies?x=1", "x"),
        ("GET", "/oncall/schedules?x=1", "x"),
        ("GET", f"/oncall/schedules/{NOBODY}/resolve?at=2026-11-23&at=2026-11-24", "at"),
        ("POST", "/incidents?dryRun=true", "dryRun"),
        ("POST", "/incidents/1/acknowledge?x=1", "x"),
        ("PATCH", "/incidents/1/status?x=1", "x"),
        ("POST", f"/oncall/schedules/{NOBODY}/overrides?preview=true&preview=false", "preview"),
        ("DELETE", f"/escalation/policies/{NOBODY}?force=1", "force"),
        ("GET", "/incidents?%00%ED%A0%80=1", "\ufffd\ufffd\ufffd"),
    ],
)
def test_x15_a_parameter_that_is_unknown_or_repeated_is_refused_by_name(
    world: World, api: Caller, method: str, path: str, field: str
) -> None:
    answer = api.call(method, path)
    assert (answer.status, answer.fields) == (422, [field])


def test_x15_a_calendar_takes_one_token_and_nothing_else(world: World) -> None:
    found = principal.of_user(world.zoe.id, actor.Via.WEB, None, since=None)
    assert found is not None
    token = calendars.create(found)
    assert Client().get(f"/v1/oncall/me.ics?token={token}").status_code == 200
    for query in (f"token={token}&token={token}", f"token={token}&x=1"):
        assert Client().get(f"/v1/oncall/me.ics?{query}").status_code == 422


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("given", ["1764028800", "9999-12-31T23:59:59-23:59", "2026-11-23T10:00:00", "2026-W48-1", ""])
def test_x15_what_is_no_instant_is_refused_at_every_door(world: World, api: Caller, name: str, given: str) -> None:
    for path in ("/incidents", f"/oncall/schedules/{NOBODY}/shifts"):
        answer = api.get(f"{path}?{name}={given}")
        assert (answer.status, answer.fields) == (422, [name])
    body: dict[str, Any] = {"userId": str(NOBODY), "startsAt": given, "endsAt": "2026-11-23"}
    refused = api.post(f"/oncall/schedules/{NOBODY}/overrides", body)
    assert (refused.status, refused.fields) == (422, ["startsAt"])


def test_x15_a_day_is_its_start_in_utc(world: World, api: Caller) -> None:
    api.opens(world.zoe.id)
    assert len(api.get("/incidents?from=2001-01-01").data["incidents"]) == 1
    assert api.get("/incidents?to=2001-01-01").data["incidents"] == []


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({f"{number:x}": 1 for number in range(20_000)}),
        json.dumps({"title": "a", "severity": "low", "componentIds": [1] * 80_000}),
        json.dumps({"title": {f"{number:x}": 1 for number in range(20_000)}}),
        '{"title": "\\u0041", "description": ' + "[" * 900 + "]" * 900 + "}",
    ],
)
def test_x15_a_body_full_of_what_is_not_asked_for_costs_little(world: World, api: Caller, body: str) -> None:
    began = time.process_time()
    answer = sends(api, "/incidents", body)
    assert answer.status == 422
    assert time.process_time() - began < PROCESSOR_SECONDS
