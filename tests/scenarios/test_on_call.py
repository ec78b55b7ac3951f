"""The stories of who is on call: rows T5, T6, T17, T18 and C4 to C6 of the faults, overrides, owners by schedule."""

from datetime import UTC, datetime, time, timedelta

import pytest

from nightbell.actions import overrides, people, schedules
from nightbell.core import oncall
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.models import Audit, EscalationLayer, Schedule
from nightbell.demo import clock as hands
from tests.rota import Rota
from tests.world import World


def test_a_schedule_pages_whoever_is_on_call_when_it_is_paged(world: World) -> None:
    bo, cy, di = world.members("Bo", "Cy", "Di")
    rota = Rota(world)
    rota.layer(bo, cy, kind=oncall.Kind.DAILY)
    rota.layer(di)
    rota.policy()
    incident = rota.opens()
    assert incident.now.owner_id == bo.id
    assert bo.was_paged(incident, layer=1, reason="layer")
    assert di.was_paged(incident, layer=1, reason="layer")
    assert not cy.was_paged(incident)
    mail = bo.newest_mail
    assert "Layer 1 of 1 of Platform on-call first → Platform on-call → daily rotation." in mail.text
    (entry,) = incident.record("layer_paged")
    assert [(duty["userId"], duty["position"], duty["layerId"]) for duty in entry.data["duties"]] == [
        (str(bo.id), 0, str(rota.layers[0])),
        (str(di.id), 1, str(rota.layers[1])),
    ]


def test_a_later_handoff_does_not_move_the_owner_but_pages_the_next_person(world: World) -> None:
    bo, cy = world.members("Bo", "Cy")
    rota = Rota(world)
    rota.layer(bo, cy, kind=oncall.Kind.DAILY, name="Weekdays")
    rota.policy((world.zoe, 5))
    incident = rota.opens()
    assert bo.was_paged(incident)
    assert "Platform on-call → Weekdays." in bo.newest_mail.text
    bo.acknowledges(incident)
    world.waits(days=1)
    assert rota.on_call() == ["Cy"]
    assert incident.now.owner_id == bo.id


def test_t05_a_layer_resolves_to_nobody(world: World) -> None:
    bo = world.member("Bo")
    rota = Rota(world)
    rota.layer(bo, since=clock.now() + timedelta(days=3))
    rota.policy((bo, 5))
    incident = rota.opens(owner=world.zoe)
    assert bo.was_paged(incident, layer=2)
    assert world.zoe.was_paged(incident, layer=2, reason="owner")
    (skipped,) = incident.record("layer_skipped")
    assert (skipped.data["position"], skipped.data["target"]["scheduleId"]) == (1, str(rota.id))
    assert skipped.data["reason"]


def test_t06_no_layer_resolves_to_anybody(world: World) -> None:
    rota = Rota(world)
    rota.policy()
    bo = world.member("Bo")
    incident = rota.opens(owner=bo)
    assert incident.now.state is state.State.EXHAUSTED
    assert world.zoe.was_paged(incident, reason="fallback")
    assert bo.was_paged(incident)
    assert len(incident.record("layer_skipped")) == 1


def test_t17_a_schedule_with_as_many_people_on_call_as_it_can_have(world: World) -> None:
    crowd = world.members(*(f"P{number}" for number in range(50)))
    rota = Rota(world)
    for person in crowd:
        rota.layer(person)
    rota.policy()
    incident = rota.opens()
    paged = [page.user_id for page in incident.pages()]
    assert sorted(paged) == sorted(person.id for person in crowd)
    assert all(person.was_paged(incident) for person in crowd)


def test_t18_clocks_change_during_a_timeout(world: World) -> None:
    bo, cy = world.members("Bo", "Cy")
    # An hour before Berlin's clocks go back, at 03:00 summer time.
    before = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    hands.advance(before - clock.now())
    rota = Rota(world, timezone="Europe/Berlin")
    rota.layer(bo, since=before - timedelta(days=1), handoff_time=time(2, 30))
    rota.policy((cy, 60), minutes=60)
    incident = rota.opens()
    assert bo.was_paged(incident, layer=1)
    world.waits(minutes=59)
    assert not cy.was_paged(incident)
    world.waits(minutes=1)
    assert cy.was_paged(incident, layer=2)
    world.forgets_mail()


