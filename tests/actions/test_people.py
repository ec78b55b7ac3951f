"""Joining an organization and leaving it."""

import contextlib
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest

from nightbell.actions import incidents, organizations, people
from nightbell.core import delivery
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import state
from nightbell.data.access.principal import Principal
from nightbell.data.models import Account, Membership, Role
from tests import races
from tests.world import World

BO = people.Person("Bo@Owls.example", "Bo", "Lind", "Europe/Stockholm")


def test_somebody_new_gets_an_account_nobody_can_sign_in_to_yet(world: World) -> None:
    membership = people.add(world.operator, BO, Role.ADMIN)
    account = Account.objects.get(id=membership.user_id)
    assert (account.name, account.email, account.timezone) == ("Bo Lind", "Bo@owls.example", "Europe/Stockholm")
    assert not account.has_usable_password()
    assert membership.joined_at is not None
    assert (membership.role, membership.removed_at) == (Role.ADMIN, None)


def test_an_address_is_one_account_however_it_is_written(world: World) -> None:
    first = people.add(world.operator, BO)
    with pytest.raises(Rejected) as refused:
        people.add(world.operator, people.Person("bo@OWLS.example", "Robert"))
    assert (refused.value.code, refused.value.field) == (Code.NAME_CONFLICT, "email")
    # In another organization it is the same person, under the name they have.
    larks, _ = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    second = people.add(Principal.operator(larks.id), people.Person("BO@owls.EXAMPLE", "Robert"))
    assert second.user_id == first.user_id
    assert Account.objects.get(id=first.user_id).first_name == "Bo"
    assert people.find(world.organization, ["bO@owls.example", "ZOE@owls.example"]) == [first.user_id, world.zoe.id]


def test_two_who_add_the_same_person_at_once_make_one_member(world: World) -> None:
    # The first to insert waits for its organization's row, the second for the first.
    held = f"select from organization where id = '{world.organization.id}' for update"
    add = partial(people.add, world.operator, BO)
    first, second = races.in_order(held, add, add)
    with pytest.raises(Rejected) as refused:
        second.result()
    assert refused.value.code is Code.NAME_CONFLICT
    assert Membership.objects.get(user__first_name="Bo").id == first.result().id
    assert Account.objects.filter(first_name="Bo").count() == 1


@pytest.mark.parametrize(
    "address",
    [
        "bo@owls.example", "bo+pager@owls.example", "bo@münchen.example", "bo@localhost", "o'brien@owls.example",
        "bö@owls.example", '"bo lind"@owls.example', "bo@[192.0.2.1]", "bo@owls..example", ".bo@owls.example",
        "bo@owls.example.", "bo @owls.example", "bo@owls.example\n", "Bo <bo@owls.example>", "bo@", "@owls.example", "",
        f"bo@{'ü' * 60}.{'o' * 60}.{'w' * 60}.{'l' * 60}.example",
    ],
)  # fmt: skip
def test_x19_who_is_let_in_is_who_can_be_written_to(world: World, address: str) -> None:
    """One check, so that nobody is a member whom the channel refuses."""
    outcome = world.channel.send(delivery.Notice(uuid4(), address, "Hello", "Bo"))
    refused = contextlib.nullcontext() if outcome == delivery.Accepted() else pytest.raises(Rejected, match="address")
    with refused:
        people.add(world.operator, people.Person(address, "Bo"))
    world.forgets_mail()


@pytest.mark.parametrize(
    ("person", "field"),
    [
        (people.Person("nobody", "Bo"), "email"),
        (people.Person("bo@owls.example\nBcc: x@y.example", "Bo"), "email"),
        (people.Person(f"{'b' * 64}@{'o' * 60}.{'w' * 60}.{'l' * 60}.example", "Bo"), "email"),
        (people.Person("bo@owls.example", ""), "firstName"),
        (people.Person("bo@owls.example", "B" * 101), "firstName"),
        (people.Person("bo@owls.example", "B\0o"), "firstName"),
        (people.Person("bo@owls.example", "Bo", "L" * 101), "lastName"),
    ],
)
def test_a_person_is_refused_by_the_field_that_is_wrong(world: World, person: people.Person, field: str) -> None:
    with pytest.raises(Rejected) as refused:
        people.add(world.operator, person)
    assert (refused.value.code, refused.value.field) == (Code.VALIDATION_ERROR, field)
    assert Account.objects.count() == 1


