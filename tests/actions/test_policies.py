"""Escalation policies: what is refused, field by field, and what targets may be."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError

from nightbell.actions import ids, policies, policy_drafts
from nightbell.core import policy
from nightbell.core.errors import Code, Rejected
from nightbell.data.models import EscalationLayer
from tests.rota import Rota
from tests.world import World


def layer(world: World, minutes: int = 5, **more: Any) -> policy_drafts.LayerDraft:
    return policy_drafts.LayerDraft(policy.Users((world.zoe.id,)), minutes, **more)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 256}),
        ("description", {"description": "x" * 10_001}),
        ("repeat_count", {"repeat_count": 10}),
        ("repeat_count", {"repeat_count": -1}),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(world: World, field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as refused:
        policies.create(world.principal, replace(policy_drafts.Draft("P"), **changes))
    assert (refused.value.code, refused.value.field) == (Code.VALIDATION_ERROR, field)


def test_wrong_layers_are_named_by_their_place(world: World) -> None:
    good, people = layer(world), tuple(uuid4() for _ in range(101))
    for field, layers in (
        ("layers", (good,) * 51),
        ("layers", (layer(world, position=1), layer(world, position=3))),
        ("layers.1.ack_timeout_minutes", (good, layer(world, 0))),
        ("layers.1.ack_timeout_minutes", (good, layer(world, 10_081))),
        ("layers.0.target.user_ids", (policy_drafts.LayerDraft(policy.Users(()), 5),)),
        ("layers.0.target.user_ids", (policy_drafts.LayerDraft(policy.Users(people), 5),)),
    ):
        with pytest.raises(Rejected) as refused:
            policies.create(world.principal, policy_drafts.Draft("P", layers=layers))
        assert (refused.value.code, refused.value.field) == (Code.VALIDATION_ERROR, field)


def test_positions_order_the_layers_of_a_new_policy(world: World) -> None:
    layers = (layer(world, 7, position=2), layer(world, 9, position=1))
    made = policies.create(world.principal, policy_drafts.Draft("P", layers=layers))
    found = EscalationLayer.objects.filter(policy=made).order_by("position")
    assert [each.ack_timeout_minutes for each in found] == [9, 7]


def test_a_target_is_an_active_member_or_a_schedule_of_the_organization(world: World) -> None:
    rota = Rota(world)
    known = policy_drafts.LayerDraft(policy.Schedule(rota.id), 5)
    made = policies.create(world.principal, policy_drafts.Draft("P", layers=(known,)))
    (row,) = EscalationLayer.objects.filter(policy=made)
    policies.change_layer(world.principal, made.id, row.id, {"ack_timeout_minutes": 6})
    changed = policies.change_layer(world.principal, made.id, row.id, {"target": policy.Users((world.zoe.id,))})
    assert changed.user_ids == [world.zoe.id]
    with pytest.raises(Rejected) as refused:
        policies.change_layer(world.principal, made.id, row.id, {"position": 2})
    assert refused.value.field == "position"
    for target in (policy.Schedule(uuid4()), policy.Users((uuid4(),))):
        with pytest.raises(Rejected) as refused:
            policies.add_layer(world.principal, made.id, policy_drafts.LayerDraft(target, 5))
        assert refused.value.code is Code.INVALID_TARGET


def test_a_policy_has_fifty_layers_at_most(world: World) -> None:
    made = policies.create(world.principal, policy_drafts.Draft("P", layers=(layer(world),) * 50))
    with pytest.raises(Rejected) as refused:
        policies.add_layer(world.principal, made.id, layer(world))
    assert refused.value.field == "layers"


def test_only_a_name_that_is_taken_is_a_conflict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = policies.create(world.principal, policy_drafts.Draft("Shop front"))
    with pytest.raises(Rejected) as refused:
        policies.create(world.principal, policy_drafts.Draft("shop FRONT"))
    assert (refused.value.code, refused.value.field) == (Code.NAME_CONFLICT, "name")
    monkeypatch.setattr(ids, "new", lambda: made.id)
    with pytest.raises(IntegrityError, match="escalation_policy_pkey"):
        policies.create(world.principal, policy_drafts.Draft("Another"))
