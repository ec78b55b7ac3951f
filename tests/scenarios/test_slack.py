"""Being paged in Slack, answering there, and every message there saying how the incident stands."""

import time
from datetime import timedelta

import pytest

from nightbell.actions import copies, deliveries, escalations, incidents, people, workspaces
from nightbell.core.incident import actor
from nightbell.core.incident.state import State
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Copy, Page, Workspace
from nightbell.demo import clock
from tests.workspace import Slack
from tests.world import Incident, Person, World

# A copy is first compared so long after its page was sent.
COMPARED = 3


def two(world: World, slack: Slack) -> tuple[Person, Person, Incident]:
    """Ana is paged, Bo is next."""
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo, world.zoe)
    return ana, bo, world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 15)])


def test_a_page_says_what_broke_why_since_when_and_who_is_next(world: World, slack: Slack) -> None:
    ana, _, incident = two(world, slack)
    page = slack.page_of(ana)
    for words in (
        "🔴 CRITICAL DB pool exhausted",
        f"#{incident.number}",
        "You are paged.",
        "Layer 1 of 2",
        "open since",
    ):
        assert page.shows(words), words
    assert page.shows("Bo is paged at ")
    assert list(page.buttons) == ["acknowledge", "resolve", "hand_off", "view"]
    assert [page.buttons[each].get("style") for each in page.buttons] == ["primary", "danger", None, None]
    assert page.buttons["resolve"]["confirm"]["title"]["text"] == "Resolve this incident?"
    assert page.buttons["view"]["url"].endswith(f"/incidents/{incident.number}")
    # The mail came too, and both are on the record as one person notified.
    assert ana.was_paged(incident, times=1)
    (notified,) = incident.view.notified
    assert {reached.channel: reached.state for reached in notified.channels} == {"email": "sent", "slack": "sent"}
    (row,) = [each for each in incident.pages() if each.channel == "slack"]
    assert page.metadata == {"event_type": "nightbell_page", "event_payload": {"page_id": str(row.id)}}


