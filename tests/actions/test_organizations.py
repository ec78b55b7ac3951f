"""Organizations: making one, finding it, naming its last resort."""

import unicodedata
from functools import partial
from uuid import uuid4

import pytest

from nightbell.actions import organizations, people
from nightbell.core.errors import Code, Rejected
from nightbell.data.access.principal import Principal
from nightbell.data.models import Account, Audit, Organization, Role
from tests import races
from tests.world import World

LARK = people.Person("lark@larks.example", "Lark")


def test_an_organization_starts_with_its_first_admin(world: World) -> None:
    larks, admin = organizations.create(Principal.operator(), "Day Larks & Söhne", LARK)
    assert (larks.name, larks.slug, larks.incident_count) == ("Day Larks & Söhne", "day-larks-sohne", 0)
    assert larks.fallback_user_ids == []
    assert (admin.role, admin.organization_id) == (Role.ADMIN, larks.id)
    assert organizations.find("day-larks-sohne") == larks
    with pytest.raises(Rejected) as refused:
        organizations.find("larks")
    assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, "org")


@pytest.mark.parametrize("name", ["", "–", "!!!", "x" * 101])
def test_a_name_needs_a_letter_or_digit_and_an_end(world: World, name: str) -> None:
    with pytest.raises(Rejected) as refused:
        organizations.create(Principal.operator(), name, LARK)
    assert (refused.value.code, refused.value.field) == (Code.VALIDATION_ERROR, "name")


@pytest.mark.parametrize(
    ("name", "slug", "typed"),
    [
        ("東京", "東京", "東京"),
        ("Кафе", "кафе", "КАФЕ"),
        ("Café ガ", "café-ガ", unicodedata.normalize("NFD", "café-ガ")),
    ],
)
def test_x19_a_name_may_be_of_any_script(world: World, name: str, slug: str, typed: str) -> None:
    made, _ = organizations.create(Principal.operator(), name, LARK)
    assert (made.name, made.slug) == (name, slug)
    assert organizations.find(slug) == organizations.find(typed) == made
    with pytest.raises(Rejected) as refused:
        organizations.create(Principal.operator(), unicodedata.normalize("NFD", name).upper(), LARK)
    assert refused.value.code is Code.NAME_CONFLICT


def test_a_name_is_taken_once(world: World) -> None:
    with pytest.raises(Rejected) as refused:
        organizations.create(Principal.operator(), "night owls!", LARK)
    assert (refused.value.code, refused.value.field) == (Code.NAME_CONFLICT, "name")
    # Nothing is half done.
    assert not Account.objects.filter(first_name="Lark").exists()


def test_two_who_take_a_name_at_once_make_one_organization(world: World) -> None:
    # The first waits when it writes its admin's account, and the second for the first.
    create = partial(organizations.create, Principal.operator(), "Day Larks", LARK)
    first, second = races.in_order("lock table account in share mode", create, create)
    made, _ = first.result()
    with pytest.raises(Rejected) as refused:
        second.result()
    assert refused.value.code is Code.NAME_CONFLICT
    assert Organization.objects.get(slug="day-larks").id == made.id


def test_the_last_resort_is_made_of_active_members(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    world.removes(bo)
    _, stranger = organizations.create(Principal.operator(), "Day Larks", LARK)
    for wrong in (bo.id, stranger.user_id, uuid4()):
        with pytest.raises(Rejected) as refused:
            organizations.set_fallback(world.operator, [ana.id, wrong])
        assert (refused.value.code, refused.value.field) == (Code.INVALID_TARGET_USER, "user_ids")
    organizations.set_fallback(world.operator, [ana.id, world.zoe.id, ana.id])
    world.organization.refresh_from_db()
    assert world.organization.fallback_user_ids == [ana.id, world.zoe.id]
    organizations.set_fallback(world.operator, [])
    world.organization.refresh_from_db()
    assert world.organization.fallback_user_ids == []


def test_who_may_edit_is_on_the_record_once(world: World) -> None:
    for members_edit in (True, False, False, True):
        organizations.let_members_edit(world.zoe.principal, members_edit)
    found = Audit.objects.filter(organization=world.organization, kind="organization_changed").order_by("id")
    assert [(each.actor["name"], each.data["before"], each.data["after"]) for each in found] == [
        ("Zoe", {"membersEdit": True}, {"membersEdit": False}),
        ("Zoe", {"membersEdit": False}, {"membersEdit": True}),
    ]
