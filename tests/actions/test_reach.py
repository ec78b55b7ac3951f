"""Over what somebody is paged: their account's own address always, what an organization brings while that works."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import Settings

from nightbell.actions import contacts, escalations, people, workspaces
from nightbell.core.contact import State
from nightbell.data import clock
from nightbell.data.access import workspaces as access
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Account, Contact, Copy, Page, Workspace
from nightbell.data.reads import rosters
from tests import environment
from tests.workspace import KEY, Slack, way
from tests.world import Person, World

OWLS = workspaces.Granted("slack", "T0OWLS", "Night Owls", "U0BELL", "xoxb-owls")
MAIL, BOTH = ("email",), ("email", "slack")
CONNECTED_BEFORE = """
insert into slack_workspace (organization_id, team_id, team_name, bot_user_id, token)
values (%s, 'T0OWLS', 'Night Owls', 'U0BELL', 'kept')
"""


@pytest.fixture
def kept(settings: Settings) -> None:
    """A key that tokens are kept with."""
    settings.NIGHTBELL = environment.changed(settings.NIGHTBELL, encryption_keys=KEY)


def reached(person: Person) -> tuple[str, ...]:
    """As a decision reads it, and as a handoff does."""
    organization_id = person.world.organization.id
    for_decision = rosters.read([organization_id], [])[organization_id]
    locked = rosters.lock_member(organization_id, person.id)
    assert locked is not None
    assert for_decision.members.get(person.id, locked) == locked
    return locked.channels


def brought(person: Person, **becomes: object) -> None:
    Contact.objects.filter(user_id=person.id, channel="slack").update(**becomes)


def test_whoever_makes_an_account_makes_its_contact(world: World) -> None:
    account = Account.objects.create(id=uuid4(), email="new@owls.example", first_name="New")
    made = Contact.objects.get(user_id=account.id)
    assert (made.channel, made.address, made.state, made.of_account) == ("email", "", State.WORKING, True)
    assert made.organization_id is None


def test_whoever_is_a_member_when_a_workspace_is_connected_and_whoever_comes_later_are_reached_there(
    world: World, slack: Slack
) -> None:
    (ana,) = world.members("Ana")
    assert (reached(world.zoe), reached(ana)) == (BOTH, BOTH)


def test_a_workspace_brings_nothing_to_who_has_left(world: World, kept: None) -> None:
    lee, ana = world.members("Lee", "Ana")
    world.removes(lee)
    workspaces.connect(world.zoe.principal, OWLS)
    told = Contact.objects.filter(channel="slack").values_list("user_id", flat=True)
    assert set(told) == {world.zoe.id, ana.id}


def test_what_another_organization_brought_does_not_end_with_ones_own(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    with World("Day Larks") as larks:
        workspaces.connect(larks.zoe.principal, replace(OWLS, team_id="T0LARKS"))
        people.add(larks.operator, people.Person("ana@owls.example", "Ana"))
        world.removes(ana)
        assert Contact.objects.get(user_id=ana.id, channel="slack").organization_id == larks.organization.id
        workspaces.disconnect(larks.zoe.principal)
    assert slack.contact(world.zoe).channel == "slack"


def test_nothing_is_shown_in_a_workspace_that_lets_nobody_in(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    slack.has_alerts()
    workspaces.lose(world.system, "slack", "token_revoked", clock.now())
    world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    assert not Copy.objects.exists()
    world.forgets_mail()


def test_what_was_brought_ends_with_the_membership_and_comes_again_with_it(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    contacts.remember(world.system, ana.id, slack.team_id, "U0ANA")
    world.removes(ana)
    assert list(Contact.objects.filter(user_id=ana.id).values_list("channel", flat=True)) == ["email"]
    again = world.member("Ana")
    assert again.id == ana.id
    assert (slack.contact(ana).address, reached(again)) == ("", BOTH)


def test_another_organization_is_reached_by_nothing_that_this_one_brought(world: World, slack: Slack) -> None:
    with World("Day Larks") as larks:
        people.add(larks.operator, people.Person("zoe@owls.example", "Zoe"))
        assert reached(world.zoe) == BOTH
        locked = rosters.lock_member(larks.organization.id, world.zoe.id)
        assert locked is not None
        assert locked.channels == MAIL


def test_only_who_is_proven_to_be_there_is_paged_there(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    expected = {State.UNVERIFIED: MAIL, State.WORKING: BOTH, State.FAILING: BOTH, State.LOST: MAIL}
    assert set(expected) == set(State)
    for state, over in expected.items():
        brought(ana, state=state.value)
        assert reached(ana) == over, state


def test_a_lost_one_is_tried_again_when_its_time_comes(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    contacts.remember(world.system, ana.id, slack.team_id, None)
    assert reached(ana) == MAIL
    world.sleeps(hours=23)
    assert reached(ana) == MAIL
    world.sleeps(hours=2)
    assert reached(ana) == BOTH


def test_the_accounts_own_address_is_tried_whatever_became_of_it(world: World) -> None:
    (ana,) = world.members("Ana")
    for state in State:
        Contact.objects.filter(user_id=ana.id).update(state=state.value)
        assert reached(ana) == MAIL, state


def test_a_channel_that_this_installation_has_not_is_left_out(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    Contact.objects.create(id=uuid4(), user_id=ana.id, channel="telegraph")
    assert reached(ana) == BOTH
    brought(ana, channel="telegraph")
    assert reached(ana) == MAIL


def test_two_contacts_of_one_channel_are_one_page(world: World) -> None:
    (ana,) = world.members("Ana")
    Contact.objects.create(id=uuid4(), user_id=ana.id, channel="email", address="other@owls.example")
    assert reached(ana) == MAIL
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    assert [page.channel for page in incident.pages()] == ["email"]
    assert ana.was_paged(incident)


def test_of_several_addresses_the_accounts_own_is_written_to_then_one_that_works(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    for state in (State.LOST, State.UNVERIFIED, State.WORKING):
        Contact.objects.create(
            id=uuid4(), user_id=ana.id, channel="telegraph", address=f"{state}@owls.example", state=state.value
        )
        Contact.objects.create(id=uuid4(), user_id=ana.id, channel="email", address=f"{state}@owls.example")
    Contact.objects.filter(user_id=ana.id, of_account=True).update(state=State.LOST.value)
    assert way(ana, "email") == "ana@owls.example"
    assert way(ana, "telegraph") == "working@owls.example"
    Contact.objects.filter(channel="telegraph", state=State.WORKING).delete()
    assert way(ana, "telegraph") == "lost@owls.example"
    Contact.objects.filter(channel="telegraph", state=State.LOST).delete()
    # Somebody who typed another's number must never have their pages sent there.
    assert way(ana, "telegraph") is None


def test_of_who_has_left_nothing_is_remembered(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    world.removes(ana)
    contacts.remember(world.system, ana.id, slack.team_id, "U0ANA")
    assert not Contact.objects.filter(user_id=ana.id, channel="slack").exists()


def test_a_workspace_that_lets_nobody_in_brings_nothing(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    workspaces.lose(world.system, "telegraph", "gone", clock.now())
    assert reached(ana) == BOTH
    workspaces.lose(world.system, "slack", "token_revoked", clock.now())
    assert reached(ana) == MAIL
    world.forgets_mail()


class TestP3BesideTheVersionBefore:
    """It knows the workspace by the name it had, makes no contacts, and pages whom it finds by their address."""

    def test_what_it_writes_of_the_workspace_is_what_we_read(self, world: World, slack: Slack) -> None:
        (ana,) = world.members("Ana")
        with connection.cursor() as cursor:
            cursor.execute("select team_id from slack_workspace where token is not null for update")
            assert cursor.fetchone() == (slack.team_id,)
            cursor.execute("update slack_workspace set lost_at = nightbell_now(), lost_because = 'token_revoked'")
        assert reached(ana) == MAIL
        with connection.cursor() as cursor:
            cursor.execute("update slack_workspace set lost_at = null, lost_because = null")
        assert reached(ana) == BOTH
        contacts.remember(world.system, ana.id, slack.team_id, "U0ANA")
        assert access.known("slack", slack.team_id, "U0ANA") == ana.id
        with connection.cursor() as cursor:
            cursor.execute("update slack_workspace set token = null")
        assert reached(ana) == MAIL
        assert access.known("slack", slack.team_id, "U0ANA") is None

    def test_a_workspace_that_it_connects_brings_its_contacts_with_the_next_chores(self, world: World) -> None:
        (ana,) = world.members("Ana")
        with connection.cursor() as cursor:
            cursor.execute(CONNECTED_BEFORE, [world.organization.id])
        assert Workspace.objects.get().channel == "slack"
        assert contacts.bring_all(SYSTEM) == 2
        assert contacts.bring_all(SYSTEM) == 0
        assert Contact.objects.filter(user_id=ana.id, channel="slack").exists()

    def test_a_page_that_it_wrote_for_somebody_without_a_contact_is_sent_all_the_same(
        self, world: World, slack: Slack
    ) -> None:
        (ana,) = world.members("Ana")
        slack.joins(ana)
        world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
        assert escalations.fire_due(SYSTEM) == 1
        assert Page.objects.filter(channel="slack").count() == 1
        Contact.objects.filter(user_id=ana.id, channel="slack").delete()
        world.settles()
        assert slack.page_of(ana).shows("DB pool exhausted")