def test_acknowledged_in_slack_is_acknowledged_and_every_copy_says_so(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    world.waits(minutes=5)
    slack.presses(bo, "acknowledge")
    assert incident.now.state is State.ACKNOWLEDGED
    assert incident.now.acknowledged_by == actor.user(bo.id, "Bo", actor.Via.SLACK)
    world.settles()
    for person in (ana, bo):
        page = slack.page_of(person)
        assert page.plain.startswith("✅ Acknowledged — 🔴 CRITICAL DB pool exhausted\nAcknowledged by Bo · ")
        assert list(page.buttons) == ["resolve", "hand_off", "view"]
    # Nothing more is said about it, to anybody.
    assert slack.ephemerals == []
    calls = len(slack.calls)
    world.waits(minutes=30)
    assert len(slack.calls) == calls


def test_an_acknowledgement_from_anywhere_is_shown_in_slack(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    bo.acknowledges(incident)
    world.settles()
    assert slack.page_of(ana).shows("Acknowledged by Bo")


def test_escalation_handoff_and_resolution_are_shown_in_place(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    world.waits(minutes=5)
    first = slack.page_of(ana)
    assert first.shows("Layer 2 of 2")
    assert first.shows("Paged: Ana and Bo")
    assert first.shows("You were paged. Layer 1 of 2")
    bo.hands_off(incident, to=world.zoe, note="on a plane")
    assert first.shows("Handed off to Zoe.")
    assert "acknowledge" in first.buttons
    assert slack.page_of(world.zoe).shows("Bo handed this incident to you: “on a plane”. Answer by ")
    world.zoe.resolves(incident)
    world.settles()
    for person in (ana, bo, world.zoe):
        page = slack.page_of(person)
        assert page.plain.startswith("☑️ Resolved — 🔴 CRITICAL DB pool exhausted")
        assert list(page.buttons) == ["view"]


def test_the_alerts_channel_shows_every_incident_that_opens(world: World, slack: Slack) -> None:
    alerts, ops = slack.channel("alerts"), slack.channel("ops")
    workspaces.choose(
        world.zoe.principal, alerts_channels=[alerts, ops], incident_channels=False, archive_on_resolve=False
    )
    ana, _, incident = two(world, slack)
    for channel in (alerts, ops):
        (message,) = slack.in_channel(channel)
        assert message.shows("🔴 CRITICAL DB pool exhausted")
        assert message.shows("Layer 1 of 2")
    slack.presses(ana, "acknowledge", slack.in_channel(ops)[0])
    world.settles()
    assert incident.now.state is State.ACKNOWLEDGED
    assert [slack.in_channel(channel)[0].shows("Acknowledged by Ana") for channel in (alerts, ops)] == [True, True]


def test_an_incident_channel_is_made_once_with_its_people_and_archived(world: World, slack: Slack) -> None:
    workspaces.choose(world.zoe.principal, alerts_channels=[], incident_channels=True, archive_on_resolve=True)
    ana, bo, incident = two(world, slack)
    (channel,) = [each for each in slack.channels.values() if each.created_by_app]
    assert channel.name == f"inc-{incident.number}-db-pool-exhausted"
    assert slack.user(ana).id in channel.members
    assert slack.user(bo).id not in channel.members
    (message,) = slack.in_channel(channel.id)
    assert message.shows("@Ana")
    world.waits(minutes=5)
    assert slack.user(bo).id in channel.members
    assert message.shows("@Bo")
    bo.resolves(incident)
    world.settles()
    assert message.shows("☑️ Resolved")
    assert channel.archived
    assert [each.name for each in slack.channels.values() if each.created_by_app] == [channel.name]


def test_c08_a_revoked_token_is_told_by_mail_and_mail_goes_on(world: World, slack: Slack) -> None:
    ana, _, incident = two(world, slack)
    world.forgets_mail()
    slack.revoke()
    world.waits(minutes=5)
    # Bo was paged by mail all the same, and nobody waits for Slack.
    assert [(page.channel, page.state) for page in incident.pages() if page.position == 2] == [
        ("email", "sent"),
        ("slack", "failed"),
    ]
    assert incident.minutes_left == 15
    assert world.zoe.was_told("Slack no longer lets Nightbell in: Night Owls")
    lost = Workspace.objects.get()
    assert (lost.lost_because, lost.lost_at is not None) == ("token_revoked", True)
    # From here on nothing is even tried there.
    other = world.opens("Disk full", layers=[([ana], 5)])
    assert [page.channel for page in other.pages()] == ["email"]
    calls = len(slack.calls)
    world.waits(minutes=60)
    assert len(slack.calls) == calls


def test_a_workspace_that_is_connected_again_shows_what_is_true_now(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    slack.revoke()
    bo.acknowledges(incident)
    world.settles()
    assert not slack.page_of(ana).shows("Acknowledged by Bo")
    world.uses_slack(slack)
    world.settles()
    assert slack.page_of(ana).shows("Acknowledged by Bo")


def test_c08_a_disconnected_workspace_pages_nobody_and_mail_goes_on(world: World, slack: Slack) -> None:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo)
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 15)], paging=False)
    escalations.fire_due(SYSTEM)
    workspaces.disconnect(world.zoe.principal)
    world.settles()
    assert slack.messages == []
    assert {(page.channel, page.state, page.error) for page in incident.pages()} == {
        ("email", "sent", None),
        ("slack", "failed", "Slack is not connected"),
    }
    world.waits(minutes=5)
    assert [page.channel for page in incident.pages() if page.position == 2] == ["email"]


def test_mail_leaves_at_once_while_slack_is_down_for_an_hour_and_slack_follows(world: World, slack: Slack) -> None:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo)
    with slack.refusing_connections():
        incident = world.opens("DB pool exhausted", layers=[([ana], 600), ([bo], 15)])
        assert ana.was_paged(incident)
        assert incident.minutes_left == 600
        for _ in range(60):
            world.waits(minutes=1)
        (page,) = [each for each in incident.pages() if each.channel == "slack"]
        assert (page.state, page.attempts > 10) == ("queued", True)
        assert "Slack does not answer" in (page.error or "")
    # The clock was neither paused nor cut short, and the page is still wanted.
    assert incident.minutes_left == 540
    world.waits(minutes=3)
    assert slack.page_of(ana).shows("DB pool exhausted")


