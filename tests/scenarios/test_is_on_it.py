"""Whoever was paged hears when somebody else acknowledges, once and without being woken; Slack says who resolved it."""

from nightbell.actions import escalations
from nightbell.data.access.principal import SYSTEM
from tests.scenarios.test_slack import two
from tests.workspace import Slack
from tests.world import World


def test_w4_whoever_was_paged_by_mail_hears_that_somebody_else_is_on_it(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5), ([cy], 5)])
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)
    ana.acknowledges(incident)
    ana.acknowledges(incident)
    bo.acknowledges(incident)
    world.settles()
    assert bo.was_told("Ana is on it: DB pool exhausted")
    assert "Escalation stopped, and nothing is asked of you." in bo.newest_mail.text
    # Neither the acknowledger nor who was never paged, and only once: the story ends without another mail.


def test_w4_whom_no_mail_had_reached_hears_nothing(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    world.mail.answer(bo.email, rcpt="550 5.1.1 no such user")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    assert ana.was_paged(incident)
    ana.acknowledges(incident)
    world.settles()
    queued = world.opens("Disk full", layers=[([ana, bo], 5)], paging=False)
    escalations.fire_due(SYSTEM)
    ana.acknowledges(queued)
    world.settles()


def test_w4_who_was_paged_before_a_handoff_hears_nothing(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    assert ana.was_paged(incident)
    ana.hands_off(incident, to=bo)
    assert bo.was_paged(incident)
    bo.acknowledges(incident)
    world.settles()


def test_w4_nobody_hears_that_somebody_is_on_it_who_is_not_any_more(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)
    ana.acknowledges(incident)
    ana.hands_off(incident, to=bo)
    assert bo.was_paged(incident, times=2)


def test_w4_slack_says_who_resolved_it(world: World, slack: Slack) -> None:
    ana, bo, incident = two(world, slack)
    bo.acknowledges(incident)
    world.zoe.resolves(incident)
    world.settles()
    page = slack.page_of(ana)
    assert page.shows("Resolved by Zoe · ")
    assert page.shows("Acknowledged by Bo · ")
    world.forgets_mail()