def test_c04_an_override_added_while_an_incident_is_open(world: World) -> None:
    bo, cy, di = world.members("Bo", "Cy", "Di")
    rota = Rota(world)
    rota.layer(bo)
    later = Rota(world, "Second line")
    later.layer(cy)
    policy_id = world.policy([([bo], 5)])
    EscalationLayer.objects.create(
        id=rota.id, policy_id=policy_id, position=2, ack_timeout_minutes=5, schedule_id=later.id
    )
    incident = world.opens("DB pool", owner=bo)
    world.forgets_mail()
    incident = rota.opens(policy_id=policy_id)
    assert bo.was_paged(incident, layer=1)
    later.override(di)
    assert cy.was_told("Somebody else is on call: Second line") is False
    world.settles()
    assert cy.was_told("Somebody else is on call: Second line")
    assert di.was_told("You are on call: Second line")
    world.waits(minutes=5)
    assert di.was_paged(incident, layer=2)
    assert not cy.was_paged(incident)
    assert "(override by Di until" in di.newest_mail.text
    later.override(cy, hours=8, layer=later.layers[0])
    world.settles()
    assert bo.was_paged(incident, layer=1)
    world.forgets_mail()


def test_c05_a_schedule_deleted_although_a_running_copy_names_it(world: World) -> None:
    bo, cy = world.members("Bo", "Cy")
    rota = Rota(world)
    rota.layer(cy)
    policy_id = world.policy([([bo], 5)])
    EscalationLayer.objects.create(
        id=rota.id, policy_id=policy_id, position=2, ack_timeout_minutes=5, schedule_id=rota.id
    )
    incident = rota.opens(owner=bo, policy_id=policy_id)
    assert bo.was_paged(incident)
    with pytest.raises(Rejected, match="targets this schedule"):
        schedules.delete(world.principal, rota.id)
    EscalationLayer.objects.filter(schedule_id=rota.id).delete()
    schedules.delete(world.principal, rota.id)
    assert not Schedule.objects.exists()
    world.waits(minutes=5)
    assert incident.now.state is state.State.EXHAUSTED
    assert [entry.data["position"] for entry in incident.record("layer_skipped")] == [2]
    assert not cy.was_paged(incident)
    world.forgets_mail()


def test_c06_somebody_removed_from_the_organization_takes_no_more_turns(world: World) -> None:
    bo, cy, di = world.members("Bo", "Cy", "Di")
    rota = Rota(world)
    rota.layer(bo, cy, di)
    rota.policy()
    weeks = [rota.on_call(days=days) for days in (0, 7, 14, 21)]
    assert weeks == [["Bo"], ["Cy"], ["Di"], ["Bo"]]
    world.removes(cy)
    assert [rota.on_call(days=days) for days in (0, 7, 14, 21)] == [["Bo"], ["Di"], ["Di"], ["Bo"]]
    world.waits(days=7)
    incident = rota.opens()
    assert di.was_paged(incident)
    assert not cy.was_paged(incident)


def test_c06_somebody_taken_off_a_rotation_moves_nobody_elses_current_shift(world: World) -> None:
    bo, cy, di = world.members("Bo", "Cy", "Di")
    rota = Rota(world)
    rota.layer(bo, cy, di)
    world.sleeps(days=14)
    assert rota.on_call() == ["Di"]
    schedules.change_layer(world.principal, rota.id, rota.layers[0], {"participants": (cy.id, di.id)})
    assert rota.on_call() == ["Di"]
    assert rota.on_call(days=7) == ["Cy"]
    schedules.change_layer(world.principal, rota.id, rota.layers[0], {"participants": (cy.id, bo.id)})
    assert rota.on_call() in (["Cy"], ["Bo"])


def test_an_override_tells_who_is_displaced_and_who_takes_over(world: World) -> None:
    bo, cy = world.members("Bo", "Cy")
    rota = Rota(world, timezone="Europe/Berlin")
    rota.layer(bo)
    rota.override(cy)
    world.settles()
    assert bo.was_told("Somebody else is on call: Platform on-call")
    assert cy.was_told("You are on call: Platform on-call")
    assert "ci changed Platform on-call." in cy.newest_mail.text
    assert rota.on_call() == ["Cy"]
    world.sleeps(hours=8)
    assert rota.on_call() == ["Bo"]


