"""Which Slack user a member is: found by address, known by id, and somebody else's once the address is."""

from nightbell.actions import contacts, workspaces
from nightbell.core.incident import actor
from nightbell.data.access import workspaces as access
from nightbell.data.models import Account, Contact
from nightbell.data.reads import workspaces as reads
from tests.workspace import Slack, way
from tests.world import Person, World


def known(slack: Slack, person: Person, slack_user_id: str | None) -> None:
    contacts.remember(slack.world.system, person.id, slack.team_id, slack_user_id)


def test_a_member_is_found_by_the_id_that_is_remembered(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    assert way(ana) == f"{slack.team_id}/ana@owls.example"
    known(slack, ana, "U0ANA")
    assert way(ana) == f"{slack.team_id}/U0ANA"
    principal = access.member("slack", slack.team_id, "U0ANA", actor.Via.SLACK)
    assert principal is not None
    assert principal.actor.id == ana.id
    assert access.member("slack", "T0ELSE", "U0ANA", actor.Via.SLACK) is None


def test_a_new_name_and_a_new_address_change_nothing_for_whoever_is_known(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    slack.joins(ana)
    world.opens("First", layers=[([ana], 5)])
    user = slack.user(ana)
    user.name, user.email = "Somebody Else", "elsewhere@example.com"
    Account.objects.filter(id=ana.id).update(email="ana@new.example")
    world.opens("Second", layers=[([ana], 5)])
    assert [message.buttons.keys() >= {"acknowledge"} for message in slack.to(user)] == [True, True]
    assert len(slack.calls_of("users.lookupByEmail")) == 1


def test_somebody_who_is_not_there_is_not_looked_up_again_for_a_day(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    for title in ("First", "Second"):
        ana.resolves(world.opens(title, layers=[([ana], 5)]))
    assert len(slack.calls_of("users.lookupByEmail")) == 1
    assert slack.contact(ana).address == ""
    world.sleeps(hours=25)
    slack.joins(ana)
    world.opens("Third", layers=[([ana], 60)])
    assert slack.contact(ana).address == slack.user(ana).id
    assert slack.page_of(ana).shows("Third")


def test_what_is_found_later_takes_the_place_of_what_was_known(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    known(slack, ana, "U0OLD")
    before = slack.contact(ana).checked_at
    assert before is not None
    world.sleeps(hours=1)
    known(slack, ana, "U0NEW")
    assert access.known("slack", slack.team_id, "U0OLD") is None
    assert access.known("slack", slack.team_id, "U0NEW") == ana.id
    assert (slack.contact(ana).checked_at or before) > before
    known(slack, ana, None)
    assert access.known("slack", slack.team_id, "U0NEW") is None
    assert Contact.objects.filter(user_id=ana.id, channel="slack").count() == 1


def test_whoever_has_somebodys_old_address_is_taken_for_them_no_longer(world: World, slack: Slack) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    known(slack, ana, "U0SHARED")
    known(slack, cy, "U0CY")
    known(slack, bo, "U0SHARED")
    assert access.known("slack", slack.team_id, "U0SHARED") == bo.id
    assert access.known("slack", slack.team_id, "U0CY") == cy.id
    # Ana is looked up again by her address, whatever it is now.
    assert slack.contact(ana).address == ""
    assert way(ana) == f"{slack.team_id}/ana@owls.example"


def test_nothing_is_remembered_of_a_workspace_that_is_not_connected(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    contacts.remember(world.system, ana.id, "T0ELSE", "U0ANA")
    workspaces.disconnect(world.zoe.principal)
    known(slack, ana, "U0ANA")
    assert not Contact.objects.filter(channel="slack").exists()


def test_the_admins_list_has_every_member_once_by_name(world: World, slack: Slack) -> None:
    bea, ana, _ = world.members("Bea", "Ana", "Cy")
    known(slack, bea, "U0BEA")
    known(slack, ana, None)
    world.removes(world.member("Lee"))
    listed = reads.identities(world.principal, "slack")
    assert [(each.name, each.address, each.checked_at is not None) for each in listed] == [
        ("Ana", None, True),
        ("Bea", "U0BEA", True),
        ("Cy", None, False),
        ("Zoe", None, False),
    ]
    assert all(each.address is None for each in reads.identities(world.principal, "sms"))
