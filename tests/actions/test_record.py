"""What is on an organization's own record: each change of it once, by whom, and what it was before and is now."""

from collections.abc import Callable
from typing import Any

import pytest

from nightbell.actions import keys, organizations, people, policies, policy_drafts
from nightbell.core import policy
from nightbell.core.errors import Rejected
from nightbell.data.models import Audit
from tests.world import Person, World


def recorded(world: World, act: Callable[[], Any]) -> list[tuple[str, dict[str, Any]]]:
    """What an act put on the record of the organization: the kind, and what is said."""
    known = set(Audit.objects.values_list("id", flat=True))
    act()
    found = Audit.objects.exclude(id__in=known).order_by("id")
    assert {(each.organization_id, each.incident_id) for each in found} <= {(world.organization.id, None)}
    assert {each.actor["name"] for each in found} <= {"Zoe"}
    return [(each.kind, each.data) for each in found]


def layer(person: Person, minutes: int = 5) -> policy_drafts.LayerDraft:
    return policy_drafts.LayerDraft(policy.Users((person.id,)), minutes)


def shown(person: Person, minutes: int = 5) -> dict[str, Any]:
    return {"ackTimeoutMinutes": minutes, "target": {"type": "users", "userIds": [str(person.id)]}}


def test_a_policy_is_recorded_as_it_was_and_as_it_becomes(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    zoe, made = world.zoe.principal, []
    given = policy_drafts.Draft("Payments", "Money", 1, (layer(ana),))
    [(kind, said)] = recorded(world, lambda: made.append(policies.create(zoe, given)))
    at, whole = made[0].id, {"name": "Payments", "description": "Money", "repeatCount": 1, "layers": [shown(ana)]}
    assert (kind, said) == (
        "policy_created",
        {"policyId": str(at), "after": whole, "names": {str(ana.id): "Ana"}},
    )
    changed = [
        (lambda: policies.change(zoe, at, {"name": "Money"}), {"name": "Payments"}, {"name": "Money"}),
        (
            lambda: policies.add_layer(zoe, at, layer(bo)),
            {"layers": [shown(ana)]},
            {"layers": [shown(ana), shown(bo)]},
        ),
        (
            lambda: policies.order_layers(zoe, at, [each.id for each in reversed(policies._layers(made[0]))]),
            {"layers": [shown(ana), shown(bo)]},
            {"layers": [shown(bo), shown(ana)]},
        ),
        (
            lambda: policies.change_layer(zoe, at, policies._layers(made[0])[0].id, {"ack_timeout_minutes": 9}),
            {"layers": [shown(bo), shown(ana)]},
            {"layers": [shown(bo, 9), shown(ana)]},
        ),
        (
            lambda: policies.delete_layer(zoe, at, policies._layers(made[0])[0].id),
            {"layers": [shown(bo, 9), shown(ana)]},
            {"layers": [shown(ana)]},
        ),
        (
            lambda: policies.replace_whole(zoe, at, policy_drafts.Draft("All", repeat_count=0, layers=(layer(ana),))),
            {"name": "Money", "description": "Money", "repeatCount": 1},
            {"name": "All", "description": None, "repeatCount": 0},
        ),
    ]
    for version, (act, before, after) in enumerate(changed, start=2):
        [(kind, said)] = recorded(world, act)
        said.pop("names", None)
        assert (kind, said) == (
            "policy_changed",
            {"policyId": str(at), "version": version, "before": before, "after": after},
        )
    assert recorded(world, lambda: policies.change(zoe, at, {"name": "All"})) == []
    [(kind, said)] = recorded(world, lambda: policies.delete(zoe, at))
    assert (kind, said["before"]["name"], said["before"]["layers"]) == ("policy_deleted", "All", [shown(ana)])


def test_what_is_refused_is_not_recorded(world: World) -> None:
    def refused() -> None:
        with pytest.raises(Rejected):
            policies.create(world.zoe.principal, policy_drafts.Draft("P", layers=(layer(world.zoe, 0),)))
        with pytest.raises(Rejected):
            keys.create(world.zoe.principal, "")
        with pytest.raises(Rejected):
            people.remove(world.zoe.principal, world.zoe.id)

    assert recorded(world, refused) == []


def test_keys_are_recorded_by_name_and_not_by_what_they_are(world: World) -> None:
    made: list[Any] = []
    [(kind, said)] = recorded(world, lambda: made.append(keys.create(world.zoe.principal, "ci")))
    key, text = made[0]
    assert (kind, said) == ("key_created", {"keyId": str(key.id), "name": "ci"})
    assert text not in str(list(Audit.objects.values()))
    assert recorded(world, lambda: keys.revoke(world.zoe.principal, key.id)) == [
        ("key_revoked", {"keyId": str(key.id), "name": "ci"})
    ]


def test_people_are_recorded_as_they_come_and_go(world: World) -> None:
    made: list[Any] = []
    bo = people.Person("bo@owls.example", "Bo")
    [(kind, said)] = recorded(world, lambda: made.append(people.add(world.zoe.principal, bo)))
    user_id = made[0].user_id
    whole = {"userId": str(user_id), "role": "org:member", "names": {str(user_id): "Bo"}}
    assert (kind, said) == ("member_added", whole)
    assert recorded(world, lambda: people.remove(world.zoe.principal, user_id)) == [("member_removed", whole)]


def test_an_organization_is_recorded_from_its_making_on(world: World) -> None:
    larks, _ = organizations.create(world.operator, "Day Larks", people.Person("lark@larks.example", "Lark"))
    found = Audit.objects.filter(organization=larks).order_by("id")
    assert [(each.kind, each.actor["via"]) for each in found] == [
        ("organization_created", "cli"),
        ("member_added", "cli"),
    ]
    (ana,) = world.members("Ana")
    [(kind, said)] = recorded(world, lambda: organizations.set_fallback(world.zoe.principal, [ana.id]))
    said.pop("names")
    assert (kind, said) == (
        "organization_changed",
        {"before": {"fallbackUserIds": []}, "after": {"fallbackUserIds": [str(ana.id)]}},
    )
    assert recorded(world, lambda: organizations.set_fallback(world.zoe.principal, [ana.id])) == []
