"""Locking an incident, writing what was decided about it, and reading it back as the same value."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from nightbell.actions import ids
from nightbell.core import notice, policy
from nightbell.core.incident import actor, decide, effects, events, state
from nightbell.core.roster import Member
from nightbell.data import clock, rows, store
from nightbell.data.models import Incident as Row
from nightbell.data.models import Notice, Page
from tests.world import Incident, World

WHO = actor.user(uuid4(), "Ana", actor.Via.CLI)


def locked(incident: Incident) -> store.Locked:
    found = store.lock(incident.world.organization.id, incident.id)
    assert found is not None
    return found


def write(incident: Incident, decision: decide.Decision) -> None:
    before = locked(incident)
    decided = store.Decided(before.organization_id, before.incident, decision, WHO)
    store.write([decided], ids.stream(), before.now)


def test_an_incident_is_read_back_as_it_was_written(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([world.zoe], 10_080)], repeat=2, paging=False)
    now = clock.now().replace(microsecond=123456)
    first = locked(incident).incident
    changed = replace(
        first,
        owner_id=ana.id,
        status=state.Status.MONITORING,
        position=2,
        round=3,
        due_at=now,
        due_cause=state.Cause.UNREACHABLE,
        epoch=7,
        handed_off_epoch=6,
        relieved=frozenset({world.zoe.id, uuid4()}),
    )
    write(incident, decide.Decision(changed))
    assert locked(incident).incident == changed
    acknowledged = replace(
        changed.stopped(state.State.ACKNOWLEDGED, epoch=8),
        acknowledged_by=WHO,
        acknowledged_at=now,
        relieved=frozenset(),
    )
    write(incident, decide.Decision(acknowledged))
    assert locked(incident).incident == acknowledged
    closed = replace(acknowledged.stopped(state.State.CLOSED, epoch=9), status=state.Status.RESOLVED, resolved_at=now)
    write(incident, decide.Decision(closed))
    assert locked(incident).incident == closed
    assert incident.now == replace(closed, notified=incident.now.notified)


def test_a_lock_says_whose_what_and_when(world: World) -> None:
    with World("Day Larks") as larks:
        incident = world.opens("DB pool exhausted", layers=[([world.zoe], 5)])
        found = store.lock(world.organization.id, incident.number)
        assert found is not None
        assert found.organization_id == world.organization.id
        assert found.incident == locked(incident).incident
        assert found.incident.notified == {world.zoe.id}
        assert abs(found.now - clock.now()) < timedelta(seconds=5)
        assert store.lock(larks.organization.id, incident.id) is None
        assert store.lock(larks.organization.id, incident.number) is None
        assert store.lock(world.organization.id, uuid4()) is None
    world.forgets_mail()


def test_whoever_was_notified_before_the_last_handoff_is_not_notified(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    world.waits(minutes=5)
    assert locked(incident).incident.notified == {ana.id, bo.id}
    ana.hands_off(incident, to=world.zoe)
    assert locked(incident).incident.notified == {world.zoe.id}
    world.forgets_mail()


def test_a_decision_that_changed_nothing_writes_nothing(world: World) -> None:
    incident = world.opens("DB pool exhausted", layers=[([world.zoe], 5)], paging=False)
    before = Row.objects.get(id=incident.id)
    write(incident, decide.Decision(locked(incident).incident))
    store.write([], ids.stream(), clock.now())
    after = Row.objects.get(id=incident.id)
    assert (after.updated_at, after.epoch) == (before.updated_at, before.epoch)
    world.zoe.acknowledges(incident)


def test_many_decisions_are_one_statement_and_each_keeps_its_own(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    several = [world.opens(f"Disk {n}", layers=[([ana, bo], 5)], paging=False) for n in range(3)]
    decided = []
    for number, incident in enumerate(several):
        before = locked(incident)
        after = replace(before.incident, epoch=number + 1)
        asked: tuple[effects.Effect, ...] = (
            effects.QueuePages(Member(ana.id, "Ana", ("email", "slack")), effects.Reason.LAYER, effects.Why()),
            effects.Notify(bo.id, notice.Kind.OWNER_DISPLACED, WHO, ana.id),
        )
        happened = (events.OwnerPaged(ana.id), events.EscalationExhausted(number))
        decided.append(
            store.Decided(before.organization_id, before.incident, decide.Decision(after, happened, asked), WHO)
        )
    at = clock.now()
    store.write(decided, ids.stream(), at)
    for number, incident in enumerate(several):
        assert incident.now.epoch == number + 1
        assert {(page.channel, page.state, page.queued_at) for page in incident.pages()} == {
            ("email", "queued", at),
            ("slack", "queued", at),
        }
        entries = incident.record("owner_paged", "escalation_exhausted")
        assert [(entry.kind, entry.at, entry.actor) for entry in entries] == [
            ("owner_paged", at, WHO),
            ("escalation_exhausted", at, WHO),
        ]
        assert entries[1].data == {"round": number}
    assert Notice.objects.filter(user_id=bo.id, data__newOwner=str(ana.id)).count() == 3
    # Only one member's pages are cancelled, of one incident, and only those that are queued.
    cancel = effects.CancelPages("member_removed", ana.id)
    Page.objects.filter(incident_id=several[0].id, channel="slack").update(state="sending")
    write(several[0], decide.Decision(several[0].now, (), (cancel,)))
    assert [page.state for page in several[0].pages()] == ["cancelled", "sending"]
    assert {page.state for page in several[1].pages()} == {"queued"}
    (entry,) = several[0].record("pages_cancelled")
    assert entry.data["reason"] == "member_removed"
    for incident in several:
        ana.resolves(incident)
    Notice.objects.all().delete()
    world.settles()


def test_a_group_has_failed_when_nobody_in_it_can_answer(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5), ([cy], 5)], paging=False)
    # Nobody has been paged yet.
    assert not store.group_failed(incident.id)
    world.settles()
    assert not store.group_failed(incident.id)
    Page.objects.filter(user_id=ana.id).update(state="failed")
    assert not store.group_failed(incident.id)
    world.ends_membership(bo)
    assert store.group_failed(incident.id)
    # It is the newest group that counts.
    world.waits(minutes=5)
    assert not store.group_failed(incident.id)
    Page.objects.filter(user_id=cy.id).update(state="failed")
    assert store.group_failed(incident.id)
    world.forgets_mail()


def test_what_a_members_removal_concerns(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    owned = world.opens("Owned", layers=[([bo], 5)], owner=ana)
    acknowledged = world.opens("Acknowledged", layers=[([bo], 5)])
    ana.acknowledges(acknowledged)
    paged = world.opens("Paged", layers=[([bo, ana], 5)])
    closed = world.opens("Closed", layers=[([ana], 5)])
    ana.resolves(closed)
    for _ in range(2):
        world.opens("Unrelated", layers=[([bo], 5)])
    concerned = sorted((owned.id, acknowledged.id, paged.id))
    assert store.involving(world.organization.id, ana.id) == concerned
    assert store.involving(world.organization.id, world.zoe.id) == []
    world.forgets_mail()


def test_values_have_one_json_shape() -> None:
    user_id, schedule_id = uuid4(), uuid4()
    users: policy.Target = policy.Users((user_id,))
    schedule: policy.Target = policy.Schedule(schedule_id)
    for target in (users, schedule):
        assert rows.target_of(rows.target_values(target)) == target
    for who in (
        actor.SYSTEM,
        WHO,
        actor.Actor(actor.Type.API_KEY, user_id, "ci"),
        actor.Actor(actor.Type.INTEGRATION, None, "x"),
    ):
        assert rows.actor_of(rows.actor_values(who)) == who
    event = events.LayerPaged(2, 1, schedule, (user_id,), (), 61)
    assert rows.kind_of(event) == "layer_paged"
    assert (
        rows.values_of(event).items()
        >= {
            "position": 2,
            "round": 1,
            "target": {"type": "schedule", "scheduleId": str(schedule_id)},
            "responders": [user_id],
            "passedOver": [],
            "lateSeconds": 61,
        }.items()
    )
    why = effects.Why(users, state.Cause.TIMEOUT, 0, WHO, "Yours")
    assert (
        rows.values_of(why).items()
        >= {
            "target": {"type": "users", "userIds": [str(user_id)]},
            "cause": "timeout",
            "lateSeconds": 0,
            "handedOffBy": {"type": "user", "id": str(WHO.id), "name": "Ana", "via": "cli"},
            "note": "Yours",
        }.items()
    )
