"""Stories of handing off while something else happens, in both orders."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from nightbell.actions import escalations, incidents, people
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import state
from nightbell.data.access.principal import SYSTEM
from tests import races
from tests.world import Incident, Person, World


def handing(incident: Incident, by: Person, to: Person) -> Callable[[], Any]:
    return partial(incidents.hand_off, by.principal, incident.id, to.id)


def acknowledging(incident: Incident, by: Person) -> Callable[[], Any]:
    return partial(incidents.acknowledge, by.principal, incident.id)


def test_h01_acknowledge_beats_a_handoff(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana, cy], 5)])
    seen = incident.seen
    acts = [acknowledging(incident, cy), handing(incident, ana, bo)]
    for running in races.in_order(races.incident_row(incident.id), *acts):
        running.result()
    world.settles()
    now = incident.now
    assert (now.owner_id, now.state, now.acknowledged_by) == (bo.id, state.State.PAGING, None)
    assert incident.minutes_left == 5
    assert bo.was_paged(incident)
    assert cy.was_told("Bo took over")
    # A notice is nobody's page.
    assert [each.person.id for each in incident.view.notified] == [bo.id]
    assert len([page for page in incident.pages() if page.user_id == cy.id]) == 1
    assert incident.record("incident_handed_off")[0].data["clearedAcknowledger"]["id"] == str(cy.id)
    # A form carries the epoch it saw, and is stale.
    with pytest.raises(Rejected) as refused:
        ana.hands_off(incident, to=cy, seen=seen)
    assert refused.value.code is Code.STALE_INCIDENT
    assert incident.now == now
    assert ana.was_paged(incident)
    assert cy.was_paged(incident)


def test_h01_a_form_that_saw_nobody_acknowledge_is_stale(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana, cy], 5)])
    form = partial(incidents.hand_off, ana.principal, incident.id, bo.id, seen=incident.seen)
    acts: list[Callable[[], Any]] = [acknowledging(incident, cy), form]
    acknowledged, refused = races.in_order(races.incident_row(incident.id), *acts)
    acknowledged.result()
    with pytest.raises(Rejected) as rejected:
        refused.result()
    assert rejected.value.code is Code.STALE_INCIDENT
    assert incident.now.acknowledged_by == cy.principal.actor
    assert ana.was_paged(incident)
    assert cy.was_paged(incident)
    world.settles()
    assert ana.was_told("Cy is on it")


def test_h02_a_handoff_beats_acknowledge(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana, cy], 5)])
    acts = [handing(incident, ana, bo), acknowledging(incident, cy)]
    for running in races.in_order(races.incident_row(incident.id), *acts):
        running.result()
    world.settles()
    now = incident.now
    assert (now.owner_id, now.state, now.due_at) == (bo.id, state.State.ACKNOWLEDGED, None)
    assert now.acknowledged_by == cy.principal.actor
    assert [(page.state, page.error) for page in incident.pages() if page.user_id == bo.id] == [
        ("cancelled", "acknowledged")
    ]
    # Cy was paged before the handoff, and is not among those it left notified.
    assert incident.record("incident_acknowledged")[0].data["paged"] is False
    assert ana.was_paged(incident)
    assert cy.was_paged(incident)
    world.waits(hours=1)


def test_h03_two_handoffs_together_apply_in_commit_order(world: World) -> None:
    ana, bo, dee, eve = world.members("Ana", "Bo", "Dee", "Eve")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    acts = [handing(incident, ana, bo), handing(incident, dee, eve)]
    for running in races.in_order(races.incident_row(incident.id), *acts):
        running.result()
    world.settles()
    assert incident.now.owner_id == eve.id
    assert incident.now.relieved == {ana.id, bo.id, dee.id}
    assert eve.was_paged(incident)
    assert [(page.state, page.error) for page in incident.pages() if page.user_id == bo.id] == [
        ("cancelled", "handed_off")
    ]
    handed = incident.record("incident_handed_off")
    assert [entry.data["newOwner"] for entry in handed] == [str(bo.id), str(eve.id)]
    assert bo.was_told("Eve took over")
    assert ana.was_paged(incident)


def test_h03_of_two_forms_the_second_is_stale(world: World) -> None:
    ana, bo, dee, eve = world.members("Ana", "Bo", "Dee", "Eve")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    seen = incident.seen
    acts = [
        partial(incidents.hand_off, ana.principal, incident.id, bo.id, None, seen),
        partial(incidents.hand_off, dee.principal, incident.id, eve.id, None, seen),
    ]
    first, second = races.in_order(races.incident_row(incident.id), *acts)
    first.result()
    with pytest.raises(Rejected) as refused:
        second.result()
    assert refused.value.code is Code.STALE_INCIDENT
    world.settles()
    assert incident.now.owner_id == bo.id
    assert bo.was_paged(incident)
    assert ana.was_paged(incident)


def test_h04_the_deadline_beats_a_handoff(world: World) -> None:
    ana, bo, cy, dee = world.members("Ana", "Bo", "Cy", "Dee")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 7), ([dee], 9)])
    world.sleeps(minutes=5)
    with races.holding(races.WRITING):
        firing = races.Running(partial(escalations.fire_due, SYSTEM)).waits()
        handed = races.Running(handing(incident, ana, bo)).waits()
    assert firing.result() == 1
    handed.result()
    world.settles()
    now = incident.now
    assert (now.owner_id, now.position, incident.minutes_left) == (bo.id, 2, 7)
    assert bo.was_paged(incident, reason="handoff")
    # Layer 2 was paged, on the record; its message was not on its way yet.
    assert [entry.data["position"] for entry in incident.record("layer_paged")] == [1, 2]
    assert not cy.was_paged(incident)
    world.waits(minutes=7)
    assert dee.was_paged(incident, layer=3)
    assert ana.was_paged(incident)


def test_h05_a_handoff_beats_the_deadline(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 7)])
    world.sleeps(minutes=5)
    with races.holding(races.WRITING):
        handed = races.Running(handing(incident, ana, bo)).waits()
        assert escalations.fire_due(SYSTEM) == 0
    handed.result()
    world.settles()
    assert (incident.now.position, incident.minutes_left) == (1, 5)
    assert bo.was_paged(incident)
    assert not cy.was_paged(incident)
    world.waits(minutes=5)
    assert cy.was_paged(incident)
    assert ana.was_paged(incident)


def removing(world: World, person: Person) -> Callable[[], Any]:
    return partial(people.remove, world.principal, person.id)


def test_h22_a_removal_beats_a_handoff_to_whom_it_removes(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    acts = [removing(world, bo), handing(incident, ana, bo)]
    removed, refused = races.in_order(races.membership_row(bo.id), *acts)
    removed.result()
    with pytest.raises(Rejected) as rejected:
        refused.result()
    assert rejected.value.code is Code.INVALID_TARGET_USER
    assert incident.now.owner_id == ana.id
    assert ana.was_paged(incident)


def test_h22_a_handoff_beats_the_removal_of_its_target(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 7)])
    acts = [handing(incident, ana, bo), removing(world, bo)]
    for running in races.in_order(races.incident_row(incident.id), *acts):
        running.result()
    world.settles()
    # As H7: the heir owns, and the next layer is paged now, the heir with it.
    assert incident.now.owner_id == world.zoe.id
    assert incident.record("incident_handed_off")[0].data["newOwner"] == str(bo.id)
    assert incident.record("escalation_timed_out")[0].data["cause"] == "removed"
    assert cy.was_paged(incident, layer=2)
    assert world.zoe.was_paged(incident, reason="owner")
    assert not bo.was_paged(incident)
    assert ana.was_paged(incident)


def opening(world: World, owner: Person) -> Callable[[], Any]:
    given = incidents.Opening("DB pool exhausted", state.Severity.HIGH, owner.id)
    return partial(incidents.open_incident, world.principal, given)


def test_h22_a_removal_beats_an_opening_that_names_whom_it_removes(world: World) -> None:
    (bo,) = world.members("Bo")
    acts = [removing(world, bo), opening(world, bo)]
    removed, refused = races.in_order(races.membership_row(bo.id), *acts)
    removed.result()
    with pytest.raises(Rejected) as rejected:
        refused.result()
    assert rejected.value.code is Code.INVALID_OWNER
    world.settles()


def test_h22_an_opening_beats_the_removal_of_its_owner(world: World) -> None:
    (bo,) = world.members("Bo")
    acts = [opening(world, bo), removing(world, bo)]
    opened, removed = races.in_order(races.organization_row(world.organization.id), *acts)
    view, _ = opened.result()
    assert removed.result() == [view.incident.id]
    world.settles()
    incident = Incident(world, view)
    assert incident.now.owner_id == world.zoe.id
    assert world.zoe.was_paged(incident, reason="handoff")
    assert not bo.was_paged(incident)
