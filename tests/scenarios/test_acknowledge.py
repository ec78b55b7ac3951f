"""Stories of acknowledging."""

from functools import partial

import pytest

from nightbell.actions import deliveries, escalations, incidents, organizations, people, signed_links
from nightbell.core import delivery
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor, state
from nightbell.data.access import grants
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.models import Role
from tests import races
from tests.world import Incident, World


def is_acknowledged(incident: Incident) -> bool:
    now = incident.now
    return now.state is state.State.ACKNOWLEDGED and now.due_at is None and now.acknowledged_at is not None


@pytest.mark.parametrize("first", [0, 1])
def test_k01_of_two_who_acknowledge_at_once_the_first_stays(world: World, first: int) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    order = [ana, bo] if first == 0 else [bo, ana]
    acts = [partial(incidents.acknowledge, each.principal, incident.id) for each in order]
    views = [running.result() for running in races.in_order(races.incident_row(incident.id), *acts)]
    assert [view.incident.acknowledged_by for view in views] == [order[0].principal.actor] * 2
    assert views[0].incident == views[1].incident
    assert len(incident.record("incident_acknowledged")) == 1
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)


def test_k02_the_same_person_twice_is_one_acknowledgement(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    before = ana.acknowledges(incident)
    record = incident.record()
    world.sleeps(minutes=1)
    assert ana.acknowledges(incident).incident == before.incident
    assert incident.record() == record
    world.waits(hours=1)
    assert ana.was_paged(incident)


def test_k03_acknowledge_beats_the_deadline(world: World) -> None:
    ana, cy = world.members("Ana", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 15)])
    world.sleeps(minutes=5)
    with races.holding(races.WRITING):
        acknowledging = races.Running(partial(incidents.acknowledge, ana.principal, incident.id)).waits()
        # It has the lock: the engine does not wait for it.
        assert escalations.fire_due(SYSTEM) == 0
    assert acknowledging.result().incident.state is state.State.ACKNOWLEDGED
    world.settles()
    assert is_acknowledged(incident)
    assert not incident.record("escalation_timed_out")
    assert ana.was_paged(incident)
    assert not cy.was_paged(incident)


def test_k04_the_deadline_beats_acknowledge_and_its_unsent_pages_are_cancelled(world: World) -> None:
    ana, cy = world.members("Ana", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 15)])
    world.sleeps(minutes=5)
    with races.holding(races.WRITING):
        firing = races.Running(partial(escalations.fire_due, SYSTEM)).waits()
        acknowledging = races.Running(partial(incidents.acknowledge, ana.principal, incident.id)).waits()
    assert firing.result() == 1
    view = acknowledging.result()
    assert view.incident.state is state.State.ACKNOWLEDGED
    assert view.incident.position == 2
    world.settles()
    assert ana.was_paged(incident)
    assert not cy.was_paged(incident)
    last = incident.record()[-4:]
    assert [entry.kind for entry in last] == [
        "escalation_timed_out",
        "layer_paged",
        "incident_acknowledged",
        "pages_cancelled",
    ]
    assert last[2].data["paged"] is True
    page = next(page for page in incident.pages() if page.user_id == cy.id)
    assert (page.state, page.error) == ("cancelled", "acknowledged")
    assert last[3].data == {
        "reason": "acknowledged",
        "pages": [{"pageId": str(page.id), "userId": str(cy.id), "channel": "email"}],
        "names": {str(cy.id): "Cy"},
    }
    assert last[3].actor == ana.principal.actor


@pytest.mark.parametrize("outcome", ["accepted", "refused", "unavailable"])
def test_k05_acknowledge_while_a_sender_is_inside_the_provider_call(world: World, outcome: str) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    escalations.fire_due(SYSTEM)
    (lease,) = deliveries.claim(SYSTEM, "email", 10)
    seen = deliveries.look(SYSTEM, lease)
    assert seen is not None
    ana.acknowledges(incident)
    record = incident.kinds
    match outcome:
        case "accepted":
            answer: delivery.Outcome = delivery.Accepted()
        case "refused":
            answer = delivery.Refused("550 no such user")
        case _:
            answer = delivery.Unavailable("451 later")
    deliveries.settle(SYSTEM, lease, answer, world.channel.backoff, seen[1])
    expected = {
        "accepted": ("sent", ["page_sent"]),
        "refused": ("failed", ["page_failed"]),
        "unavailable": ("queued", []),
    }
    (page,) = incident.pages()
    assert (page.state, incident.kinds[len(record) :]) == expected[outcome]
    # Nothing is resurrected: not the clock, and not a page that is to be tried again.
    world.waits(minutes=10)
    assert is_acknowledged(incident)
    assert incident.pages()[0].state == expected[outcome][0].replace("queued", "cancelled")


