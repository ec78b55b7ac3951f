"""Stories of the clock: layers, rounds, and the last resort."""

from datetime import timedelta

import pytest

from nightbell.actions import incidents, policies, policy_drafts
from nightbell.channels.email.channel import EmailChannel
from nightbell.core import policy
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.models import Account
from tests.world import MAIL_FROM, World


def test_t04_everything_was_down_for_45_minutes(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    several = [world.opens(f"Disk {n}", layers=[([ana], 5), ([bo], 5), ([cy], 5)]) for n in range(3)]
    world.forgets_mail()
    world.waits(minutes=50)
    for incident in several:
        assert (incident.now.position, incident.minutes_left) == (2, 5)
        assert bo.was_paged(incident, layer=2)
        paged = incident.record("layer_paged")[-1]
        assert paged.data["lateSeconds"] // 60 == 45
    assert not cy.was_paged(several[0])
    assert all("This page is 45 min late." in mail.text for mail in world.inbox(bo))
    # A page that is in time says nothing of it.
    world.waits(minutes=5)
    assert all(cy.was_paged(incident, layer=3) for incident in several)
    assert not any("late" in mail.text for mail in world.inbox(cy))


def test_t05_a_layer_that_stands_for_nobody_is_skipped_at_once(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 30), ([cy], 7)])
    world.removes(bo)
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=3)
    assert incident.minutes_left == 7
    (skipped,) = incident.record("layer_skipped")
    assert skipped.data == {
        "position": 2,
        "round": 1,
        "target": {"type": "users", "userIds": [str(bo.id)]},
        "reason": "no active member",
        "names": {str(bo.id): "Bo"},
    }
    assert ana.was_paged(incident)


def test_t06_no_layer_stands_for_anybody(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    policy_id = world.policy([([bo], 5), ([cy], 5)], repeat=3)
    world.removes(bo)
    world.removes(cy)
    given = incidents.Opening("DB pool exhausted", state.Severity.LOW, ana.id, policy_id=policy_id)
    view, _ = incidents.open_incident(world.principal, given)
    world.settles()
    shown = incidents.acknowledge(world.zoe.principal, view.incident.id)
    assert shown.incident.round == 4
    story = world.of(view)
    assert [entry.data["round"] for entry in story.record("layer_skipped")] == [1, 1]
    assert len(story.record("escalation_exhausted")) == 1
    assert not story.record("escalation_timed_out")
    assert ana.was_paged(story, reason="fallback")
    assert world.zoe.was_paged(story, reason="fallback")
    assert "No layer had anybody to page" in ana.newest_mail.text


def test_t07_all_layers_are_used_up_in_all_rounds(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)], repeat=2)
    walked = [(1, 1)]
    for _ in range(5):
        world.waits(minutes=5)
        walked.append((incident.now.round, incident.now.position))
    assert walked == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]
    assert incident.now.state is state.State.PAGING
    assert incident.view.next_stop is not None
    assert incident.view.next_stop.layer is None
    world.waits(minutes=5)
    assert (incident.now.state, incident.now.due_at) == (state.State.EXHAUSTED, None)
    assert incident.record("escalation_exhausted")[0].data == {"round": 3}
    assert [entry.data["cause"] for entry in incident.record("escalation_timed_out")] == ["timeout"] * 6
    assert ana.was_paged(incident, reason="layer", times=3)
    assert bo.was_paged(incident, reason="layer", times=3)
    assert ana.was_paged(incident, reason="fallback")
    assert world.zoe.was_paged(incident, reason="fallback")
    assert "Nobody answered: the fallback responders are paged." in world.zoe.newest_mail.text
    world.waits(days=2)


def test_t08_a_policy_without_layers(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[], owner=ana)
    assert (incident.now.state, incident.now.position) == (state.State.EXHAUSTED, 0)
    assert incident.kinds[:3] == ["incident_opened", "escalation_exhausted", "fallback_paged"]
    assert ana.was_paged(incident, reason="fallback")
    assert world.zoe.was_paged(incident, reason="fallback")


