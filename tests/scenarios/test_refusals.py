"""Whose fault a refusal is: stories in which nobody is given up for a fault of the installation."""

import pytest

from nightbell.core.incident import state
from tests.workspace import Slack
from tests.world import Incident, World

NOT_US = "550 we do not talk to you"


def states(incident: Incident) -> list[tuple[str, str]]:
    """Who was paged for an incident over which channel, and how each page stands."""
    return sorted((page.name, page.state) for page in incident.pages() if page.channel == "email")


def test_e13_everybody_is_refused_alike_and_nobody_is_given_up(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    world.mail.answer(rcpt=NOT_US)
    incident = world.opens("DB pool exhausted", layers=[([ana], 30), ([bo], 30), ([cy], 30)])
    # The first two were given up, and taken up again when the third was answered in the same words.
    assert states(incident) == [("Ana", "queued"), ("Bo", "queued"), ("Cy", "queued")]
    assert incident.now.state is state.State.PAGING
    assert all("we do not talk to you" in str(page.error) for page in incident.pages())
    world.waits(seconds=20)
    assert incident.now.position == 3
    world.mail.behave()
    world.waits(seconds=120)
    assert [person.was_paged(incident) for person in (ana, bo, cy)] == [True, True, True]


@pytest.mark.parametrize("answer", [NOT_US, "504 5.5.2 <a1b2>: Helo command rejected: we do not talk to you"])
def test_e13_admins_are_told_once_an_hour_over_another_channel(world: World, slack: Slack, answer: str) -> None:
    people = world.members("Ana", "Bo", "Cy")
    slack.joins(world.zoe, *people)
    world.mail.answer(rcpt=answer)
    for number in range(2):
        world.opens(f"DB pool exhausted {number}", layers=[(people, 30)])
        world.waits(minutes=2)
    told = [message for message in slack.messages if "Nobody can be paged by email" in message.text]
    assert [message.to for message in told] == [slack.user(world.zoe)]
    assert "we do not talk to you" in str(told[0].blocks)


def test_e13_who_is_refused_while_others_are_accepted_is_given_up(world: World) -> None:
    ana, bo, cy, di = world.members("Ana", "Bo", "Cy", "Di")
    for person in (ana, bo, cy):
        world.mail.answer(person.email, rcpt=NOT_US)
    incident = world.opens("DB pool exhausted", layers=[([di, ana, bo, cy], 30)])
    assert states(incident) == [("Ana", "failed"), ("Bo", "failed"), ("Cy", "failed"), ("Di", "sent")]
    assert di.was_paged(incident)


def test_e13_two_who_are_refused_are_given_up(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    for person in (ana, bo):
        world.mail.answer(person.email, rcpt=NOT_US)
    incident = world.opens("DB pool exhausted", layers=[([ana], 30), ([bo], 30)])
    # Ana is paged once more as the owner, among the last resort.
    assert states(incident) == [("Ana", "failed"), ("Ana", "queued"), ("Bo", "failed"), ("Zoe", "sent")]
    assert world.zoe.was_paged(incident)


def test_e13_who_answered_meanwhile_is_not_paged_again(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    world.mail.answer(rcpt=NOT_US)
    quiet = world.opens("First", layers=[([ana], 30), ([bo], 30)], owner=ana)
    bo.acknowledges(quiet)
    world.opens("Second", layers=[([cy], 30)])
    assert {page.state for page in quiet.pages() if page.reason == "layer"} <= {"failed", "cancelled"}
    world.mail.behave()
    world.waits(minutes=3)
    assert not bo.was_paged(quiet)
    world.forgets_mail()


def test_a_refusal_of_the_last_resort_is_never_for_good(world: World) -> None:
    ana = world.member("Ana")
    for person in (ana, world.zoe):
        world.mail.answer(person.email, rcpt="550 5.1.1 no such user")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    assert incident.now.state is state.State.EXHAUSTED
    (page,) = [each for each in incident.pages() if each.user_id == world.zoe.id]
    assert (page.state, page.reason) == ("queued", "fallback")
    world.waits(minutes=9)
    world.mail.behave()
    assert not world.zoe.was_paged(incident)
    world.waits(minutes=2)
    assert world.zoe.was_paged(incident, reason="fallback")
    world.forgets_mail()
