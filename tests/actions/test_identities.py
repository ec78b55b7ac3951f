"""Looking now and then who is still in Slack."""

import pytest
from pytest_django import Settings

from nightbell.actions import identities, workspaces
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Identity, Workspace
from nightbell.engine import chores
from tests.workspace import Slack
from tests.world import Person, World


def matched(world: World, slack: Slack) -> tuple[Person, Person]:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo)
    for each in (ana, bo):
        workspaces.remember(world.system, each.id, slack.team_id, slack.user(each).id)
    return ana, bo


@pytest.mark.parametrize("became", ["deleted", "guest"])
def test_somebody_who_is_switched_off_there_is_paged_by_mail_alone(world: World, slack: Slack, became: str) -> None:
    ana, bo = matched(world, slack)
    setattr(slack.user(ana), became, True)
    assert identities.check_all(SYSTEM) == 0
    assert slack.calls == []
    world.sleeps(days=1, minutes=1)
    assert identities.check_all(SYSTEM) == 1
    assert identities.check_all(SYSTEM) == 0
    assert Identity.objects.get(user_id=ana.id).slack_user_id is None
    assert Identity.objects.get(user_id=bo.id).slack_user_id == slack.user(bo).id
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
    assert identities.check_all(SYSTEM) == 0
    assert Identity.objects.get(user_id=ana.id).slack_user_id == slack.user(ana).id


def test_members_who_left_are_nobodys_concern(world: World, slack: Slack) -> None:
    ana, bo = matched(world, slack)
    world.removes(ana)
    world.sleeps(days=2)
    identities.check_all(SYSTEM)
    assert [call.arguments["user"] for call in slack.calls] == [slack.user(bo).id]


def test_a_slack_that_does_not_answer_changes_nothing(world: World, slack: Slack) -> None:
    matched(world, slack)
    world.sleeps(days=2)
    slack.answer(status=500)
    assert identities.check_all(SYSTEM) == 0
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
    identities.check_all(SYSTEM)
    assert len(slack.calls) == calls


def test_a_token_nobody_can_read_is_left_alone(world: World, slack: Slack, settings: Settings) -> None:
    matched(world, slack)
    world.sleeps(days=2)
    settings.NIGHTBELL = settings.NIGHTBELL.model_copy(update={"encryption_keys": None})
    assert identities.check_all(SYSTEM) == 0
    assert slack.calls == []
