"""What people and programs do to incidents, once opened."""

from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import pytest

from nightbell.actions import incidents, organizations, people
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor, state
from nightbell.core.incident.state import Status
from nightbell.data.access.principal import Principal
from nightbell.data.models import Role
from tests.world import KEY_ID, Incident, World


def test_whatever_is_done_to_an_unknown_incident_is_not_found(world: World) -> None:
    larks, admin = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    lark = Principal(larks.id, actor.user(admin.user_id, "Lark", actor.Via.API), Role.ADMIN)
    incident = world.opens("DB pool exhausted", owner=world.zoe)
    record = incident.record()
    for ref in (incident.id, incident.number, uuid4(), 0, -1):
        acts: list[Callable[[], object]] = [
            partial(incidents.acknowledge, lark, ref),
            partial(incidents.hand_off, lark, ref, admin.user_id),
            partial(incidents.escalate, lark, ref),
            partial(incidents.change_status, lark, ref, Status.IDENTIFIED),
            partial(incidents.resolve, lark, ref),
        ]
        for act in acts:
            with pytest.raises(Rejected) as refused:
                act()
            assert refused.value.code is Code.NOT_FOUND
    assert incident.record() == record
    assert world.zoe.was_paged(incident)


def test_an_incident_is_found_by_its_id_and_by_its_number(world: World) -> None:
    incident = world.opens("DB pool exhausted", owner=world.zoe, paging=False)
    assert incidents.acknowledge(world.principal, incident.number).incident.id == incident.id
    assert incidents.resolve(world.principal, incident.id).number == incident.number


def test_a_key_acknowledges_by_itself_or_for_a_member(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    view = incidents.acknowledge(world.principal, incident.id)
    assert view.incident.acknowledged_by == world.principal.actor
    assert ana.was_paged(incident)
    world.settles()
    assert ana.was_told("ci is on it")
    other = world.opens("Disk", layers=[([bo], 5)])
    view = incidents.acknowledge(world.principal, other.id, on_behalf_of=bo.id)
    assert view.incident.acknowledged_by == actor.user(bo.id, "Bo", actor.Via.API)
    (entry,) = other.record("incident_acknowledged")
    # The actor stays the key.
    assert (entry.actor.type, entry.actor.id) == (actor.Type.API_KEY, KEY_ID)
    assert entry.data["acknowledgedBy"]["id"] == str(bo.id)
    assert entry.data["paged"] is True
    assert bo.was_paged(other)


def test_nobody_acknowledges_for_somebody_who_is_no_member(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    world.removes(bo)
    _, stranger = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    for user_id in (bo.id, stranger.user_id, uuid4()):
        with pytest.raises(Rejected) as refused:
            incidents.acknowledge(world.principal, incident.id, on_behalf_of=user_id)
        assert (refused.value.code, refused.value.field) == (Code.INVALID_TARGET_USER, "user_id")
    assert incident.now.state is state.State.PAGING
    assert ana.was_paged(incident)


def test_a_status_moves_one_step_at_a_time_and_leaves_the_escalation_alone(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    due_at = incident.now.due_at
    for wrong in (Status.INVESTIGATING, Status.MONITORING, Status.RESOLVED):
        with pytest.raises(Rejected) as refused:
            incidents.change_status(ana.principal, incident.id, wrong)
        assert (refused.value.code, refused.value.field) == (Code.INVALID_STATUS_TRANSITION, "status")
    view = incidents.change_status(ana.principal, incident.id, Status.IDENTIFIED, "It is the pool")
    assert (view.incident.state, view.incident.due_at, view.incident.epoch) == (state.State.PAGING, due_at, 0)
    assert view.updated_at > view.created_at
    (entry,) = incident.record("status_changed")
    assert entry.data == {"previousStatus": "investigating", "status": "identified", "resolutionNote": "It is the pool"}
    incidents.change_status(ana.principal, incident.id, Status.MONITORING)
    view = incidents.change_status(ana.principal, incident.id, Status.RESOLVED, "Doubled it")
    assert (view.incident.state, view.incident.status) == (state.State.CLOSED, Status.RESOLVED)
    assert view.incident.resolved_at is not None
    assert incident.record("status_changed")[-1].data["resolutionNote"] == "Doubled it"
    for status in Status:
        with pytest.raises(Rejected) as refused:
            incidents.change_status(ana.principal, incident.id, status)
        assert refused.value.code is Code.INCIDENT_RESOLVED
    world.waits(hours=1)
    assert ana.was_paged(incident)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_resolving_writes_every_step_that_is_left(world: World, steps: int) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    for status in state.STEPS[1 : steps + 1]:
        incidents.change_status(ana.principal, incident.id, status)
    view = ana.resolves(incident, "Doubled the pool")
    changes = [entry.data for entry in incident.record("status_changed")]
    assert [change["status"] for change in changes] == ["identified", "monitoring", "resolved"]
    assert [change["previousStatus"] for change in changes] == ["investigating", "identified", "monitoring"]
    assert [change["resolutionNote"] for change in changes] == [None, None, "Doubled the pool"]
    # Resolving what is resolved is a success that changes nothing.
    record = incident.record()
    assert ana.resolves(incident, "Again").incident == view.incident
    assert incident.record() == record
    world.settles()


def test_resolving_cancels_every_queued_page(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    world.forgets_mail()
    world.sleeps(minutes=1)
    with world.mail.refusing_connections():
        ana.hands_off(incident, to=bo)
    ana.resolves(incident)
    (page,) = [page for page in incident.pages() if page.reason == "handoff"]
    assert (page.state, page.error) == ("cancelled", "resolved")
    cancelled = incident.record("pages_cancelled")[-1]
    assert cancelled.data == {
        "reason": "resolved",
        "pages": [{"pageId": str(page.id), "userId": str(bo.id), "channel": "email"}],
        "names": {str(bo.id): "Bo"},
    }
    world.waits(hours=1)


def test_a_decision_that_cancels_nothing_has_nothing_to_say_about_it(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    ana.acknowledges(incident)
    assert incident.kinds == ["incident_opened", "layer_paged", "page_sent", "incident_acknowledged"]
    assert ana.was_paged(incident)


def test_an_empty_note_is_no_note(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    ana.hands_off(incident, to=bo, note="")
    assert incident.record("incident_handed_off")[0].data["note"] is None
    assert "Ana handed this incident to you. Answer by" in bo.newest_mail.text
    assert ana.was_paged(incident)


def test_the_record_names_the_actor_and_their_door(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    doors = [actor.Via.WEB, actor.Via.API, actor.Via.CLI, actor.Via.SLACK, actor.Via.LINK]
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)

    def through(via: actor.Via) -> Principal:
        return Principal(world.organization.id, actor.user(ana.id, "Ana", via), Role.MEMBER)

    targets: list[UUID] = [bo.id, ana.id, bo.id, ana.id, bo.id]
    for via, target in zip(doors, targets, strict=True):
        incidents.hand_off(through(via), incident.id, target)
    entries = incident.record("incident_handed_off")
    assert [entry.actor for entry in entries] == [actor.user(ana.id, "Ana", via) for via in doors]
    instants = [entry.at for entry in incident.record()]
    assert instants == sorted(instants)
    opened: Incident = incident
    assert opened.record("incident_opened")[0].actor == world.principal.actor
