"""Buttons in Slack: the same actions as everywhere else, by the member who pressed them."""

import json
import threading
import time
from urllib.parse import parse_qs, urlencode

import pytest
from django.db import connection

from nightbell.actions import workspaces
from nightbell.core.incident import actor
from nightbell.core.incident.state import State, Status
from nightbell.data.models import Account
from nightbell.inbound import door
from tests.inbound.slack.conftest import Paged
from tests.workspace import Slack
from tests.world import World

UNCHANGED = "the incident goes on without you"


def test_acknowledging_is_by_the_member_who_pressed_it(slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    reply = slack.click(slack.page_of(ana), "acknowledge", slack.user(ana))
    assert (reply.status, reply.body, slack.ephemerals) == (200, b"", [])
    assert incident.now.acknowledged_by == actor.user(ana.id, "Ana", actor.Via.SLACK)
    (entry,) = incident.record("incident_acknowledged")
    assert entry.data["paged"] is True


def test_k02_s05_one_click_delivered_twice_has_one_effect(world: World, slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    page = slack.page_of(ana)
    first = slack.click(page, "acknowledge", slack.user(ana))
    # Slack's own retry is the same to the byte; a second press is another one, with other ids.
    assert slack.again(first).status == 200
    assert slack.click(page, "acknowledge", slack.user(ana)).status == 200
    assert len(incident.record("incident_acknowledged")) == 1
    assert incident.now.epoch == 1
    world.settles()
    assert len(slack.messages) == 2
    assert slack.ephemerals == []


def test_k09_somebody_who_was_not_paged_may_acknowledge(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    slack.presses(bo, "acknowledge", slack.alert())
    (entry,) = incident.record("incident_acknowledged")
    assert (entry.data["paged"], entry.actor.id) == (False, bo.id)
    assert entry.actor.id != ana.id


def test_who_comes_second_is_told_who_was_first(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    bo.acknowledges(incident)
    slack.presses(ana, "acknowledge")
    assert slack.told(ana) == f"Bo is on it already: #{incident.number} 🔴 CRITICAL DB pool exhausted."
    assert incident.now.acknowledged_by == bo.principal.actor


def test_k07_acknowledging_what_is_resolved_reopens_nothing(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    bo.resolves(incident)
    slack.presses(ana, "acknowledge")
    assert incident.now.state is State.CLOSED
    assert "is resolved: nothing is asked of you" in slack.told(ana)


def test_resolving_walks_every_step(slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    slack.presses(ana, "resolve")
    assert incident.now.status is Status.RESOLVED
    assert [entry.data["status"] for entry in incident.record("status_changed")] == [
        "identified",
        "monitoring",
        "resolved",
    ]
    assert {entry.actor.via for entry in incident.record("status_changed")} == {actor.Via.SLACK}


def test_looking_at_an_incident_changes_nothing(slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    before = incident.kinds
    slack.presses(ana, "view")
    assert incident.kinds == before
    assert slack.ephemerals == []


def test_somebody_never_met_is_found_by_their_address(world: World, slack: Slack, paged: Paged) -> None:
    _, bo, incident = paged()
    assert slack.contact(bo).address == ""
    slack.presses(bo, "acknowledge", slack.alert())
    assert incident.now.acknowledged_by == actor.user(bo.id, "Bo", actor.Via.SLACK)
    assert slack.contact(bo).address == slack.user(bo).id


def test_somebody_of_another_organization_is_nobody_here(world: World, slack: Slack, paged: Paged) -> None:
    _, _, incident = paged()
    with World("Day Larks") as larks:
        slack.joins(larks.zoe)
        slack.channels[slack.alerts].members.add(slack.user(larks.zoe).id)
        slack.presses(larks.zoe, "acknowledge", slack.alert())
        assert "Nobody in Nightbell has the mail address" in slack.told(larks.zoe)
    assert incident.now.state is State.PAGING


def test_k11_a_removed_member_is_refused_and_the_incident_goes_on(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    page = slack.page_of(ana)
    world.removes(ana)
    for action in ("acknowledge", "resolve", "hand_off"):
        slack.presses(ana, action, page)
        assert "no longer a member" in slack.told(ana)
        assert UNCHANGED in slack.told(ana)
    assert (incident.now.state, slack.views) == (State.PAGING, {})
    assert bo.was_paged(incident)


def test_a_member_whose_account_is_switched_off_is_refused(world: World, slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    Account.objects.filter(id=ana.id).update(is_active=False)
    slack.presses(ana, "acknowledge")
    assert "no longer a member" in slack.told(ana)
    assert incident.now.state is State.PAGING


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ({"guest": True}, "Your account here is a guest"),
        ({"external": True}, "from another workspace"),
        ({}, "Nobody in Nightbell has the mail address"),
    ],
)
def test_k12_s14_outsiders_get_a_private_refusal_that_says_why(
    world: World, slack: Slack, paged: Paged, kind: dict[str, bool], why: str
) -> None:
    _, _, incident = paged()
    stranger = slack.person("Mallory", "mallory@elsewhere.example", **kind)  # type: ignore[arg-type]
    slack.channels[slack.alerts].members.add(stranger.id)
    message = slack.alert()
    for action in ("acknowledge", "resolve", "hand_off"):
        assert slack.click(message, action, stranger).status == 200
        (told,) = [each.plain for each in slack.ephemerals if each.user is stranger]
        assert why in told
        assert UNCHANGED in told
        slack.clear()
    assert incident.now.state is State.PAGING
    assert slack.views == {}


def test_k12_s14_a_user_of_another_workspace_is_refused_without_asking_slack(slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    deliver = slack.deliver

    def from_elsewhere(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        payload = json.loads(parse_qs(body.decode())["payload"][0])
        payload["user"]["team_id"] = "T0ELSEWHERE"
        changed = urlencode({"payload": json.dumps(payload)}).encode()
        return deliver(path, slack.sign(changed), changed)

    slack.deliver = from_elsewhere
    slack.presses(ana, "acknowledge")
    assert "You are from another workspace. Ask somebody of Night Owls" in slack.told(ana)
    assert slack.calls_of("users.info") == []
    assert incident.now.state is State.PAGING


def test_a_workspace_that_is_not_connected_is_said(world: World, slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    page = slack.page_of(ana)
    workspaces.disconnect(world.zoe.principal)
    slack.presses(ana, "acknowledge", page)
    assert "This workspace is not connected to Nightbell" in slack.told(ana)
    assert incident.now.state is State.PAGING


def test_a_guest_with_a_members_address_is_refused_too(world: World, slack: Slack, paged: Paged) -> None:
    paged()
    (cy,) = world.members("Cy")
    slack.joins(cy, guest=True)
    slack.channels[slack.alerts].members.add(slack.user(cy).id)
    incident = world.opens("Disk full", layers=[([cy], 5)])
    slack.presses(cy, "acknowledge", slack.alert("Disk full"))
    assert "a guest" in slack.told(cy)
    assert incident.now.state is State.PAGING
    # Nor are they paged there.
    assert slack.to(slack.user(cy)) == []


def test_another_organizations_incident_cannot_be_touched(world: World, slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    with World("Day Larks") as other:
        theirs = other.opens("Their disk", layers=[([other.zoe], 5)])
        page = slack.page_of(ana)
        page.buttons["acknowledge"]["value"] = str(theirs.id)
        slack.presses(ana, "acknowledge", page)
        assert slack.told(ana) == "There is no such incident."
        assert theirs.now.state is State.PAGING
        page.buttons["acknowledge"]["value"] = "not an id"
        slack.presses(ana, "acknowledge", page)
        assert "from another time" in slack.told(ana)
        other.forgets_mail()
    assert incident.now.state is State.PAGING


def test_slack_that_does_not_say_who_clicked_changes_nothing(slack: Slack, paged: Paged) -> None:
    _, bo, incident = paged()
    message = slack.alert()
    slack.answer("users.info", status=500)
    slack.presses(bo, "acknowledge", message)
    assert "Slack did not say who you are" in slack.told(bo)
    assert incident.now.state is State.PAGING


def test_s09_what_takes_longer_than_slack_waits_is_answered_first_and_done_after(
    world: World, slack: Slack, paged: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _, incident = paged()
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0.3)
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("begin")
            cursor.execute("select from incident where id = %s for no key update", [incident.id])
            held.set()
            free.wait(10)
            cursor.execute("commit")
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(5)
    try:
        reply = slack.click(slack.page_of(ana), "acknowledge", slack.user(ana))
        assert (reply.status, reply.seconds < 2) == (200, True)
        assert incident.now.state is State.PAGING
    finally:
        free.set()
        holder.join(5)
    slack.wait_until(lambda: incident.now.state is State.ACKNOWLEDGED)
    world.settles()
    assert slack.page_of(ana).shows("Acknowledged by Ana")


def test_k14_a_database_that_is_away_is_said_and_nothing_is_claimed(
    slack: Slack, paged: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _, incident = paged()
    page = slack.page_of(ana)

    def away(*_: object, **__: object) -> None:
        raise door.LOST_DATABASE[0]

    with monkeypatch.context() as patch:
        patch.setattr("nightbell.inbound.slack.users.reads.of_team", away)
        slack.presses(ana, "acknowledge", page)
    assert slack.told(ana) == door.NOT_CONFIRMED
    assert incident.now.state is State.PAGING


def test_a_click_is_answered_within_three_seconds_while_slack_itself_hangs(slack: Slack, paged: Paged) -> None:
    _, bo, incident = paged()
    message = slack.alert()
    slack.shut("users.info")
    began = time.monotonic()
    reply = slack.click(message, "acknowledge", slack.user(bo))
    assert (reply.status, time.monotonic() - began < 3) == (200, True)
    slack.open("users.info")
    slack.wait_until(lambda: incident.now.state is State.ACKNOWLEDGED)