def test_k06_acknowledge_after_exhaustion_clears_the_red_state(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    world.waits(minutes=5)
    assert incident.now.state is state.State.EXHAUSTED
    assert ana.was_paged(incident, times=2)
    assert world.zoe.was_paged(incident, reason="fallback")
    world.waits(minutes=30)
    world.zoe.acknowledges(incident)
    assert is_acknowledged(incident)
    (exhausted,) = incident.record("escalation_exhausted")
    (acknowledged,) = incident.record("incident_acknowledged")
    assert round((acknowledged.at - exhausted.at).total_seconds() / 60) == 30


def test_k07_acknowledge_after_resolve_never_reopens(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    ana.resolves(incident)
    before, record = incident.now, incident.record()
    assert bo.acknowledges(incident).incident == before
    assert incident.record() == record
    world.waits(hours=1)
    assert ana.was_paged(incident)


def test_k09_by_a_member_who_was_not_paged(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    bo.acknowledges(incident)
    (entry,) = incident.record("incident_acknowledged")
    assert entry.actor == actor.user(bo.id, "Bo", actor.Via.WEB)
    assert entry.data["paged"] is False
    assert entry.data["acknowledgedBy"]["id"] == str(bo.id)
    assert incident.now.owner_id == ana.id
    world.waits(hours=1)
    assert ana.was_paged(incident)
    assert ana.was_told("Bo is on it")


def test_k10_with_another_organizations_key(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    other, admin = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    stranger = Principal(other.id, actor.user(admin.user_id, "Lark", actor.Via.API), Role.ADMIN)
    before = incident.record()
    for ref in (incident.id, incident.number):
        with pytest.raises(Rejected) as refused:
            incidents.acknowledge(stranger, ref)
        assert refused.value.code is Code.NOT_FOUND
    assert incident.record() == before
    assert incident.now.state is state.State.PAGING
    assert ana.was_paged(incident)


def test_k11_by_a_removed_member_with_a_link(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5), ([cy], 15)])
    assert bo.was_paged(incident)
    grant = signed_links.read_acknowledge(bo.newest_mail.acknowledge_url.rpartition("/ack/")[2])
    assert grant is not None
    holder = grants.holder(grant)
    assert holder is not None
    bo_by_link = Principal(world.organization.id, actor.user(bo.id, "Bo", actor.Via.LINK), Role.MEMBER, edits=True)
    assert (holder.principal, holder.timezone) == (bo_by_link, "UTC")
    world.removes(bo)
    assert grants.holder(grant) is None
    assert ana.was_paged(incident)
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=2)


def test_k11_a_members_link_acknowledges_as_the_member_through_the_link(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    grant = signed_links.read_acknowledge(ana.newest_mail.acknowledge_url.rpartition("/ack/")[2])
    assert grant is not None
    holder = grants.holder(grant)
    assert holder is not None
    incidents.acknowledge(holder.principal, grant.incident_id)
    (entry,) = incident.record("incident_acknowledged")
    assert entry.actor == actor.user(ana.id, "Ana", actor.Via.LINK)


@pytest.mark.parametrize("acknowledged_first", [True, False])
def test_k15_acknowledge_and_resolve_at_once_end_resolved(world: World, acknowledged_first: bool) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    acts = [
        partial(incidents.acknowledge, ana.principal, incident.id),
        partial(incidents.resolve, bo.principal, incident.id),
    ]
    for running in races.in_order(races.incident_row(incident.id), *acts[:: 1 if acknowledged_first else -1]):
        running.result()
    now = incident.now
    assert (now.state, now.status, now.due_at) == (state.State.CLOSED, state.Status.RESOLVED, None)
    # The acknowledger stays on record.
    assert now.acknowledged_by == (ana.principal.actor if acknowledged_first else None)
    assert len(incident.record("incident_acknowledged")) == int(acknowledged_first)
    assert [entry.data["status"] for entry in incident.record("status_changed")] == [
        "identified",
        "monitoring",
        "resolved",
    ]
    world.waits(hours=1)
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)
    # A mail had asked Bo to act; that he resolved it does not undo what happened first.
    assert bo.was_told("Ana is on it") is acknowledged_first
