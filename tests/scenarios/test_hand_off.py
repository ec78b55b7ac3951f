"""Stories of handing off, one thing after the other."""

import itertools

import pytest

from nightbell.actions import incidents, organizations, people
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import state
from nightbell.data.access.principal import Principal
from tests.world import Incident, Person, World


def test_an_unanswered_handoff_resumes_at_the_next_layer(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 15)])
    assert ana.was_paged(incident, layer=1)
    ana.hands_off(incident, to=bo)
    assert bo.was_paged(incident)
    assert not cy.was_paged(incident)
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=2)


def refusal(incident: Incident, by: Person, target_id: object) -> Code:
    """Why `by` may not hand the incident to whoever that is; nothing has changed."""
    before, record, pages = incident.now, incident.record(), incident.pages()
    with pytest.raises(Rejected) as refused:
        incidents.hand_off(by.principal, incident.id, target_id)  # type: ignore[arg-type]
    assert (incident.now, incident.record(), incident.pages()) == (before, record, pages)
    return refused.value.code


def test_h06_to_somebody_who_is_no_active_member(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    other, stranger = organizations.create(
        Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark")
    )
    world.removes(bo)
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    for target in (bo.id, stranger.user_id, other.id, None):
        assert refusal(incident, ana, target) is Code.INVALID_TARGET_USER
    assert ana.was_paged(incident)


def test_h09_to_the_present_owner_who_is_the_only_one_notified(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    before, record = incident.now, incident.record()
    bo.hands_off(incident, to=ana)
    assert (incident.now, incident.record()) == (before, record)
    ana.acknowledges(incident)
    before, record = incident.now, incident.record()
    bo.hands_off(incident, to=ana)
    assert (incident.now, incident.record()) == (before, record)
    assert ana.was_paged(incident)


def test_h10_to_the_present_owner_while_others_are_notified_too(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    world.sleeps(minutes=3)
    bo.hands_off(incident, to=ana)
    assert incident.minutes_left == 5
    assert [each.person.id for each in incident.view.notified] == [ana.id]
    assert ana.was_paged(incident, reason="layer")
    assert ana.was_paged(incident, reason="handoff")
    assert bo.was_paged(incident)


def test_h10_to_the_present_owner_after_somebody_else_acknowledged(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    bo.acknowledges(incident)
    cy.hands_off(incident, to=ana)
    assert incident.now.state is state.State.PAGING
    assert incident.record("incident_handed_off")[0].data["clearedAcknowledger"]["id"] == str(bo.id)
    assert ana.was_paged(incident, times=2)
    assert bo.was_told("Ana took over")


def test_h10_to_the_present_owner_from_exhausted(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    world.waits(minutes=5)
    assert world.zoe.was_paged(incident, reason="fallback")
    bo.hands_off(incident, to=ana)
    assert (incident.now.state, incident.minutes_left) == (state.State.PAGING, 5)
    assert ana.was_paged(incident, times=3)


def test_h11_the_next_layer_after_the_current_one_is_paged(world: World) -> None:
    ana, bo, cy, dee, eve = world.members("Ana", "Bo", "Cy", "Dee", "Eve")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 10), ([cy], 15)])
    world.waits(minutes=5)
    bo.acknowledges(incident)
    world.waits(hours=1)
    assert ana.was_told("Bo is on it")
    bo.hands_off(incident, to=dee, note="Migration 44")
    # Layer 2 is the current one: its timeout runs, for Dee.
    assert incident.minutes_left == 10
    world.waits(minutes=9)
    assert not cy.was_paged(incident)
    world.waits(minutes=1)
    assert cy.was_paged(incident, layer=3)
    assert dee.was_paged(incident, reason="handoff")
    handed = incident.record("incident_handed_off")[0]
    assert handed.actor == bo.principal.actor
    assert handed.data["previousOwner"] == str(ana.id)
    assert handed.data["newOwner"] == str(dee.id)
    assert handed.data["note"] == "Migration 44"
    assert handed.data["clearedAcknowledger"] == {"type": "user", "id": str(bo.id), "name": "Bo", "via": "web"}
    assert incident.now.relieved == {ana.id, bo.id}
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)
    assert ana.was_told("Dee took over")
    assert not eve.was_paged(incident)


def test_h12_handed_off_on_the_last_layer_repeats_if_the_policy_does(world: World) -> None:
    ana, bo, cy, dee = world.members("Ana", "Bo", "Cy", "Dee")
    incident = world.opens("DB pool exhausted", layers=[([ana, cy], 5)], repeat=1)
    ana.hands_off(incident, to=bo)
    world.waits(minutes=5)
    # Ana is relieved; the owner is in the first group of each round.
    assert (incident.now.position, incident.now.round) == (1, 2)
    assert cy.was_paged(incident, layer=1, times=2)
    assert bo.was_paged(incident, reason="owner")
    assert bo.was_paged(incident, times=2)
    assert ana.was_paged(incident)
    assert incident.record("layer_paged")[-1].data["passedOver"] == [str(ana.id)]
    world.waits(minutes=5)
    assert incident.now.state is state.State.EXHAUSTED
    assert world.zoe.was_paged(incident, reason="fallback")
    assert bo.was_paged(incident, reason="fallback")
    assert not dee.was_paged(incident)


def test_h13_handed_off_from_exhausted_and_unanswered_is_exhausted_again(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 7)])
    world.waits(minutes=5)
    world.waits(minutes=7)
    assert incident.now.state is state.State.EXHAUSTED
    ana.hands_off(incident, to=bo)
    assert (incident.now.state, incident.minutes_left) == (state.State.PAGING, 7)
    world.waits(minutes=7)
    assert incident.now.state is state.State.EXHAUSTED
    assert len(incident.record("escalation_exhausted")) == 2
    # Each time the state is entered the last resort is paged once.
    assert world.zoe.was_paged(incident, reason="fallback", times=2)
    assert bo.was_paged(incident, reason="handoff")
    assert bo.was_paged(incident, reason="fallback")
    assert ana.was_paged(incident, times=2)
    assert cy.was_paged(incident)