def test_somebody_who_returns_is_a_member_anew(world: World) -> None:
    first = people.add(world.operator, BO)
    assert people.remove(world.system, first.user_id) == []
    with pytest.raises(Rejected) as refused:
        people.find(world.organization, ["zoe@owls.example", "bo@owls.example"])
    assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, "email")
    assert "bo@owls.example is not a member of night-owls" in refused.value.message
    second = people.add(world.operator, BO)
    assert (second.user_id, second.id == first.id) == (first.user_id, False)
    stays = Membership.objects.filter(user_id=first.user_id).order_by("joined_at")
    assert [stay.removed_at is None for stay in stays] == [False, True]


def refusal(world: World, user_id: object, by: Principal | None = None) -> Code:
    with pytest.raises(Rejected) as refused:
        people.remove(by or world.principal, user_id)  # type: ignore[arg-type]
    return refused.value.code


def test_who_cannot_be_removed(world: World) -> None:
    (bo,) = world.members("Bo")
    _, lark = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    assert refusal(world, uuid4()) is Code.NOT_FOUND
    assert refusal(world, lark.user_id) is Code.NOT_FOUND
    assert refusal(world, world.zoe.id) is Code.LAST_ADMIN
    assert refusal(world, bo.id, replace(bo.principal, role=Role.ADMIN)) is Code.CANNOT_REMOVE_SELF
    people.remove(world.zoe.principal, bo.id)
    assert refusal(world, bo.id) is Code.NOT_FOUND
    assert Membership.objects.filter(removed_at=None).count() == 2


def test_two_admins_who_remove_each_other_at_once_leave_one(world: World) -> None:
    dee = world.member("Dee", Role.ADMIN)
    removals = [
        partial(people.remove, world.zoe.principal, dee.id),
        partial(people.remove, dee.principal, world.zoe.id),
    ]
    first, second = races.in_order(races.membership_row(world.zoe.id), *removals)
    assert first.result() == []
    with pytest.raises(Rejected) as refused:
        second.result()
    assert refused.value.code is Code.LAST_ADMIN


def test_a_removal_names_the_open_incidents_it_changed_and_touches_no_other(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    owned = world.opens("Owned", layers=[([bo], 5), ([ana], 5)])
    acknowledged = world.opens("Acknowledged", layers=[([ana], 5)])
    bo.acknowledges(acknowledged)
    paged = world.opens("Paged", layers=[([ana, bo], 5)])
    resolved = world.opens("Resolved", layers=[([bo], 5)])
    ana.resolves(resolved)
    unrelated = world.opens("Unrelated", layers=[([ana], 5)])
    before = [resolved.record(), unrelated.record(), paged.now]
    changed = people.remove(world.zoe.principal, bo.id)
    assert changed == [owned.id, acknowledged.id]
    assert [resolved.record(), unrelated.record(), paged.now] == before
    assert owned.now.owner_id == world.zoe.id
    assert acknowledged.now.state is state.State.PAGING
    assert resolved.now.owner_id == bo.id
    world.settles()
    world.forgets_mail()


def test_the_heir_is_the_longest_standing_active_admin(world: World) -> None:
    dee, eve = world.members("Dee", "Eve", role=Role.ADMIN)
    ana, bo = world.members("Ana", "Bo")
    first = world.opens("First", owner=ana, paging=False)
    people.remove(world.system, ana.id)
    assert first.now.owner_id == world.zoe.id
    people.remove(world.system, world.zoe.id)
    assert first.now.owner_id == dee.id
    # Zoe comes back, and is the newest admin.
    world.member("Zoe", Role.ADMIN)
    second = incidents.open_incident(world.principal, incidents.Opening("Second", state.Severity.LOW, bo.id))[0]
    people.remove(world.system, bo.id)
    people.remove(world.system, dee.id)
    assert world.of(second).now.owner_id == first.now.owner_id == eve.id
