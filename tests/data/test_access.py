"""Who is asking, and that nobody sees or does anything in an organization that is not theirs."""

from dataclasses import replace
from uuid import uuid4

import pytest

from nightbell.actions import incidents as acts
from nightbell.actions import keys, organizations, people
from nightbell.core import link_grants
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.data import clock
from nightbell.data.access import grants, principal
from nightbell.data.access.principal import Principal
from nightbell.data.models import Account, Role
from nightbell.data.reads import incidents, pages
from tests.world import World

WEB = actor.Via.WEB


def test_a_key_acts_for_its_organization_until_it_is_revoked(world: World) -> None:
    made, text = keys.create(world.operator, "ci")
    for via in (actor.Via.API, actor.Via.CLI):
        found = principal.of_key(text, via)
        assert found == principal.Principal(
            world.organization.id, actor.Actor(actor.Type.API_KEY, made.id, "ci", via), Role.ADMIN
        )
        assert found.is_admin
    keys.revoke(world.operator, made.id)
    for wrong in (text, text[:-1], text.upper(), text.removeprefix("nb_live_"), f"sk_{text}", "", "nb_live_", "é"):
        assert principal.of_key(wrong) is None


def test_a_member_is_known_by_their_account(world: World) -> None:
    (bo,) = world.members("Bo")
    Account.objects.filter(id=bo.id).update(last_name="Lind")
    found = principal.of_user(bo.id, WEB, since=None)
    bo_lind = actor.user(bo.id, "Bo Lind", WEB)
    assert found == principal.Principal(world.organization.id, bo_lind, Role.MEMBER, edits=True)
    assert not found.is_admin
    assert principal.of_member(world.organization.id, bo.id, WEB, since=None) == found
    assert principal.of_user(uuid4(), WEB, since=None) is None
    organizations.let_members_edit(world.operator, False)
    for reserved in (
        principal.of_user(bo.id, WEB, since=None),
        principal.of_member(world.organization.id, bo.id, WEB, since=None),
    ):
        assert reserved == replace(found, edits=False)
    world.removes(bo)
    assert principal.of_user(bo.id, WEB, since=None) is None
    assert principal.of_member(world.organization.id, bo.id, WEB, since=None) is None


def test_somebody_who_may_not_sign_in_is_nobody(world: World) -> None:
    (bo,) = world.members("Bo")
    Account.objects.filter(id=bo.id).update(is_active=False)
    assert principal.of_user(bo.id, WEB, since=None) is None


def test_of_several_organizations_it_is_the_chosen_one_or_the_first(world: World) -> None:
    (bo,) = world.members("Bo")
    larks, _ = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    strangers, _ = organizations.create(Principal.operator(), "Strangers", people.Person("lark@larks.example", "Lark"))
    people.add(Principal.operator(larks.id), people.Person(bo.email, "Bo"), Role.ADMIN)

    def organization(preferred: object = None) -> object:
        found = principal.of_user(bo.id, WEB, preferred, since=None)  # type: ignore[arg-type]
        return found.organization_id if found else None

    assert organization() == organization(strangers.id) == organization(uuid4()) == world.organization.id
    assert organization(larks.id) == larks.id
    assert principal.of_member(strangers.id, bo.id, WEB, since=None) is None
    world.removes(bo)
    assert organization() == organization(world.organization.id) == larks.id


def test_a_link_lets_in_whom_it_was_made_for(world: World) -> None:
    (bo,) = world.members("Bo")
    incident = world.opens("DB pool exhausted", owner=world.zoe, paging=False)
    larks, lark = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    holder = grants.holder(link_grants.AcknowledgeGrant(incident.id, bo.id, clock.now()))
    assert holder is not None
    assert holder.principal == principal.of_member(world.organization.id, bo.id, actor.Via.LINK, since=None)
    assert grants.holder(link_grants.AcknowledgeGrant(uuid4(), bo.id, clock.now())) is None
    assert grants.holder(link_grants.AcknowledgeGrant(incident.id, lark.user_id, clock.now())) is None
    assert larks.id != world.organization.id
    world.zoe.acknowledges(incident)


def test_nothing_is_read_across_the_border(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    assert ana.was_paged(incident)
    larks, admin = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    _, text = keys.create(Principal.operator(larks.id), "ci")
    strangers = [
        principal.of_key(text),
        principal.of_user(admin.user_id, WEB, since=None),
        principal.of_member(larks.id, admin.user_id, actor.Via.SLACK, since=None),
    ]
    for who in strangers:
        assert who is not None
        assert incidents.one(who, incident.id) is None
        assert incidents.one(who, incident.number) is None
        assert incidents.whole(who, incident.id) is None
        assert incidents.listed(who, incidents.Filters(), 10, None) == ([], None)
        assert pages.of_incident(who, incident.id) == []
        with pytest.raises(Rejected) as refused:
            acts.resolve(who, incident.id)
        assert refused.value.code is Code.NOT_FOUND
    assert incidents.one(ana.principal, incident.id) is not None