def test_an_override_in_a_gap_displaces_nobody(world: World) -> None:
    cy = world.member("Cy")
    rota = Rota(world)
    rota.override(cy)
    world.settles()
    assert cy.was_told("You are on call")
    assert rota.on_call() == ["Cy"]


def test_whoever_takes_the_shift_displaces_an_override_and_both_are_told(world: World) -> None:
    bo, cy, di = world.members("Bo", "Cy", "Di")
    rota = Rota(world)
    rota.layer(bo)
    rota.override(cy)
    world.settles()
    world.forgets_mail()
    overrides.take_now(di.principal, rota.id, di.id)
    world.settles()
    assert cy.was_told("Somebody else is on call")
    assert di.was_told("You are on call")
    assert rota.on_call() == ["Di"]
    world.sleeps(hours=8)
    assert rota.on_call() == ["Bo"]
    world.ends()


def test_an_override_taken_back_tells_both(world: World) -> None:
    bo, cy = world.members("Bo", "Cy")
    rota = Rota(world)
    rota.layer(bo)
    override_id = rota.override(cy)
    world.settles()
    world.forgets_mail()
    overrides.delete(bo.principal, rota.id, override_id)
    world.settles()
    assert cy.was_told("Somebody else is on call")
    assert bo.was_told("You are on call")
    assert rota.on_call() == ["Bo"]


def test_with_nobody_on_call_the_heir_owns_and_the_record_says_why(world: World) -> None:
    bo = world.member("Bo")
    rota = Rota(world)
    rota.policy((bo, 5))
    incident = rota.opens()
    assert incident.now.owner_id == world.zoe.id
    (opened,) = incident.record("incident_opened")
    assert opened.data["ownerScheduleId"] == str(rota.id)
    assert opened.data["ownerBecause"] == "nobody_on_call"
    assert bo.was_paged(incident, layer=2)
    assert world.zoe.was_paged(incident, layer=2)


def test_the_policy_whose_first_layer_is_the_schedule_goes_before_an_older_one(world: World) -> None:
    bo = world.member("Bo")
    rota = Rota(world)
    rota.layer(bo)
    older = world.policy([([world.zoe], 5)])
    EscalationLayer.objects.create(id=rota.id, policy_id=older, position=2, ack_timeout_minutes=5, schedule_id=rota.id)
    first = rota.opens(owner=bo)
    assert first.now.policy is not None
    assert first.now.policy.id == older
    newer = rota.policy()
    second = rota.opens(owner=bo)
    assert second.now.policy is not None
    assert second.now.policy.id == newer
    explicit = rota.opens(owner=bo, policy_id=older)
    assert explicit.now.policy is not None
    assert explicit.now.policy.id == older
    world.forgets_mail()


def test_without_a_policy_the_person_on_call_is_paged_as_the_owner(world: World) -> None:
    bo = world.member("Bo")
    rota = Rota(world)
    rota.layer(bo)
    incident = rota.opens()
    assert incident.now.state is state.State.NONE
    assert bo.was_paged(incident, reason="owner")
    (opened,) = incident.record("incident_opened")
    assert opened.data["ownerBecause"] == "on_call"


def test_editing_is_on_the_record_with_who_did_it(world: World) -> None:
    bo = world.member("Bo")
    rota = Rota(world)
    rota.layer(bo)
    override_id = rota.override(bo, days=1)
    overrides.delete(world.zoe.principal, rota.id, override_id)
    schedules.delete(world.zoe.principal, rota.id)
    about = Audit.objects.filter(incident=None, data__has_key="scheduleId")
    assert list(about.order_by("sequence").values_list("kind", "actor__name")) == [
        ("schedule_created", "ci"),
        ("schedule_changed", "ci"),
        ("override_created", "ci"),
        ("override_deleted", "Zoe"),
        ("schedule_deleted", "Zoe"),
    ]
    world.settles()


def test_a_shift_cannot_be_given_to_somebody_who_is_leaving(world: World) -> None:
    bo = world.member("Bo")
    rota = Rota(world)
    people.remove(world.system, bo.id)
    with pytest.raises(Rejected) as refused:
        rota.override(bo)
    assert refused.value.code is Code.INVALID_TARGET_USER
