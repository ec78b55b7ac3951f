"""What senders do to copies: leases, looks, and what becomes of showing an incident."""

from cryptography.fernet import Fernet
from pytest_django import Settings

from nightbell.actions import copies, deliveries, escalations, incidents, workspaces
from nightbell.core import delivery
from nightbell.data import clock
from nightbell.data.access.principal import SYSTEM
from nightbell.data.claims.messages import Lease
from nightbell.data.models import Copy
from tests.workspace import Slack
from tests.world import Incident, World


def shown(world: World, slack: Slack) -> Incident:
    """An incident with one copy, in the alerts channel."""
    (ana,) = world.members("Ana")
    slack.has_alerts()
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    Copy.objects.exclude(place="alerts").delete()
    return incident


def changed(world: World, slack: Slack) -> Lease:
    """The lease of a copy that is due."""
    incident = shown(world, slack)
    incidents.acknowledge(world.zoe.principal, incident.id)
    (lease,) = copies.claim(SYSTEM, "slack", 10)
    return lease


def state() -> tuple[str, str | None]:
    copy = Copy.objects.get()
    return copy.state, copy.error


def test_a_lease_is_one_senders_until_it_is_given_back_or_runs_out(world: World, slack: Slack) -> None:
    lease = changed(world, slack)
    assert copies.claim(SYSTEM, "slack", 10) == []
    left = copies.seconds_to_next("slack")
    assert left is not None
    assert 25 < left <= 30
    copies.release(SYSTEM, [lease])
    (again,) = copies.claim(SYSTEM, "slack", 10)
    assert (again.id, again.attempts) == (lease.id, lease.attempts + 1)
    # Whoever gave it back has nothing to show, and what they say is not written.
    assert copies.look(SYSTEM, lease) is None
    assert state()[0] == "sending"
    world.sleeps(seconds=30)
    (third,) = copies.claim(SYSTEM, "slack", 10)
    assert copies.look(SYSTEM, again) is None
    assert copies.look(SYSTEM, third) is not None


def test_a_lease_that_is_renewed_does_not_run_out(world: World, slack: Slack) -> None:
    lease = changed(world, slack)
    world.sleeps(seconds=20)
    copies.renew(SYSTEM, lease)
    world.sleeps(seconds=20)
    assert copies.claim(SYSTEM, "slack", 10) == []
    # It is shown as it was looked at; what changed since is shown next.
    copies.why_not(lease)
    world.sleeps(seconds=11)
    assert [each.id for each in copies.claim(SYSTEM, "slack", 10)] == [lease.id]


def test_what_was_posted_is_known_whoever_holds_the_lease(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    slack.has_alerts()
    world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    (lost,) = copies.claim(SYSTEM, "slack", 10)
    world.sleeps(seconds=30)
    (held,) = copies.claim(SYSTEM, "slack", 10)
    copies.settle(SYSTEM, lost, delivery.Accepted("C1/17.1"), [], deliveries.Looked(clock.now()))
    assert (Copy.objects.get().message_id, state()) == ("17.1", ("sending", None))
    seen = copies.look(SYSTEM, held)
    assert seen is not None
    assert seen[0].message_id == "17.1"


def test_what_shows_the_newest_state_is_not_shown_again(world: World, slack: Slack) -> None:
    shown(world, slack)
    before = len(slack.calls)
    Copy.objects.update(state="queued", due_at=clock.now())
    world.settles()
    assert (len(slack.calls), state()) == (before, ("sent", None))


def test_a_token_that_cannot_be_read_is_waited_for_and_said(world: World, slack: Slack, settings: Settings) -> None:
    incident = shown(world, slack)
    right = settings.NIGHTBELL
    settings.NIGHTBELL = right.model_copy(update={"encryption_keys": Fernet.generate_key().decode()})
    world.zoe.acknowledges(incident)
    other = world.opens("Disk full", layers=[([world.zoe], 5)], paging=False)
    escalations.fire_due(SYSTEM)
    world.delivers()
    copy = Copy.objects.get(incident_id=incident.id)
    assert (copy.state, "NIGHTBELL_ENCRYPTION_KEYS" in (copy.error or "")) == ("queued", True)
    (page,) = [each for each in other.pages() if each.channel == "slack"]
    assert (page.state, "NIGHTBELL_ENCRYPTION_KEYS" in (page.error or "")) == ("queued", True)
    # A fault of the installation: the clock runs, and mail went out.
    assert other.minutes_left == 5
    settings.NIGHTBELL = right
    world.waits(minutes=1)
    assert slack.alert().shows("Acknowledged by Zoe")


def test_an_incident_that_is_over_before_it_had_a_channel_gets_none(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    workspaces.choose(world.zoe.principal, alerts_channels=[], incident_channels=True, archive_on_resolve=True)
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    ana.resolves(incident)
    world.settles()
    assert state() == ("cancelled", "resolved before it had a channel")
    assert slack.channels == {}


def test_a_copy_in_a_workspace_that_is_gone_is_given_up(world: World, slack: Slack) -> None:
    incident = shown(world, slack)
    workspaces.disconnect(world.zoe.principal)
    world.zoe.resolves(incident)
    world.settles()
    assert state() == ("cancelled", "Slack is not connected")


def test_failures_wait_longer_and_longer_and_one_success_starts_anew(world: World, slack: Slack) -> None:
    incident = shown(world, slack)
    slack.answer("chat.update", status=500, times=2)
    world.zoe.acknowledges(incident)
    tries = []
    for _ in range(3):
        (lease,) = copies.claim(SYSTEM, "slack", 10)
        tries.append(lease.tries)
        seen = copies.look(SYSTEM, lease)
        assert seen is not None
        channel = world.desks[1][1]
        copies.settle(SYSTEM, lease, channel.send(seen[0]), channel.backoff, seen[1])
        world.sleeps(minutes=3)
    assert tries == [1, 2, 3]
    world.zoe.resolves(incident)
    (lease,) = copies.claim(SYSTEM, "slack", 10)
    assert lease.tries == 1
