"""Handing an incident off from Slack: a form with people and a note."""

import json

import pytest

from nightbell.core.incident import actor
from nightbell.core.incident.state import State
from nightbell.demo.slack.records import View
from nightbell.inbound import door
from nightbell.inbound.slack import forms
from tests.inbound.slack.conftest import Paged
from tests.workspace import Slack
from tests.world import Person, World

HOSTILE = "<!channel> & <@U1> *bold*\n`code` </b>"


def opens_form(slack: Slack, person: Person) -> View:
    slack.presses(person, "hand_off")
    return slack.views[slack.user(person).id]


def test_the_form_offers_who_is_next_first_and_says_what_happens(slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    view = opens_form(slack, ana)
    assert view.title == f"Hand off #{incident.number}"
    groups = view.inputs["target"]["element"]["option_groups"]
    assert [(group["label"]["text"], [each["text"]["text"] for each in group["options"]]) for group in groups] == [
        ("Next in line", ["Bo"]),
        ("Everybody", ["Ana", "Zoe"]),
    ]
    assert "Ana owns it; nobody is on it yet" in json.dumps(view.content)
    assert incident.now.epoch == 0


def test_handing_off_pages_the_new_owner_with_the_note(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    opens_form(slack, ana)
    reply = slack.submit(slack.user(ana), {"target": "Bo", "note": "on a plane"})
    assert (reply.status, reply.body, slack.views) == (200, b"", {})
    (entry,) = incident.record("incident_handed_off")
    assert entry.actor == actor.user(ana.id, "Ana", actor.Via.SLACK)
    assert (entry.data["newOwner"], entry.data["note"]) == (str(bo.id), "on a plane")
    world.settles()
    assert slack.page_of(bo).shows("Ana handed this incident to you: “on a plane”.")
    assert slack.page_of(ana).shows("Handed off to Bo.")


def test_a_form_delivered_twice_hands_off_once(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    opens_form(slack, ana)
    first = slack.submit(slack.user(ana), {"target": "Bo"})
    world.settles()
    assert slack.again(first).status == 200
    world.settles()
    assert len(incident.record("incident_handed_off")) == 1
    assert len(slack.to(slack.user(bo))) == 1


def test_h01_h03_a_form_that_is_stale_acts_on_nothing_and_shows_what_is_new(slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    opens_form(slack, ana)
    bo.acknowledges(incident)
    reply = slack.submit(slack.user(ana), {"target": "Zoe", "note": "please"})
    assert reply.json["response_action"] == "update"
    view = slack.views[slack.user(ana).id]
    words = json.dumps(view.content)
    assert "This incident changed while you were looking" in words
    assert "Bo is on it." in words
    assert incident.now.acknowledged_by == bo.principal.actor
    # What was typed is still there, and pressed again it acts.
    assert view.inputs["note"]["element"]["initial_value"] == "please"
    assert view.inputs["target"]["element"]["initial_option"]["text"]["text"] == "Zoe"
    slack.submit(slack.user(ana), {})
    assert incident.now.owner_id == slack.world.zoe.id
    assert incident.now.state is State.PAGING


def test_h14_what_is_resolved_is_not_handed_off(slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    opens_form(slack, ana)
    bo.resolves(incident)
    slack.submit(slack.user(ana), {"target": "Zoe"})
    assert "This incident is resolved" in json.dumps(slack.views[slack.user(ana).id].content)
    slack.close(slack.user(ana))
    slack.presses(ana, "hand_off")
    assert "This incident is resolved" in slack.told(ana)
    assert slack.views == {}


def test_h06_a_target_who_has_left_is_refused_beside_the_field(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    opens_form(slack, ana)
    world.ends_membership(bo)
    reply = slack.submit(slack.user(ana), {"target": "Bo"})
    assert reply.errors == {"target": "Choose somebody: that is not an active member of your organization."}
    assert incident.now.owner_id == ana.id


def test_k11_somebody_removed_while_the_form_is_open_does_nothing(world: World, slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    opens_form(slack, ana)
    world.removes(ana)
    slack.submit(slack.user(ana), {"target": "Zoe"})
    assert "no longer a member" in json.dumps(slack.views[slack.user(ana).id].content)
    assert not incident.record("incident_handed_off")


@pytest.mark.parametrize("note", [HOSTILE, "x" * 3000, "a\x00b\u202ec", "  "])
def test_h20_a_hostile_note_is_text_everywhere(world: World, slack: Slack, paged: Paged, note: str) -> None:
    ana, bo, incident = paged()
    opens_form(slack, ana)
    reply = slack.submit(slack.user(ana), {"target": "Bo", "note": note})
    world.settles()
    assert reply.body == b""
    assert incident.record("incident_handed_off")
    page = slack.page_of(bo)
    if note is HOSTILE:
        # The fake complains of any mark-up that is not meant; this is what a person sees.
        assert page.shows("<!channel> & <@U1> *bold*")


def test_slack_that_does_not_open_the_form_is_said(slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    slack.answer("views.open", "expired_trigger_id")
    slack.presses(ana, "hand_off")
    assert "Slack did not open the form" in slack.told(ana)
    assert incident.now.epoch == 0


def test_a_form_from_another_time_says_so(slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    for kept in ("", "[]", "{}", '{"incident": "x", "epoch": 0, "response_url": ""}'):
        view = opens_form(slack, ana)
        view.content["private_metadata"] = kept
        slack.submit(slack.user(ana), {"target": "Bo"})
        assert "from another time" in json.dumps(slack.views[slack.user(ana).id].content)
        slack.close(slack.user(ana))
    assert not incident.record("incident_handed_off")


def test_s09_a_form_that_is_answered_late_is_told_where_it_came_from(
    world: World, slack: Slack, paged: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo, incident = paged()
    opens_form(slack, ana)
    bo.acknowledges(incident)
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0.0)
    reply = slack.submit(slack.user(ana), {"target": "Zoe"})
    assert (reply.status, reply.body, slack.views) == (200, b"", {})
    slack.wait_until(lambda: bool(slack.ephemerals))
    assert "This incident changed while you were looking" in slack.told(ana)
    assert incident.now.acknowledged_by == bo.principal.actor


def test_k14_a_form_that_meets_no_database_says_that_nothing_is_confirmed(
    slack: Slack, paged: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _, incident = paged()
    opens_form(slack, ana)

    def away(*_: object, **__: object) -> None:
        raise door.LOST_DATABASE[1]

    with monkeypatch.context() as patch:
        patch.setattr("nightbell.inbound.slack.users.reads.of_team", away)
        slack.submit(slack.user(ana), {"target": "Bo"})
    assert door.NOT_CONFIRMED in json.dumps(slack.views[slack.user(ana).id].content)
    assert not incident.record("incident_handed_off")


def test_a_thousand_members_fit_into_the_form() -> None:
    everybody = [(f"id-{number}", f"Person {number} " + "&" * 100) for number in range(1234)]
    choice = forms.choice([("Next in line", everybody[:1]), ("Everybody", everybody[1:])], "id-700")
    sizes = [len(group["options"]) for group in choice["option_groups"]]
    assert sizes == [1, *[100] * 12, 33]
    assert choice["initial_option"]["value"] == "id-700"
    assert max(len(each["text"]["text"]) for group in choice["option_groups"] for each in group["options"]) <= 75