@pytest.mark.parametrize("minutes", [0, -1, 10_081])
def test_t09_an_impossible_timeout_is_refused(world: World, minutes: int) -> None:
    layer = policy_drafts.LayerDraft(policy.Users((world.zoe.id,)), minutes)
    with pytest.raises(Rejected) as refused:
        policies.create(world.principal, policy_drafts.Draft("Payments", layers=(layer,)))
    assert refused.value.code is Code.VALIDATION_ERROR
    assert "ack_timeout_minutes" in str(refused.value.field)


def test_t10_and_c01_a_running_escalation_keeps_its_copy(world: World) -> None:
    ana, bo, cy, dee = world.members("Ana", "Bo", "Cy", "Dee")
    policy_id = world.policy([([ana], 5), ([bo], 5), ([cy], 5)])
    given = incidents.Opening("DB pool exhausted", state.Severity.LOW, ana.id, policy_id=policy_id)
    incident = world.of(incidents.open_incident(world.principal, given)[0])
    world.settles()
    before = incident.now.policy
    changed = policy_drafts.LayerDraft(policy.Users((dee.id,)), 60)
    policies.change(world.principal, policy_id, {"layers": (changed,), "name": "New", "repeat_count": 9})
    assert incident.minutes_left == 5
    world.waits(minutes=5)
    assert bo.was_paged(incident, layer=2)
    policies.delete(world.principal, policy_id)
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=3)
    assert incident.now.policy == before
    assert not dee.was_paged(incident)
    assert ana.was_paged(incident)


def test_t11_every_page_of_the_newest_group_is_refused_for_good(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    world.mail.answer(ana.email, rcpt="550 no such user")
    world.mail.answer(bo.email, rcpt="553 not here")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5), ([cy], 7)])
    assert cy.was_paged(incident, layer=2)
    assert incident.minutes_left == 7
    assert len(incident.record("page_failed")) == 2
    (timed_out,) = incident.record("escalation_timed_out")
    assert (timed_out.data["cause"], timed_out.data["position"]) == ("unreachable", 1)


def test_t11_without_layers_the_last_resort_is_paged(world: World) -> None:
    (ana,) = world.members("Ana")
    world.mail.answer(ana.email, rcpt="550 no such user")
    incident = world.opens("DB pool exhausted", owner=ana)
    assert incident.now.state is state.State.EXHAUSTED
    assert world.zoe.was_paged(incident, reason="fallback")
    assert "Nobody could be reached" in world.zoe.newest_mail.text


def test_t11_one_of_two_is_refused_and_the_other_is_waited_for(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    world.mail.answer(ana.email, rcpt="550 no such user")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5), ([cy], 7)])
    assert bo.was_paged(incident)
    assert (incident.now.position, incident.minutes_left) == (1, 5)
    channels = {each.person.id: each.channels[0] for each in incident.view.notified}
    assert channels[ana.id].state == "failed"
    assert "550 no such user" in str(channels[ana.id].error)


def test_t12_the_provider_is_down(world: World) -> None:
    ana, cy = world.members("Ana", "Cy")
    with world.mail.refusing_connections():
        incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 7)])
        world.waits(seconds=15)
        world.waits(seconds=60)
        (page,) = incident.pages()
        assert (page.state, page.attempts) == ("queued", 3)
        assert page.error
        assert incident.view.notified[0].channels[0].error == page.error
        # The clock is neither paused nor cut short.
        world.waits(seconds=221)
        assert incident.now.position == 1
        world.waits(seconds=5)
        assert incident.now.position == 2
    assert not incident.record("page_failed")
    world.waits(minutes=2)
    assert cy.was_paged(incident)
    world.waits(minutes=4)
    assert ana.was_paged(incident)


def test_t12_smtp_is_not_configured(world: World) -> None:
    (ana,) = world.members("Ana")
    configured, world.channel = world.channel, EmailChannel(None, MAIL_FROM)
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    assert "NIGHTBELL_SMTP_URL" in str(incident.pages()[0].error)
    assert (incident.now.state, incident.minutes_left) == (state.State.PAGING, 5)
    ana.acknowledges(incident)
    world.channel = configured
    world.waits(minutes=1)
    assert not ana.was_paged(incident)


