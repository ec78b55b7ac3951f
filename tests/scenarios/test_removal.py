"""Stories of people who leave while incidents are open."""

from nightbell.actions import deliveries, escalations, organizations
from nightbell.core import delivery
from nightbell.core.incident import actor, state
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Role
from tests.world import World


def test_h07_the_owner_is_removed_while_paging(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([bo], 5), ([cy], 7)], owner=ana)
    assert ana.was_paged(incident, reason="owner")
    world.sleeps(minutes=1)
    world.removes(ana)
    now = incident.now
    assert (now.owner_id, now.position, incident.minutes_left) == (world.zoe.id, 2, 7)
    assert cy.was_paged(incident, layer=2, reason="layer")
    assert world.zoe.was_paged(incident, layer=2, reason="owner")
    moved, timed_out, *_ = incident.record("owner_changed", "escalation_timed_out")
    assert moved.data == {
        "previousOwner": str(ana.id),
        "newOwner": str(world.zoe.id),
        "reason": "member_removed",
        "names": {str(ana.id): "Ana", str(world.zoe.id): "Zoe"},
    }
    assert moved.actor == actor.SYSTEM
    assert timed_out.data["cause"] == "removed"
    assert "the owner left the organization" in cy.newest_mail.text
    assert bo.was_paged(incident)


def test_h07_a_removed_owners_unsent_pages_are_cancelled(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5), ([cy], 7)], paging=False)
    escalations.fire_due(SYSTEM)
    world.removes(ana)
    assert not ana.was_paged(incident)
    (cancelled,) = incident.record("pages_cancelled")
    assert cancelled.data["reason"] == "member_removed"
    assert [page["userId"] for page in cancelled.data["pages"]] == [str(ana.id)]
    # Advancing cancels nobody else's.
    assert bo.was_paged(incident)
    assert cy.was_paged(incident)
    assert world.zoe.was_paged(incident)


def test_h08_the_acknowledger_is_removed(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 7)])
    bo.acknowledges(incident)
    world.sleeps(minutes=10)
    world.removes(bo)
    now = incident.now
    assert (now.state, now.owner_id, incident.minutes_left) == (state.State.PAGING, ana.id, 5)
    (handed,) = incident.record("incident_handed_off")
    assert handed.actor == actor.SYSTEM
    assert handed.data["newOwner"] == handed.data["previousOwner"] == str(ana.id)
    assert handed.data["clearedAcknowledger"]["id"] == str(bo.id)
    assert ana.was_paged(incident, reason="handoff")
    assert ana.was_paged(incident, times=2)
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=2)


def test_h08_the_owner_who_acknowledged_is_removed(world: World) -> None:
    ana, cy = world.members("Ana", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 7)])
    ana.acknowledges(incident)
    world.removes(ana)
    assert (incident.now.owner_id, incident.minutes_left) == (world.zoe.id, 5)
    assert world.zoe.was_paged(incident, reason="handoff")
    assert incident.kinds[-4:] == ["incident_acknowledged", "owner_changed", "incident_handed_off", "page_sent"]
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=2)
    assert ana.was_paged(incident)


def test_h08_the_owner_is_removed_in_exhausted_and_only_ownership_moves(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    world.waits(minutes=5)
    world.forgets_mail()
    world.removes(ana)
    now = incident.now
    assert (now.state, now.owner_id, now.due_at) == (state.State.EXHAUSTED, world.zoe.id, None)
    assert incident.kinds[-1] == "owner_changed"
    world.waits(hours=1)


def test_h08_the_owner_is_removed_while_somebody_else_is_on_it(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    bo.acknowledges(incident)
    world.forgets_mail()
    world.removes(ana)
    now = incident.now
    assert (now.state, now.owner_id) == (state.State.ACKNOWLEDGED, world.zoe.id)
    assert now.acknowledged_by == bo.principal.actor
    world.waits(hours=1)


def test_the_owner_of_an_incident_without_layers_is_removed(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", owner=ana)
    world.removes(ana)
    assert (incident.now.state, incident.now.owner_id) == (state.State.NONE, world.zoe.id)
    assert world.zoe.was_paged(incident, reason="handoff")
    assert ana.was_paged(incident)


def test_the_last_responder_who_could_answer_is_removed(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5), ([cy], 7)])
    world.waits(minutes=5)
    world.removes(bo)
    assert incident.record("escalation_timed_out")[-1].data["cause"] == "unreachable"
    assert cy.was_paged(incident, layer=3)
    assert incident.now.owner_id == ana.id
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)


def test_one_responder_of_two_is_removed_and_the_other_is_waited_for(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5), ([cy], 7)])
    world.forgets_mail()
    world.removes(bo)
    assert incident.minutes_left == 5
    assert not cy.was_paged(incident)


def test_a_responder_is_removed_while_a_sender_is_about_to_page_them(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5), ([cy], 7)])
    world.sleeps(minutes=5)
    escalations.fire_due(SYSTEM)
    (lease,) = deliveries.claim(SYSTEM, "email", 10)
    world.removes(bo)
    # The last look before the provider is called: nobody can answer this page any more.
    assert deliveries.look(SYSTEM, lease) is None
    assert [(page.state, page.error) for page in incident.pages() if page.user_id == bo.id] == [
        ("cancelled", "recipient_left")
    ]
    world.settles()
    assert cy.was_paged(incident, layer=3)
    assert ana.was_paged(incident)
    # What a sender that is slower still brings back changes nothing.
    deliveries.settle(
        SYSTEM, lease, delivery.Refused("550"), world.channel.backoff, deliveries.Looked(incident.view.updated_at)
    )
    assert incident.now.position == 3


def test_a_notice_to_somebody_who_left_is_not_sent(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    world.forgets_mail()
    with world.mail.refusing_connections():
        bo.hands_off(incident, to=cy)
    world.removes(ana)
    world.waits(minutes=1)
    assert not ana.was_told("Cy took over")
    assert cy.was_paged(incident)


def test_somebody_who_returns_is_paged_again(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5), ([bo], 5)])
    world.removes(bo)
    world.waits(minutes=5)
    # Both layers stand for nobody: skipped at once, and on the record with the reason.
    assert incident.now.state is state.State.EXHAUSTED
    assert [entry.data["reason"] for entry in incident.record("layer_skipped")] == ["no active member"] * 2
    world.forgets_mail()
    again = world.member("Bo")
    assert again.id == bo.id
    second = world.opens("Again", layers=[([bo], 5)])
    assert bo.was_paged(second, layer=1)


def test_configured_fallback_responders_are_paged_instead_of_the_admins(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    dee = world.member("Dee", Role.ADMIN)
    organizations.set_fallback(world.operator, [bo.id, cy.id])
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    world.removes(cy)
    world.waits(minutes=5)
    assert bo.was_paged(incident, reason="fallback")
    assert ana.was_paged(incident, reason="fallback")
    assert not dee.was_paged(incident)
    assert incident.record("fallback_paged")[0].data["responders"] == [str(bo.id), str(ana.id)]
    # With none of them active it is the admins again.
    world.removes(bo)
    other = world.opens("Another", layers=[([ana], 5)])
    world.forgets_mail()
    world.waits(minutes=5)
    assert dee.was_paged(other, reason="fallback")
    assert world.zoe.was_paged(other, reason="fallback")
    assert ana.was_paged(other, reason="fallback")