def test_somebody_who_is_not_in_slack_is_paged_by_mail_and_slack_is_left_alone(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    (failed,) = [page for page in incident.pages() if page.channel == "slack"]
    assert failed.state == "failed"
    assert failed.error is not None
    assert "ana@" in failed.error
    assert incident.minutes_left == 5
    other = world.opens("Disk full", layers=[([ana], 5)])
    assert [page.channel for page in other.pages()] == ["email"]
    ana.acknowledges(incident)
    ana.acknowledges(other)
    # A day later somebody looks again, and finds them.
    slack.joins(ana)
    world.sleeps(days=1, minutes=1)
    world.opens("Power", layers=[([ana], 5)])
    assert slack.page_of(ana).shows("Power")


def test_a_new_name_or_address_on_either_side_changes_nothing(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    user = slack.user(ana)
    user.name, user.email = "Ana Ruiz-Lind", "ruiz-lind@owls.example"
    slack.presses(ana, "acknowledge")
    assert incident.now.acknowledged_by == actor.user(ana.id, "Ana", actor.Via.SLACK)
    world.opens("Disk full", layers=[([ana], 5), ([bo], 5)])
    assert [message.shows("Disk full") for message in slack.to(user)] == [True, False]
    assert len(slack.calls_of("users.lookupByEmail")) == 1


@pytest.mark.parametrize("answered", ["acknowledge", "resolve"])
def test_k05_what_slack_takes_while_somebody_answers_is_put_right(world: World, slack: Slack, answered: str) -> None:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo)
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)], paging=False)
    escalations.fire_due(SYSTEM)
    (lease,) = deliveries.claim(SYSTEM, "slack", 10)
    seen = deliveries.look(SYSTEM, lease)
    assert seen is not None
    # The sender is inside the call now.
    bo.acknowledges(incident) if answered == "acknowledge" else bo.resolves(incident)
    channel = world.desks[0][1]
    deliveries.settle(SYSTEM, lease, channel.send(seen[0]), channel.backoff, seen[1])
    page = slack.page_of(ana)
    assert "acknowledge" in page.buttons
    assert incident.now.state is (State.ACKNOWLEDGED if answered == "acknowledge" else State.CLOSED)
    world.waits(seconds=COMPARED)
    assert page.plain.startswith("✅ Acknowledged" if answered == "acknowledge" else "☑️ Resolved")
    assert "acknowledge" not in page.buttons


def test_a_copy_that_is_being_edited_while_the_incident_changes_is_edited_again(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    incident_id = incident.id
    bo.escalates(incident)
    incidents.hand_off(bo.principal, incident_id, world.zoe.id)
    leases = copies.claim(SYSTEM, "slack", 10)
    assert len(leases) == 2
    seen = [copies.look(SYSTEM, lease) for lease in leases]
    ana.acknowledges(incident)
    channel = world.desks[1][1]
    for lease, each in zip(leases, seen, strict=True):
        assert each is not None
        copies.settle(SYSTEM, lease, channel.send(each[0]), channel.backoff, each[1])
    # What they have just shown was old already, and so they are due at once.
    assert {copy.state for copy in Copy.objects.filter(incident_id=incident_id)} == {"queued"}
    assert any(message.shows("Handed off to Zoe") for message in slack.messages)
    world.settles()
    assert all(message.shows("Acknowledged by Ana") for message in slack.messages)
    assert {copy.state for copy in Copy.objects.filter(incident_id=incident_id)} == {"sent"}


def test_s10_a_message_that_cannot_be_edited_has_harmless_buttons(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    slack.answer("chat.update", "message_not_found")
    bo.acknowledges(incident)
    world.settles()
    page = slack.page_of(ana)
    assert "acknowledge" in page.buttons
    slack.presses(ana, "acknowledge")
    assert incident.now.acknowledged_by == bo.principal.actor
    assert slack.told(ana) == f"Bo is on it already: #{incident.number} 🔴 CRITICAL DB pool exhausted."


def test_a_member_who_left_sees_nothing_more_and_can_do_nothing(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    page = slack.page_of(ana)
    world.removes(ana)
    slack.presses(ana, "acknowledge", page)
    assert incident.now.state is State.PAGING
    assert "no longer a member" in slack.told(ana)
    bo.acknowledges(incident)
    world.settles()
    assert not page.shows("Acknowledged by Bo")


def test_edits_are_few_where_many_incidents_change_and_pages_do_not_wait_for_them(world: World, slack: Slack) -> None:
    ana, bo, _ = two(world, slack)
    opened = [world.opens(f"Broken {number}", layers=[([ana], 5), ([bo], 15)]) for number in range(30)]
    for incident in opened:
        bo.acknowledges(incident)
    world.delivers()
    # Half of what Slack allows is left for pages and posts; the rest of the edits wait their turn.
    assert 5 < len(slack.calls_of("chat.update")) < 20
    before = len(slack.calls_of("chat.postMessage"))
    world.opens("And one more", layers=[([bo], 5)])
    assert len(slack.calls_of("chat.postMessage")) == before + 1
    assert Page.objects.filter(channel="slack", state="queued").count() == 0
    assert Copy.objects.filter(state="queued").exists()


def test_an_edit_follows_an_acknowledgement_within_five_seconds(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    world.waits(seconds=COMPARED)
    bo.acknowledges(incident)
    at = clock.offset()
    began = time.monotonic()
    world.settles()
    assert slack.page_of(ana).shows("Acknowledged by Bo")
    assert clock.offset() == at
    assert timedelta(seconds=time.monotonic() - began) < timedelta(seconds=5)


def test_removing_somebody_does_not_stop_their_colleagues_copies(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    people.remove(world.system, ana.id)
    world.settles()
    assert slack.page_of(bo).shows("DB pool exhausted")
    bo.acknowledges(incident)
    world.settles()
    assert slack.page_of(bo).shows("Acknowledged by Bo")