def test_t13_escalate_now_pressed_twice_from_one_screen(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 7), ([cy], 9)])
    seen = incident.seen
    ana.escalates(incident, seen)
    assert (incident.now.position, incident.minutes_left) == (2, 7)
    with pytest.raises(Rejected) as refused:
        ana.escalates(incident, seen)
    assert refused.value.code is Code.STALE_INCIDENT
    (timed_out,) = incident.record("escalation_timed_out")
    assert timed_out.data["cause"] == "escalated"
    assert timed_out.actor == ana.principal.actor
    assert "it was escalated by hand" in bo.newest_mail.text
    assert ana.was_paged(incident)


def test_t14_layer_2_is_paged_while_layer_1s_mail_is_still_tried(world: World) -> None:
    ana, cy = world.members("Ana", "Cy")
    world.mail.answer(ana.email, rcpt="450 busy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 30)])
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=2)
    world.mail.behave()
    world.waits(minutes=10)
    assert ana.was_paged(incident, layer=1)
    assert incident.now.position == 2


def test_t15_escalate_now_where_somebody_or_nobody_is_on_it(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 7)])
    ana.acknowledges(incident)
    bo.escalates(incident)
    now = incident.now
    assert (now.state, now.position, now.acknowledged_by) == (state.State.PAGING, 2, None)
    assert incident.record("escalation_timed_out")[0].data["clearedAcknowledger"]["id"] == str(ana.id)
    assert bo.was_paged(incident, layer=2)
    assert ana.was_paged(incident)

    def refusal() -> Code:
        before, record = incident.now, incident.record()
        with pytest.raises(Rejected) as refused:
            bo.escalates(incident)
        assert (incident.now, incident.record()) == (before, record)
        return refused.value.code

    world.waits(minutes=7)
    assert incident.now.state is state.State.EXHAUSTED
    world.forgets_mail()
    assert refusal() is Code.NOTHING_TO_ESCALATE
    ana.resolves(incident)
    assert refusal() is Code.INCIDENT_RESOLVED
    incident = world.opens("No policy", owner=ana)
    world.forgets_mail()
    assert refusal() is Code.NOTHING_TO_ESCALATE
    ana.acknowledges(incident)
    assert refusal() is Code.NOTHING_TO_ESCALATE


def test_t16_one_person_in_two_layers_and_two_rounds_is_paged_at_each(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([ana], 5)], repeat=1)
    for times in (2, 3, 4):
        world.waits(minutes=5)
        assert ana.was_paged(incident, times=times)
    # Whoever is notified is one entry a person, however often they were paged.
    assert [each.person.id for each in incident.view.notified] == [ana.id]


def test_t18_a_timeout_is_elapsed_time_while_the_clocks_change(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    Account.objects.filter(id=bo.id).update(timezone="Europe/Berlin")
    # Half an hour before the last Sunday of October 2027, 01:00 UTC, when Berlin lives an hour twice.
    target = clock.now().replace(year=2027, month=10, day=31, hour=0, minute=30, second=0)
    world.sleeps(seconds=(target - clock.now()).total_seconds())
    incident = world.opens("DB pool exhausted", layers=[([ana], 60), ([bo], 60)])
    opened = incident.view.created_at
    due_at = incident.now.due_at
    assert due_at is not None
    assert due_at - opened - timedelta(minutes=60) < timedelta(seconds=10)
    world.waits(minutes=59)
    assert not bo.was_paged(incident)
    world.waits(minutes=1)
    assert "02:30 (Europe/Berlin, UTC+02:00)" in bo.newest_mail.text
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)


def test_p11_the_databases_clock_jumps_forward_an_hour(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5), ([cy], 5)])
    world.waits(hours=1)
    assert (incident.now.position, incident.minutes_left) == (2, 5)
    assert bo.was_paged(incident)
    assert not cy.was_paged(incident)
    world.waits(minutes=5)
    assert cy.was_paged(incident)
    assert ana.was_paged(incident)
