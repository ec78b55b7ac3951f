"""`/nightbell …`: what it answers, to whoever typed it and nobody else."""

import pytest

from nightbell.core.incident import actor
from nightbell.core.incident.state import State, Status
from nightbell.demo.slack.records import Ephemeral
from nightbell.inbound import door
from tests.inbound.slack.conftest import Paged
from tests.rota import Rota
from tests.workspace import Slack
from tests.world import Person, World


def types(slack: Slack, person: Person, text: str) -> Ephemeral:
    """What somebody sees who types a command."""
    reply = slack.command(text, slack.user(person))
    assert not reply.trouble, reply
    return slack.ephemerals[0]


@pytest.mark.parametrize("text", ["", "help", "HELP", "  help  "])
def test_help_lists_every_word(slack: Slack, paged: Paged, text: str) -> None:
    ana, _, _ = paged()
    said = types(slack, ana, text).plain
    for word in ("oncall", "list", "show", "ack", "handoff", "resolve", "new"):
        assert f"/nightbell {word}" in said


def test_an_unknown_word_gets_the_help(slack: Slack, paged: Paged) -> None:
    ana, _, _ = paged()
    said = types(slack, ana, "<!channel>`explode`").plain
    assert said.startswith("There is no ")
    assert "/nightbell oncall" in said


def test_list_shows_what_is_open_newest_first(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, first = paged()
    second = world.opens("Disk <full>", layers=[([bo], 5)])
    bo.acknowledges(second)
    lines = types(slack, ana, "list").plain.splitlines()
    assert lines == [
        f"#{second.number} 🔴 CRITICAL Disk <full> · Bo is on it · Bo",
        f"#{first.number} 🔴 CRITICAL DB pool exhausted · paging · Ana",
    ]
    first_link = f"/incidents/{first.number}|#{first.number}>"
    assert first_link in slack.ephemerals[0].text
    for incident in (first, second):
        bo.resolves(incident)
    assert types(slack, ana, "list").plain == "All quiet: nothing is open."


def test_a_long_list_says_that_there_is_more(world: World, slack: Slack, paged: Paged) -> None:
    ana, _, _ = paged()
    for number in range(11):
        world.opens(f"Broken {number}", layers=[([ana], 5)], paging=False)
    lines = types(slack, ana, "list").plain.splitlines()
    assert (len(lines), lines[-1]) == (11, "There is more")


def test_show_has_the_state_and_the_buttons(slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    shown = types(slack, bo, f"show #{incident.number}")
    assert shown.shows("Layer 1 of 2")
    assert list(shown.buttons) == ["acknowledge", "resolve", "hand_off", "view"]
    slack.click(shown, "acknowledge", slack.user(bo))
    assert incident.now.acknowledged_by == actor.user(bo.id, "Bo", actor.Via.SLACK)
    assert types(slack, ana, "show 99").plain == "There is no such incident."


def test_ack_is_an_acknowledgement_and_says_who_is_on_it(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    said = types(slack, ana, f"ack {incident.number}").plain
    assert said == f"You are on it: #{incident.number} 🔴 CRITICAL DB pool exhausted. Escalation stopped."
    assert incident.now.acknowledged_by == actor.user(ana.id, "Ana", actor.Via.SLACK)
    assert "Ana is on it already" in types(slack, bo, f"ack {incident.number}").plain
    world.settles()
    assert slack.page_of(ana).shows("✅ Acknowledged")


def test_handoff_takes_a_mention_and_a_note(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    said = types(slack, ana, f"handoff {incident.number} @bo on a plane <!here>").plain
    assert said == f"Bo has #{incident.number} 🔴 CRITICAL DB pool exhausted now, and is paged."
    (entry,) = incident.record("incident_handed_off")
    assert (entry.data["newOwner"], entry.actor.via) == (str(bo.id), actor.Via.SLACK)
    world.settles()
    assert slack.page_of(bo).shows("on a plane")


@pytest.mark.parametrize("whom", ["", "@nobody", "bo", "Bo Lind"])
def test_handoff_to_nobody_in_particular_says_how_it_is_typed(slack: Slack, paged: Paged, whom: str) -> None:
    ana, _, incident = paged()
    said = types(slack, ana, f"handoff {incident.number} {whom}").plain
    assert "To whom?" in said
    assert "handoff 42 @somebody" in said
    assert not incident.record("incident_handed_off")


def test_handoff_to_somebody_who_is_no_member_is_refused(slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    slack.person("Mallory", "mallory@elsewhere.example")
    assert "not an active member" in types(slack, ana, f"handoff {incident.number} @mallory").plain
    assert incident.now.owner_id == ana.id


def test_resolve_is_a_resolution(slack: Slack, paged: Paged) -> None:
    ana, _, incident = paged()
    assert types(slack, ana, f"resolve {incident.number}").plain.endswith("is resolved.")
    assert incident.now.status is Status.RESOLVED
    assert "is resolved: nothing is asked of you" in types(slack, ana, f"ack {incident.number}").plain
    assert "This incident is resolved" in types(slack, ana, f"handoff {incident.number} @bo").plain


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", "²", "99999999999", "9" * 5000, "#"])
def test_a_number_that_is_none_says_how_it_is_typed(slack: Slack, paged: Paged, number: str) -> None:
    ana, _, incident = paged()
    for word in ("show", "ack", "resolve", "handoff"):
        assert "Which incident?" in types(slack, ana, f"{word} {number}").plain
    assert incident.now.state is State.PAGING


def test_oncall_says_who_and_until_when(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, _ = paged()
    assert types(slack, ana, "oncall").plain == "There is no schedule yet."
    Rota(world, "Platform").layer(ana, bo)
    Rota(world, "Nobody's")
    said = types(slack, ana, "oncall").plain.splitlines()
    assert said[0] == "Nobody's: nobody is on call"
    assert said[1].startswith("Platform: Ana until ")
    assert types(slack, ana, "oncall plat").plain.startswith("Platform: Ana until ")
    assert types(slack, ana, "oncall payments").plain == "There is no schedule like payments."


def test_a_stranger_is_refused_privately(slack: Slack, paged: Paged) -> None:
    _, _, incident = paged()
    guest = slack.person("Guest", "guest@elsewhere.example", guest=True)
    slack.command(f"ack {incident.number}", guest)
    assert "a guest" in slack.ephemerals[0].plain
    assert incident.now.state is State.PAGING


def test_what_takes_longer_than_slack_waits_is_told_afterwards(
    slack: Slack, paged: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bo, incident = paged()
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0.2)
    slack.shut("users.info")
    reply = slack.command(f"ack {incident.number}", slack.user(bo))
    assert (reply.status, reply.body, slack.ephemerals) == (200, b"", [])
    slack.open("users.info")
    slack.wait_until(lambda: bool(slack.ephemerals))
    assert slack.told(bo).startswith("You are on it")
