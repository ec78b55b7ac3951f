"""What organizations bring to their members, and looking now and then who is still there."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from nightbell.actions import contacts
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Workspace
from nightbell.engine import chores
from tests.workspace import Slack
from tests.world import Person, World


def matched(world: World, slack: Slack) -> tuple[Person, Person]:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo)
    for each in (ana, bo):
        contacts.remember(world.system, each.id, slack.team_id, slack.user(each).id)
    return ana, bo


@pytest.mark.parametrize("became", ["deleted", "guest"])
def test_somebody_who_is_switched_off_there_is_paged_by_mail_alone(world: World, slack: Slack, became: str) -> None:
    ana, bo = matched(world, slack)
    setattr(slack.user(ana), became, True)
    assert contacts.look_again(SYSTEM) == 0
    assert slack.calls == []
    world.sleeps(days=1, minutes=1)
    assert contacts.look_again(SYSTEM) == 1
    assert contacts.look_again(SYSTEM) == 0
    assert slack.contact(ana).address == ""
    assert slack.contact(bo).address == slack.user(bo).id
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    assert {(page.name, page.channel) for page in incident.pages()} == {
        ("Ana", "email"),
        ("Bo", "email"),
        ("Bo", "slack"),
    }


def test_somebody_with_another_address_there_stays_who_they_are(world: World, slack: Slack) -> None:
    ana, _ = matched(world, slack)
    slack.user(ana).email = "elsewhere@example.com"
    world.sleeps(days=2)
    assert contacts.look_again(SYSTEM) == 0
    assert slack.contact(ana).address == slack.user(ana).id


def test_who_was_not_looked_at_for_the_longest_comes_first(
    world: World, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "AT_ONCE", 1)
    ana, bo = matched(world, slack)
    world.sleeps(days=2)
    contacts.remember(world.system, ana.id, slack.team_id, slack.user(ana).id)
    world.sleeps(days=2)
    for _ in range(2):
        contacts.look_again(SYSTEM)
    assert [call.arguments["user"] for call in slack.calls] == [slack.user(bo).id, slack.user(ana).id]


def test_members_who_left_are_nobodys_concern(world: World, slack: Slack) -> None:
    ana, bo = matched(world, slack)
    world.removes(ana)
    world.sleeps(days=2)
    contacts.look_again(SYSTEM)
    assert [call.arguments["user"] for call in slack.calls] == [slack.user(bo).id]


def test_a_slack_that_does_not_answer_changes_nothing(world: World, slack: Slack) -> None:
    matched(world, slack)
    world.sleeps(days=2)
    slack.answer(status=500)
    assert contacts.look_again(SYSTEM) == 0
    assert len(slack.calls) == 1
    assert Workspace.objects.get().lost_at is None


def test_a_token_that_is_void_is_noticed_and_told(world: World, slack: Slack) -> None:
    matched(world, slack)
    slack.revoke()
    world.sleeps(days=2)
    chores.tidy()
    assert Workspace.objects.get().lost_because == "token_revoked"
    world.settles()
    assert world.zoe.was_told("Slack no longer lets Nightbell in")
    # And asked no more.
    calls = len(slack.calls)
    contacts.look_again(SYSTEM)
    assert len(slack.calls) == calls


def test_a_token_nobody_can_read_is_left_alone(world: World, slack: Slack, settings: Settings) -> None:
    matched(world, slack)
    world.sleeps(days=2)
    other = Fernet.generate_key().decode()
    settings.NIGHTBELL = settings.NIGHTBELL.model_copy(update={"encryption_keys": other})
    assert contacts.look_again(SYSTEM) == 0
    assert slack.calls == []
