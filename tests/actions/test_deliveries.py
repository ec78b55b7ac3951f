"""What senders do to messages: leases, last looks, and what becomes of an attempt."""

from datetime import timedelta

import pytest

from nightbell.actions import deliveries, escalations
from nightbell.core import delivery
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.access.principal import SYSTEM
from nightbell.data.claims.messages import Lease
from nightbell.data.models import Notice, Page
from tests.world import Incident, Person, World

BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 120, 300, 600))


def open_and_fire(world: World, *groups: list[Person]) -> Incident:
    """An incident whose first layer is paged, and nothing of it sent."""
    incident = world.opens("DB pool exhausted", layers=[(group, 5) for group in groups], paging=False)
    escalations.fire_due(SYSTEM)
    return incident


def claim_one() -> Lease:
    (lease,) = deliveries.claim(SYSTEM, "email", 10)
    return lease


def look(lease: Lease) -> tuple[delivery.Page | delivery.Notice, deliveries.Looked]:
    seen = deliveries.look(SYSTEM, lease)
    assert seen is not None
    return seen


def test_a_lease_is_one_senders_until_it_runs_out(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = open_and_fire(world, [ana])
    lease = claim_one()
    (page,) = incident.pages()
    assert (page.state, page.attempts, lease.id, lease.attempts) == ("sending", 1, page.id, 1)
    assert deliveries.claim(SYSTEM, "email", 10) == []
    assert deliveries.claim(SYSTEM, "pigeon", 10) == []
    left = deliveries.seconds_to_next("email")
    assert left is not None
    assert 25 < left <= 30
    assert deliveries.seconds_to_next("pigeon") is None
    world.sleeps(seconds=30)
    again = claim_one()
    assert (again.id, again.attempts) == (lease.id, 2)
    # The first lease is lost: what its holder says is not written, and there is nothing for it to send.
    assert deliveries.look(SYSTEM, lease) is None
    deliveries.settle(SYSTEM, lease, delivery.Refused("550"), BACKOFF, deliveries.Looked(clock.now()))
    deliveries.settle(SYSTEM, lease, delivery.Unavailable("451"), BACKOFF, deliveries.Looked(clock.now()))
    deliveries.release(SYSTEM, [lease])
    (page,) = incident.pages()
    assert (page.state, page.attempts, page.error) == ("sending", 2, None)
    assert not incident.record("page_failed")


def test_what_was_sent_is_sent_whoever_holds_the_lease(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = open_and_fire(world, [ana])
    lost = claim_one()
    world.sleeps(seconds=30)
    held = claim_one()
    deliveries.settle(SYSTEM, lost, delivery.Accepted("250 queued as 77"), BACKOFF, deliveries.Looked(clock.now()))
    deliveries.settle(SYSTEM, held, delivery.Accepted("250 queued as 78"), BACKOFF, deliveries.Looked(clock.now()))
    deliveries.settle(SYSTEM, held, delivery.Refused("550"), BACKOFF, deliveries.Looked(clock.now()))
    (page,) = incident.pages()
    assert (page.state, page.error) == ("sent", None)
    assert page.settled_at is not None
    assert Page.objects.get().provider_id == "250 queued as 77"
    (entry,) = incident.record("page_sent")
    assert entry.data == {
        "pageId": str(page.id),
        "userId": str(ana.id),
        "channel": "email",
        "attempts": 2,
        "error": None,
        "names": {str(ana.id): "Ana"},
    }


def test_a_lease_that_is_given_back_is_due_at_once(world: World) -> None:
    (ana,) = world.members("Ana")
    open_and_fire(world, [ana])
    lease = claim_one()
    deliveries.release(SYSTEM, [])
    assert deliveries.claim(SYSTEM, "email", 10) == []
    deliveries.release(SYSTEM, [lease])
    left = deliveries.seconds_to_next("email")
    assert left is not None
    assert left <= 0
    again = claim_one()
    assert again.id == lease.id
    # Whoever gave it back no longer holds it.
    assert again.attempts > lease.attempts


def test_temporary_failures_are_tried_again_at_longer_and_longer_intervals(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 600)], paging=False)
    escalations.fire_due(SYSTEM)
    for attempt, seconds in enumerate((15, 60, 120, 300, 600, 600, 600), start=1):
        lease = claim_one()
        assert lease.attempts == attempt
        _, looked = look(lease)
        deliveries.settle(SYSTEM, lease, delivery.Unavailable(f"451 busy {attempt}"), BACKOFF, looked)
        (page,) = incident.pages()
        assert (page.state, page.error, page.settled_at) == ("queued", f"451 busy {attempt}", None)
        world.sleeps(seconds=seconds - 2)
        assert deliveries.claim(SYSTEM, "email", 10) == []
        world.sleeps(seconds=2)
    # A provider that says how long to wait is heard.
    lease = claim_one()
    _, looked = look(lease)
    deliveries.settle(SYSTEM, lease, delivery.Unavailable("slow down", timedelta(hours=1)), BACKOFF, looked)
    left = deliveries.seconds_to_next("email")
    assert left is not None
    assert 3590 < left <= 3600
    assert not incident.record("page_failed")


