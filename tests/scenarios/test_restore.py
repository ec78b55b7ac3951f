"""Stories of an installation brought back from an old file: whom that wakes, whom it does not, and what ends it."""

from datetime import timedelta
from pathlib import Path

import pytest

from nightbell import postgres
from nightbell.actions import gaps, holds, incidents, organizations, people, workspaces
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.models import Audit, Copy, Notice, Organization, Page
from nightbell.data.reads import incidents as reads
from tests import restoring
from tests.rota import Rota
from tests.workspace import Slack
from tests.world import Incident, Person, World


class Restoring:
    """The installation, which is lost and comes back as it was 40 days ago."""

    def __init__(self, server: postgres.Server, place: Path) -> None:
        self.server, self.file = server, place / "export.zip"
        place.mkdir(exist_ok=True)

    def __call__(self, *options: str, age: timedelta = restoring.AGE) -> str:
        """What the import said last."""
        return restoring.restore(self.server, self.file, *options, age=age)


@pytest.fixture
def restores(server: postgres.Server, tmp_path: Path) -> Restoring:
    return Restoring(server, tmp_path)


@pytest.fixture
def paged(world: World) -> tuple[Person, Person, Person, Incident]:
    """Ana has been paged, Bo is next, then Cy."""
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 15), ([cy], 30)], dedup_key="pool")
    world.forgets_mail()
    return ana, bo, cy, incident


def slack_granted(slack: Slack) -> workspaces.Granted:
    return workspaces.Granted("slack", slack.team_id, slack.team_name, slack.bot_user_id, slack.install())


def unsent(world: World, person: Person) -> Incident:
    """This person's page is in the queue, because no mail leaves."""
    with world.mail.refusing_connections():
        return world.opens("Disk full", layers=[([person], 5), ([world.zoe], 15)])


def states(incident: Incident) -> list[str]:
    return [each.state for each in incident.pages()]


def test_p27_what_was_open_in_a_restored_file_wakes_nobody(world: World, restores: Restoring) -> None:
    ana, bo = world.members("Ana", "Bo")
    several = [
        world.opens("Paging", layers=[([ana], 5), ([bo], 5)]),
        world.opens("Exhausted", layers=[([ana], 5)]),
        world.opens("Acknowledged", layers=[([ana], 5)]),
        world.opens("Resolved", layers=[([ana], 5)]),
    ]
    ana.acknowledges(several[2])
    ana.resolves(several[3])
    world.waits(minutes=1)
    with world.mail.refusing_connections():
        several += [world.opens("Queued", layers=[([ana], 5)]), world.opens("Without a policy")]
    world.forgets_mail()
    before = [(each.now.state, each.now.due_at, each.now.epoch, states(each)) for each in several]

    said = restores()

    assert said.startswith("Paging is held for 5 incidents open in the file: nobody is paged for them")
    assert said.endswith("nightbell paging resume.")
    world.settles()
    world.waits(hours=10)
    # `world` fails where a mail came.
    assert [(each.now.state, each.now.due_at, each.now.epoch, states(each)) for each in several] == before
    assert [each.now.held for each in several] == [True, True, True, False, True, True]
    (entry,) = several[0].record("paging_held")
    assert (entry.actor.name, entry.data) == ("Nightbell", {"because": "restored"})


