"""Acknowledging through the API: the rows K of the fault list."""

import threading
import time
from typing import Any
from uuid import UUID

from django.db import connection, connections

from nightbell.actions import keys
from tests.api.caller import Caller, together, written
from tests.world import World


def test_k01_two_acknowledge_at_once(world: World, api: Caller) -> None:
    other = Caller(world.organization)
    number = api.opens(world.zoe.id, world.policy([([world.zoe], 5)]))["number"]
    path = f"/incidents/{number}/acknowledge"
    answers = together(lambda: api.post(path), lambda: other.post(path), lambda: api.post(path))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert api.kinds(number) == ["incident_opened", "incident_acknowledged"]


def test_k02_the_same_program_twice(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    first = api.post(f"/incidents/{number}/acknowledge")
    before = written(world.organization)
    assert api.post(f"/incidents/{number}/acknowledge").data == first.data
    assert written(world.organization) == before


def test_k07_acknowledging_a_resolved_incident_never_reopens_it(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    resolved = api.post(f"/incidents/{number}/resolve").data
    assert api.post(f"/incidents/{number}/acknowledge").data == resolved


def test_k09_for_a_member_who_was_not_paged(world: World, api: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    data = api.post(f"/incidents/{number}/acknowledge", {"userId": str(bo.id)}).data
    assert data["escalation"]["acknowledgedBy"] == {"type": "user", "id": str(bo.id), "name": "Bo"}
    entry = next(each for each in api.shown(number)["auditTrail"] if each["kind"] == "incident_acknowledged")
    assert entry["data"]["paged"] is False
    assert entry["actor"]["type"] == "apiKey"


def test_k10_with_another_organizations_key_or_id(world: World, api: Caller, stranger: Caller) -> None:
    opened = api.opens(world.zoe.id)
    before = written(world.organization)
    for ref in (opened["id"], opened["number"]):
        for path in ("", "/pages"):
            assert stranger.get(f"/incidents/{ref}{path}").code == "not_found"
        for act in ("acknowledge", "resolve", "escalate"):
            assert stranger.post(f"/incidents/{ref}/{act}").code == "not_found"
    [bo] = world.members("Bo")
    assert stranger.post(f"/incidents/{opened['id']}/handoff", {"targetUserId": str(bo.id)}).code == "not_found"
    assert written(world.organization) == before
    assert written(stranger.organization) == (0, 0)


def test_k10_a_stranger_is_the_same_as_nobody(world: World, api: Caller, stranger: Caller) -> None:
    opened = api.opens(world.zoe.id)
    hidden, none = (stranger.get(f"/incidents/{ref}") for ref in (opened["id"], UUID(int=7)))
    assert hidden.json | {"requestId": ""} == none.json | {"requestId": ""}


def test_k13_the_answer_was_lost(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    path = f"/incidents/{number}/acknowledge"
    first = api.post(path, Idempotency_Key="ack-1")
    api.post(f"/incidents/{number}/resolve")
    again = api.post(path, Idempotency_Key="ack-1")
    assert (again.status, again.text) == (first.status, first.text)
    assert api.kinds(number).count("incident_acknowledged") == 1


def test_k14_the_database_only_reads(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    before = written(world.organization)
    with connection.cursor() as cursor:
        cursor.execute("set default_transaction_read_only = on")
    answer = api.post(f"/incidents/{number}/acknowledge")
    with connection.cursor() as cursor:
        cursor.execute("set default_transaction_read_only = off")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert written(world.organization) == before


def test_k14_the_database_is_gone(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    place = connections["default"].settings_dict
    host = place["HOST"]
    connection.close()
    place["HOST"] = "/nowhere"
    answer = api.post(f"/incidents/{number}/acknowledge", Idempotency_Key="gone")
    place["HOST"] = host
    assert (answer.status, answer.code) == (503, "unavailable")
    assert "Retry-After" in answer.headers
    assert api.shown(number)["escalation"]["state"] == "none"


def test_k14_a_connection_that_died_while_idle_is_no_trouble(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    end_connection(backend())
    assert api.post(f"/incidents/{number}/acknowledge").data["escalation"]["state"] == "acknowledged"


def test_k14_a_connection_that_dies_within_the_change_is_no_success(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    waiting = backend()
    release = threading.Event()
    locked = threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("begin")
            cursor.execute("select id from incident for no key update")
            locked.set()
            assert release.wait(20)
            cursor.execute("rollback")
        connection.close()

    def cut() -> None:
        until_waiting(waiting)
        end_connection(waiting)
        connection.close()

    holder, cutter = threading.Thread(target=hold), threading.Thread(target=cut)
    holder.start()
    assert locked.wait(20)
    cutter.start()
    answer = api.post(f"/incidents/{number}/acknowledge")
    cutter.join()
    release.set()
    holder.join()
    assert (answer.status, answer.code) == (503, "unavailable")
    assert api.kinds(number) == ["incident_opened", "owner_paged"]


def test_k15_acknowledge_and_resolve_at_once(world: World, api: Caller) -> None:
    for _ in range(5):
        number = api.opens(world.zoe.id)["number"]
        acknowledged, resolved = together(
            lambda number=number: api.post(f"/incidents/{number}/acknowledge"),  # type: ignore[misc]
            lambda number=number: api.post(f"/incidents/{number}/resolve"),  # type: ignore[misc]
        )
        assert acknowledged.status == resolved.status == 200
        shown = api.shown(number)
        assert shown["status"] == "resolved"
        won = acknowledged.data["escalation"]["state"] == "acknowledged"
        assert ("incident_acknowledged" in api.kinds(number)) == won
        assert (shown["escalation"]["acknowledgedBy"] is not None) == won


def test_whom_a_key_speaks_for_must_be_a_member(world: World, api: Caller, stranger: Caller) -> None:
    [bo] = world.members("Bo")
    number = api.opens(world.zoe.id)["number"]
    world.ends_membership(bo)
    for nobody in (str(bo.id), str(UUID(int=1)), "Bo", ""):
        answer = api.post(f"/incidents/{number}/acknowledge", {"userId": nobody})
        assert (answer.status, answer.code) == (400, "invalid_target_user"), nobody
    assert api.post(f"/incidents/{number}/acknowledge", {"userId": None}).status == 200


def test_acknowledging_asks_the_database_three_times(world: World, api: Caller) -> None:
    number = api.opens(world.zoe.id)["number"]
    trips: list[object] = []

    def note(execute: Any, *asked: Any) -> Any:
        # What is sent together is sent in one pipeline, anything else by itself.
        trips.append(connection.connection._pipeline or object())
        return execute(*asked)

    with connection.execute_wrapper(note):
        api.post(f"/incidents/{number}/acknowledge")
    assert (len(trips), len({id(trip) for trip in trips})) == (5, 3)


def test_c12_a_revoked_key_is_refused_on_the_next_request(world: World, api: Caller) -> None:
    key, text = keys.create(world.operator, "short-lived")
    program = Caller(world.organization, text)
    number = api.opens(world.zoe.id)["number"]
    assert program.get("/incidents").status == 200
    keys.revoke(world.operator, key.id)
    answer = program.post(f"/incidents/{number}/acknowledge")
    assert (answer.status, answer.code) == (401, "invalid_api_key")
    assert api.shown(number)["escalation"]["state"] == "none"


def backend() -> int:
    """This thread's connection, as the server knows it."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(pid)


def until_waiting(pid: int) -> None:
    """Wait, on a connection of one's own, until that one waits for a lock."""
    with connection.cursor() as cursor:
        for _ in range(400):
            cursor.execute("select wait_event_type = 'Lock' from pg_stat_activity where pid = %s", [pid])
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)
    raise AssertionError("it never waited")


def end_connection(pid: int) -> None:
    """What a restart does to one connection."""

    def end() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select pg_terminate_backend(%s, 5000)", [pid])
        connection.close()

    thread = threading.Thread(target=end)
    thread.start()
    thread.join()