@pytest.mark.parametrize(("outdone_by", "reason"), [("acknowledge", "acknowledged"), ("resolve", "closed")])
def test_a_page_that_is_leased_when_somebody_answers_is_not_sent(world: World, outdone_by: str, reason: str) -> None:
    (ana,) = world.members("Ana")
    incident = open_and_fire(world, [ana])
    lease = claim_one()
    ana.acknowledges(incident) if outdone_by == "acknowledge" else ana.resolves(incident)
    # It was no longer queued, so the answer did not cancel it: the last look does.
    assert not incident.record("pages_cancelled")
    assert deliveries.look(SYSTEM, lease) is None
    (page,) = incident.pages()
    assert (page.state, page.error) == ("cancelled", reason)
    assert deliveries.seconds_to_next("email") is None


def test_a_page_that_is_leased_when_the_incident_is_handed_off_is_not_sent(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = open_and_fire(world, [ana])
    lease = claim_one()
    ana.hands_off(incident, to=bo)
    assert deliveries.look(SYSTEM, lease) is None
    assert [(page.state, page.error) for page in incident.pages() if page.user_id == ana.id] == [
        ("cancelled", "superseded")
    ]
    assert bo.was_paged(incident)


def test_a_recipient_who_left_is_a_failure_of_the_group(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = open_and_fire(world, [ana, bo], [cy])
    leases = {lease.id: lease for lease in deliveries.claim(SYSTEM, "email", 10)}
    by_person = {page.user_id: leases[page.id] for page in incident.pages()}
    deliveries.settle(SYSTEM, by_person[ana.id], delivery.Refused("550"), BACKOFF, deliveries.Looked(clock.now()))
    assert incident.minutes_left == 5
    # Membership ends here without the removal that would look at the incident: as it does between its two statements.
    world.ends_membership(bo)
    assert deliveries.look(SYSTEM, by_person[bo.id]) is None
    assert [(page.state, page.error) for page in incident.pages() if page.user_id == bo.id] == [
        ("cancelled", "recipient_left")
    ]
    assert (incident.minutes_left, incident.now.due_cause) == (0, state.Cause.UNREACHABLE)
    world.settles()
    assert cy.was_paged(incident, layer=2)


def test_pages_are_leased_before_notices_and_no_more_than_asked_for(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    with world.mail.refusing_connections():
        bo.hands_off(incident, to=cy)
    world.sleeps(minutes=1)
    open_and_fire(world, [ana, bo])
    assert [lease.table for lease in deliveries.claim(SYSTEM, "email", 2)] == ["page", "page"]
    leases = deliveries.claim(SYSTEM, "email", 2)
    assert [lease.table for lease in leases] == ["page", "notice"]
    # Both kinds of lease are given back.
    deliveries.release(SYSTEM, leases)
    assert {lease.id for lease in deliveries.claim(SYSTEM, "email", 2)} == {lease.id for lease in leases}
    world.forgets_mail()


def test_a_notice_lives_the_life_of_a_page_and_is_nobodys_page(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    with world.mail.refusing_connections():
        bo.hands_off(incident, to=cy)
    record = incident.record()
    assert Notice.objects.get().state == "queued"
    assert Notice.objects.get().error
    world.waits(seconds=15)
    assert Notice.objects.get().state == "sent"
    assert ana.was_told("Cy took over")
    assert "nothing is asked of you" in ana.newest_mail.text
    assert cy.was_paged(incident, reason="handoff")
    # Nothing of it is on the record, and nobody counts as notified for it.
    assert [entry.kind for entry in incident.record()[len(record) :]] == ["page_sent"]
    assert [each.person.id for each in incident.view.notified] == [cy.id]
    # Refused for good, it fails and moves nothing.
    world.mail.answer(cy.email, rcpt="550 no such user")
    ana.hands_off(incident, to=bo)
    failed = Notice.objects.get(state="failed")
    assert (failed.user_id, failed.due_at) == (cy.id, None)
    assert incident.now.position == 1
    assert bo.was_paged(incident)
    assert ana.was_paged(incident)


def test_an_attempt_carries_the_links_and_who_is_next(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = open_and_fire(world, [ana], [bo])
    parcel, looked = look(claim_one())
    assert isinstance(parcel, delivery.Page)
    assert parcel.address == ana.email
    assert parcel.facts.next_step is not None
    assert parcel.facts.next_step.names == ("Bo",)
    assert parcel.facts.next_step.at == incident.now.due_at
    assert parcel.facts.view_url.endswith(f"/incidents/{incident.number}")
    assert "/ack/" in parcel.facts.acknowledge_url
    assert abs(clock.now() - looked.at) < timedelta(seconds=5)