def test_h14_on_a_resolved_incident(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    ana.resolves(incident)
    assert refusal(incident, ana, bo.id) is Code.INCIDENT_RESOLVED
    # The state is looked at before the target.
    assert refusal(incident, ana, None) is Code.INCIDENT_RESOLVED
    assert ana.was_paged(incident)


def test_h15_without_a_policy(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", owner=ana)
    assert ana.was_paged(incident, reason="owner")
    ana.hands_off(incident, to=bo)
    now = incident.now
    assert (now.state, now.due_at, now.owner_id) == (state.State.NONE, None, bo.id)
    assert bo.was_paged(incident, reason="handoff")
    world.waits(hours=3)


def test_h16_handed_off_five_times_in_a_chain(world: World) -> None:
    chain = world.members("Ana", "Bo", "Cy", "Dee", "Eve", "Flo")
    incident = world.opens("DB pool exhausted", layers=[(chain[:1], 5)])
    for giver, taker in itertools.pairwise(chain):
        world.sleeps(minutes=4)
        giver.hands_off(incident, to=taker)
        assert incident.minutes_left == 5
        assert [each.person.id for each in incident.view.notified] == [taker.id]
    handed = incident.record("incident_handed_off")
    assert [(entry.data["previousOwner"], entry.data["newOwner"]) for entry in handed] == [
        (str(giver.id), str(taker.id)) for giver, taker in itertools.pairwise(chain)
    ]
    assert incident.now.relieved == {each.id for each in chain[:-1]}
    assert all(each.was_paged(incident) for each in chain)
    # Handing it back ends the relief of whoever gets it.
    chain[5].hands_off(incident, to=chain[0])
    assert incident.now.relieved == {each.id for each in chain[1:]}
    assert chain[0].was_paged(incident, times=2)


def test_h17_the_relieved_person_is_the_only_target_of_the_next_layer(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([ana], 5)])
    ana.hands_off(incident, to=bo)
    world.waits(minutes=5)
    assert ana.was_paged(incident, layer=2)
    assert incident.record("layer_paged")[-1].data["passedOver"] == []
    assert ana.was_paged(incident, times=2)
    assert bo.was_paged(incident)


def test_h18_the_relieved_person_is_one_of_three_targets_of_the_next_layer(world: World) -> None:
    ana, bo, cy, dee = world.members("Ana", "Bo", "Cy", "Dee")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([ana, cy, dee], 5)])
    ana.hands_off(incident, to=bo)
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=2)
    assert dee.was_paged(incident, layer=2)
    assert not ana.was_paged(incident, layer=2)
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)


def test_h19_every_page_of_the_target_is_refused_for_good(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 15)])
    world.mail.answer(bo.email, rcpt="550 no such user")
    ana.hands_off(incident, to=bo)
    assert cy.was_paged(incident, layer=2)
    assert incident.minutes_left == 15
    assert incident.record("escalation_timed_out")[0].data["cause"] == "unreachable"
    (failed,) = incident.record("page_failed")
    assert failed.data["userId"] == str(bo.id)
    assert failed.data["error"].endswith("550 no such user")
    assert "nobody paged before could be reached" in cy.newest_mail.text
    assert ana.was_paged(incident)


def test_h20_a_hostile_note_is_kept_as_it_is_and_shown_escaped(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    note = "<b>bold</b> <!channel>\r\nBcc: x@y.example\n" + "n" * 9_900
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    ana.hands_off(incident, to=bo, note=note)
    assert incident.record("incident_handed_off")[0].data["note"] == note
    mail = bo.newest_mail
    assert "Bcc" not in dict(mail.headers)
    assert "<b>" not in mail.html
    assert "&lt;b&gt;bold&lt;/b&gt; &lt;!channel&gt;" in mail.html
    assert "“<b>bold</b> <!channel> Bcc: x@y.example n" in mail.text
    assert ana.was_paged(incident)


def test_h21_a_retried_handoff_is_one_page_and_one_row(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    first = ana.hands_off(incident, to=bo)
    world.sleeps(minutes=1)
    assert ana.hands_off(incident, to=bo).incident == first.incident
    assert len(incident.record("incident_handed_off")) == 1
    assert bo.was_paged(incident)
    assert ana.was_paged(incident)


def test_h23_before_the_engine_has_paged_layer_1(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([cy], 5)], owner=ana, paging=False)
    ana.hands_off(incident, to=bo)
    assert bo.was_paged(incident, reason="handoff")
    assert (incident.now.position, incident.minutes_left) == (0, 5)
    assert not cy.was_paged(incident)
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=1)
    assert incident.now.position == 1
    # The owner is in the first group of the round.
    assert bo.was_paged(incident, reason="owner")
    assert bo.was_paged(incident, times=2)


def test_the_page_of_a_handoff_leads_with_who_why_and_how_long(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 15)])
    ana.hands_off(incident, to=bo, note="You know this table")
    text = bo.newest_mail.text
    assert "Ana handed this incident to you: “You know this table”. Answer by " in text
    assert "or Cy is paged." in text
    assert ana.was_paged(incident)