def test_p27_what_opens_after_a_restore_is_paged(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, bo, _, held = paged
    restores()
    fresh = world.opens("Disk full", layers=[([ana], 5), ([bo], 5)])
    assert ana.was_paged(fresh, layer=1)
    world.waits(minutes=5)
    assert bo.was_paged(fresh, layer=2)
    assert held.now.held


def test_p27_a_planned_move_goes_on_where_it_stood(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    _, bo, cy, incident = paged
    said = restores("--paging", "resume")
    assert said.startswith("Paging goes on for 1 incident open in the file")
    world.settles()
    assert bo.was_paged(incident, layer=2)
    assert "This page is 39 days late." in bo.newest_mail.text
    assert not cy.was_paged(incident)


def test_p27_what_was_held_when_the_file_was_written_is_not_let_go_by_a_move(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring, tmp_path: Path
) -> None:
    ana, _, _, incident = paged
    restores()
    world.sleeps(days=-40)
    running = world.opens("Disk full", layers=[([ana], 60 * 24 * 7)])
    world.forgets_mail()
    said = Restoring(restores.server, tmp_path / "moves")("--paging", "resume", age=timedelta())
    assert said.startswith(
        "Paging goes on for 1 incident open in the file as soon as an engine runs. Paging is held for 1"
    )
    world.settles()
    assert [incident.now.held, running.now.held] == [True, False]


def test_p27_a_file_without_open_incidents_holds_nothing(world: World, restores: Restoring) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    with world.mail.refusing_connections():
        world.zoe.hands_off(incident, to=bo)  # Ana is to be told
        ana.resolves(incident)
    world.forgets_mail()
    assert restores() == "No incident was open in the file: nothing is held. Next:  nightbell serve."
    world.waits(hours=1)
    assert holds.resume(world.zoe.principal) == 0
    assert list(Notice.objects.values_list("state", "error", "held")) == [("cancelled", "restored", False)]


def test_p27_resumed_each_advances_by_one_layer_and_says_how_late(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, bo, cy, incident = paged
    queued = unsent(world, cy)
    acknowledged = world.opens("Acknowledged", layers=[([ana], 5)])
    ana.acknowledges(acknowledged)
    world.forgets_mail()
    restores()
    assert holds.resume(world.zoe.principal) == 3
    world.settles()
    assert (incident.now.position, incident.minutes_left, incident.now.held) == (2, 15, False)
    assert bo.was_paged(incident, layer=2)
    assert incident.record("layer_paged")[-1].data["lateSeconds"] // 86_400 == 39
    # What was on its way is still wanted, and goes with the next layer's.
    assert cy.was_paged(queued, layer=1)
    assert world.zoe.was_paged(queued, layer=2)
    assert acknowledged.now.state is state.State.ACKNOWLEDGED
    assert not cy.was_paged(incident)


def test_p27_resuming_is_on_the_record_once(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    incident = paged[3]
    restores()
    assert [holds.resume(world.zoe.principal) for _ in range(2)] == [1, 0]
    (entry,) = incident.record("paging_resumed")
    assert (entry.actor.name, entry.data) == ("Zoe", {"because": "resumed"})
    kinds = ("paging_held", "paging_resumed")
    of_all = Audit.objects.filter(incident=None, kind__in=kinds).order_by("sequence")
    assert list(of_all.values_list("kind", "organization_id", "data")) == [
        ("paging_held", world.organization.id, {"because": "restored", "incidents": 1}),
        ("paging_resumed", world.organization.id, {"because": "resumed", "incidents": 1}),
    ]
    world.forgets_mail()


def test_p27_an_admin_resumes_their_own_organization_and_no_other(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, _, _, incident = paged
    other, membership = organizations.create(Principal.operator(), "Larks", people.Person("lou@larks.example", "Lou"))
    lou = Person(world, membership.user_id, "Lou", "lou@larks.example", world.zoe.role)
    lou_s = Principal(other.id, lou.principal.actor, lou.role)
    theirs, _ = incidents.open_incident(lou_s, incidents.Opening("Theirs", state.Severity.LOW, lou.id))
    restores()
    with pytest.raises(Rejected) as refused:
        holds.resume(ana.principal)
    assert refused.value.code is Code.NOT_AUTHORIZED
    assert holds.resume(lou_s) == 1
    assert incident.now.held
    found = reads.one(lou_s, theirs.incident.id)
    assert found is not None
    assert not found.incident.held
    assert holds.resume_everywhere(SYSTEM) == 1
    assert incident.record("paging_resumed")
    world.settles()
    world.forgets_mail()


def test_p27_a_repeat_of_a_held_incident_releases_it(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, bo, _, incident = paged
    other = world.opens("Another", layers=[([ana], 5)])
    world.forgets_mail()
    restores()
    opening = incidents.Opening("DB pool exhausted", state.Severity.LOW, ana.id, dedup_key="pool")
    view, new = incidents.open_incident(world.principal, opening)
    assert (view.incident.id, view.incident.held, new) == (incident.id, False, False)
    world.settles()
    assert bo.was_paged(incident, layer=2)
    assert other.now.held
    (entry,) = incident.record("paging_resumed")
    assert (entry.actor.name, entry.data) == ("ci", {"because": "repeated"})
    # Once is enough: it is a repeat like any other from here on.
    incidents.open_incident(world.principal, opening)
    assert len(incident.record("paging_resumed")) == 1


def test_p27_a_handoff_of_a_held_incident_wakes_its_target(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, bo, cy, _ = paged
    incident = unsent(world, ana)
    restores()
    bo.hands_off(incident, to=cy)
    assert cy.was_paged(incident, reason="handoff")
    assert (incident.now.held, incident.minutes_left) == (False, 5)
    assert states(incident) == ["cancelled", "sent"]
    assert not ana.was_paged(incident)
    world.waits(minutes=5)
    assert world.zoe.was_paged(incident, layer=2)
    world.forgets_mail()  # Ana is told that it is Cy's


def test_p27_a_handoff_to_whom_it_was_handed_before_the_restore_wakes_them(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, bo, _, incident = paged
    ana.hands_off(incident, to=bo)
    world.forgets_mail()
    restores()
    ana.hands_off(incident, to=bo)
    assert bo.was_paged(incident, reason="handoff", times=2)
    ana.hands_off(incident, to=bo)
    assert len(incident.record("incident_handed_off")) == 2


@pytest.mark.parametrize("leased", [False, True])
def test_p27_escalating_a_held_incident_pages_the_next_layer_and_nobody_else(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring, leased: bool
) -> None:
    ana = paged[0]
    incident = unsent(world, ana)
    if leased:
        Page.objects.filter(state="queued").update(state="sending")
    restores()
    ana.escalates(incident)
    assert world.zoe.was_paged(incident, layer=2)
    assert incident.now.held is False
    assert states(incident) == ["cancelled", "sent"]
    assert incident.record("pages_cancelled")[-1].data["reason"] == "restored"


def test_p27_acknowledging_or_resolving_a_held_incident_just_works(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana = paged[0]
    several = [unsent(world, ana) for _ in range(2)]
    restores()
    assert ana.acknowledges(several[0]).incident.state is state.State.ACKNOWLEDGED
    assert ana.resolves(several[1]).incident.state is state.State.CLOSED
    world.waits(minutes=10)
    assert [each.now.held for each in several] == [False, False]
    assert [states(each) for each in several] == [["cancelled"], ["cancelled"]]
    assert not Page.objects.filter(incident_id__in=[each.id for each in several], held=True).exists()


def test_p27_a_step_of_the_status_releases_nothing(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, _, _, incident = paged
    restores()
    view = incidents.change_status(ana.principal, incident.id, state.Status.IDENTIFIED)
    assert view.incident.held
    world.waits(minutes=10)
    assert incident.now.position == 1


def test_p27_removing_whom_a_held_incident_waited_for_wakes_who_comes_next(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, bo, _, incident = paged
    restores()
    world.removes(ana)
    assert not incident.now.held
    assert bo.was_paged(incident, layer=2)
    assert world.zoe.was_paged(incident, reason="owner")


def test_p27_removing_somebody_else_leaves_it_held(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, bo, _, incident = paged
    world.waits(minutes=5)
    world.zoe.hands_off(incident, to=ana)
    world.forgets_mail()
    restores()
    world.removes(bo)
    assert incident.now.held


def test_p27_notices_of_what_is_held_wait_with_it(
    world: World, paged: tuple[Person, Person, Person, Incident], restores: Restoring
) -> None:
    ana, bo, cy, incident = paged
    with world.mail.refusing_connections():
        cy.hands_off(incident, to=bo)  # Ana is to be told, Bo is to be paged
    restores()
    world.waits(hours=1)
    holds.resume(world.zoe.principal)
    world.settles()
    assert ana.was_told("Bo")
    assert bo.was_paged(incident, reason="handoff")
    assert bo.was_paged(incident, layer=2)


def test_p27_the_weekly_mail_of_uncovered_hours_waits_for_a_week(world: World, restores: Restoring) -> None:
    Rota(world, "Empty")
    Organization.objects.update(gaps_told_at=clock.now() - timedelta(days=8))
    restores(age=timedelta())
    assert gaps.tell_all(SYSTEM) == 0
    world.sleeps(days=7)
    assert gaps.tell_all(SYSTEM) == 1
    world.settles()
    assert world.zoe.was_told("Nobody is on call at some hours")


def test_p27_slack_shows_what_it_showed(world: World, slack: Slack, restores: Restoring) -> None:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo, world.zoe)
    slack.has_alerts()
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 15)])
    gone = world.opens("Resolved", layers=[([ana], 5)])
    world.forgets_mail()
    ana.resolves(gone)
    shown = Copy.objects.filter(incident_id=incident.id)
    shown.update(state="queued", due_at=incident.view.created_at)
    before = len(slack.calls)
    restores()
    world.waits(minutes=10)
    assert len(slack.calls) == before
    # Nor does it where Slack is connected once more, which shows again what could not be shown.
    shown.update(state="failed", due_at=None, held=False)
    workspaces.connect(world.zoe.principal, slack_granted(slack))
    world.waits(minutes=10)
    assert len(slack.calls) == before
    assert set(shown.values_list("state", "held")) == {("queued", True)}
    assert set(Copy.objects.filter(incident_id=gone.id).values_list("state", "held")) == {("cancelled", False)}
    # A person's answer is news, and shown everywhere.
    ana.acknowledges(incident)
    world.settles()
    assert slack.alert().shows("Acknowledged by Ana")
    world.forgets_mail()
