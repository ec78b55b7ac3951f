"""An engine with Slack: its lanes do not wait for each other, and what is shown follows what happened."""

import time

import pytest

from nightbell.core.incident.state import State
from tests.engine.conftest import Start
from tests.engine.processes import ask, eventually
from tests.workspace import Slack, environ
from tests.world import World

pytestmark = [pytest.mark.xdist_group("engine"), pytest.mark.timeout(120)]


def test_mail_leaves_at_once_while_slack_hangs_and_slack_follows(world: World, slack: Slack, start: Start) -> None:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo)
    start(**environ(slack))
    slack.shut()
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)], paging=False)
    assert eventually(lambda: len(world.inbox(ana)) == 1) < 3
    slack.open()
    eventually(lambda: len(slack.to(slack.user(ana))) == 1)
    assert {(page.channel, page.state) for page in incident.pages()} >= {("email", "sent")}


def test_every_message_is_edited_within_five_seconds_of_the_answer(world: World, slack: Slack, start: Start) -> None:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo)
    slack.has_alerts()
    start(**environ(slack))
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)], paging=False)
    eventually(lambda: len(slack.messages) == 3)
    slack.presses(bo, "acknowledge")
    # Slack is answered within two seconds, and on a busy machine the click is worked off after that.
    eventually(lambda: incident.now.state is State.ACKNOWLEDGED)
    took = eventually(lambda: all(message.shows("Acknowledged by Bo") for message in slack.messages))
    assert took < 5
    assert all("acknowledge" not in message.buttons for message in slack.messages)


def test_a_copy_whose_sender_was_killed_is_shown_by_another_engine(world: World, slack: Slack, start: Start) -> None:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo)
    engine = start(**environ(slack))
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    eventually(lambda: len(slack.messages) == 1)
    slack.shut("chat.update")
    bo.acknowledges(incident)
    eventually(lambda: ask("select state from incident_copy") == [("sending",)])
    engine.kill()
    slack.open("chat.update")
    # The lease of one that was killed runs out; a second engine shows what is true now.
    start(**environ(slack))
    world.sleeps(seconds=31)
    eventually(lambda: slack.page_of(ana).shows("Acknowledged by Bo"))


def test_an_engine_without_slack_leaves_its_pages_alone(world: World, slack: Slack, start: Start) -> None:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo)
    start()
    world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    eventually(lambda: len(world.inbox(ana)) == 1)
    time.sleep(0.5)
    assert ask("select channel from page") == [("email",)]
    assert slack.calls == []
