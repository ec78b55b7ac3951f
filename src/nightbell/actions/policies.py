"""What people do to escalation policies and their layers; a running escalation has a copy of its own."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn, TypedDict, assert_never
from uuid import UUID

from django.db import IntegrityError

from nightbell.actions import ids, policy_drafts, record, stale
from nightbell.core import policy
from nightbell.core.errors import Code, Rejected
from nightbell.core.record import Kind
from nightbell.data import clock, faults, rows, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.models import EscalationLayer, EscalationPolicy

_NAME_ONCE = "escalation_policy_name_once"


class Changes(TypedDict, total=False):
    """What of a policy changes; what is not named stays. `layers` replaces them all."""

    name: str
    description: str | None
    repeat_count: int
    layers: tuple[policy_drafts.LayerDraft, ...]


class LayerChanges(TypedDict, total=False):
    """What of a layer changes; what is not named stays. A new `position` moves the others out of the way."""

    target: policy.Target
    ack_timeout_minutes: int
    position: int


@transaction.action(Needs.EDITING)
def create(principal: Principal, given: policy_drafts.Draft) -> EscalationPolicy:
    """Make a policy. Raises Rejected: `validation_error`, `invalid_target`, `name_conflict`."""
    policy_drafts.check(principal.organization_id, given)
    made = EscalationPolicy(
        id=ids.new(),
        organization_id=principal.organization_id,
        name=given.name,
        description=given.description,
        repeat_count=given.repeat_count,
    )
    try:
        made.save(force_insert=True)
    except IntegrityError as error:
        _refuse_name(error)
    _insert(made.id, _in_order(given.layers))
    record.write(principal, Kind.POLICY_CREATED, {"policyId": str(made.id), "after": _shown(made)})
    return made


@transaction.action(Needs.EDITING)
def replace_whole(
    principal: Principal, policy_id: UUID, given: policy_drafts.Draft, seen: int | None = None
) -> EscalationPolicy:
    """Make a policy anew under its id; what is as it was stays.

    Raises Rejected: `not_found`, `stale_configuration`, what `create` raises.
    """
    with _changing(principal, policy_id, seen) as found:
        return _write(found, given, layers=True)


@transaction.action(Needs.EDITING)
def change(principal: Principal, policy_id: UUID, changes: Changes, seen: int | None = None) -> EscalationPolicy:
    """Change some of a policy; `seen` is the version that the change was made of.

    Raises Rejected: `not_found`, `validation_error`, `invalid_target`, `name_conflict`, `stale_configuration`.
    """
    with _changing(principal, policy_id, seen) as found:
        given = replace(policy_drafts.Draft(found.name, found.description, found.repeat_count), **changes)
        return _write(found, given, layers="layers" in changes)


@transaction.action(Needs.EDITING)
def delete(principal: Principal, policy_id: UUID, seen: int | None = None) -> None:
    """Delete a policy with its layers. Raises Rejected: `not_found`, `stale_configuration`."""
    found = _lock(principal.organization_id, policy_id)
    stale.refuse(principal, {"policyId": str(policy_id)}, found.version, seen)
    before = _shown(found)
    found.delete()
    record.write(principal, Kind.POLICY_DELETED, {"policyId": str(policy_id), "before": before})


@transaction.action(Needs.EDITING)
def add_layer(
    principal: Principal, policy_id: UUID, given: policy_drafts.LayerDraft, seen: int | None = None
) -> EscalationLayer:
    """Add a layer, last or at its position. Raises Rejected: `not_found`, `validation_error`, `invalid_target`."""
    with _changing(principal, policy_id, seen) as found:
        layers = _layers(found)
        if len(layers) >= policy.MAX_LAYERS:
            raise policy_drafts.invalid(f"A policy has at most {policy.MAX_LAYERS} layers.", "layers")
        policy_drafts.check_layer(given, "")
        policy_drafts.check_targets(principal.organization_id, [(given, "")])
        made = _layer(found.id, given, len(layers) + 1 if given.position is None else given.position)
        _place(made, layers, insert=True)
        _touch(found)
        return made


@transaction.action(Needs.EDITING)
def change_layer(
    principal: Principal, policy_id: UUID, layer_id: UUID, changes: LayerChanges, seen: int | None = None
) -> EscalationLayer:
    """Change some of a layer. Raises Rejected: `not_found`, `validation_error`, `invalid_target`."""
    with _changing(principal, policy_id, seen) as found:
        layers = _layers(found)
        old = _layer_of(layers, layer_id)
        given = replace(policy_drafts.LayerDraft(_target(old), old.ack_timeout_minutes), **changes)
        policy_drafts.check_layer(given, "")
        if "target" in changes:
            # Somebody named before may have left since; that hinders nobody from changing the rest.
            policy_drafts.check_targets(principal.organization_id, [(given, "")], set(old.user_ids or ()))
        made = _layer(found.id, given, old.position if given.position is None else given.position)
        made.id = old.id
        layers.remove(old)
        _place(made, layers, insert=False)
        _touch(found)
        return made


@transaction.action(Needs.EDITING)
def delete_layer(principal: Principal, policy_id: UUID, layer_id: UUID, seen: int | None = None) -> None:
    """Delete a layer; those after it move up. Raises Rejected: `not_found`."""
    with _changing(principal, policy_id, seen) as found:
        layers = _layers(found)
        leaving = _layer_of(layers, layer_id)
        layers.remove(leaving)
        leaving.delete()
        _number(layers)
        _touch(found)


@transaction.action(Needs.EDITING)
def order_layers(
    principal: Principal, policy_id: UUID, layer_ids: Sequence[UUID], seen: int | None = None
) -> EscalationPolicy:
    """Put the layers in this order, which names each of them once. Raises Rejected: `not_found`, `validation_error`."""
    with _changing(principal, policy_id, seen) as found:
        layers = {layer.id: layer for layer in _layers(found)}
        if sorted(layer_ids) != sorted(layers):
            raise policy_drafts.invalid("The order names every layer of the policy exactly once.", "layer_ids")
        _number([layers[layer_id] for layer_id in layer_ids])
        _touch(found)
        return found


@contextmanager
def _changing(principal: Principal, policy_id: UUID, seen: int | None) -> Iterator[EscalationPolicy]:
    """The policy, locked; what becomes of it within counts its version up, and is put on the record."""
    found = _lock(principal.organization_id, policy_id)
    before, whose = _shown(found), {"policyId": str(policy_id)}
    yield found
    after = _shown(found)
    if before == after:
        return
    stale.refuse(principal, whose, found.version, seen)
    found.version += 1
    found.save(force_update=True, update_fields=("version",))
    record.change(principal, Kind.POLICY_CHANGED, {**whose, "version": found.version}, before, after)


def _shown(found: EscalationPolicy) -> dict[str, Any]:
    """A policy as the record has it."""
    layers = [
        {"ackTimeoutMinutes": each.ack_timeout_minutes, "target": rows.target_values(_target(each))}
        for each in _layers(found)
    ]
    own = {"name": found.name, "description": found.description, "repeatCount": found.repeat_count}
    return {**own, "layers": layers}


def _lock(organization_id: UUID, policy_id: UUID) -> EscalationPolicy:
    """The policy, which nobody else changes until the transaction ends, so that positions stay 1 to n."""
    found = (
        EscalationPolicy.objects.select_for_update(no_key=True)
        .filter(organization_id=organization_id, id=policy_id)
        .first()
    )
    if found is None:
        raise Rejected(Code.NOT_FOUND, "There is no such escalation policy.")
    return found


def _write(found: EscalationPolicy, given: policy_drafts.Draft, *, layers: bool) -> EscalationPolicy:
    """Write what is another than it was, and nothing where nothing is. Without `layers` those stay."""
    was = _layers(found)
    policy_drafts.check(found.organization_id, given, {user_id for each in was for user_id in each.user_ids or ()})
    become = _kept(found.id, was, given) if layers else was
    own = given.name, given.description, given.repeat_count
    moved = [_content(each) for each in become] != [_content(each) for each in was]
    if not moved and own == (found.name, found.description, found.repeat_count):
        return found
    found.name, found.description, found.repeat_count = own
    found.updated_at = clock.now()
    try:
        found.save(force_update=True)
    except IntegrityError as error:
        _refuse_name(error)
    if moved:
        EscalationLayer.objects.filter(policy=found).delete()
        EscalationLayer.objects.bulk_create(become)
    return found


def _kept(policy_id: UUID, was: Sequence[EscalationLayer], given: policy_drafts.Draft) -> list[EscalationLayer]:
    """The layers as they are to be. One that names no other, and whose place had a layer, is that layer still."""
    known = {each.id for each in was}
    claimed = [layer.id for layer in given.layers if layer.id]
    for place, layer in enumerate(given.layers):
        if layer.id and (layer.id not in known or claimed.count(layer.id) > 1):
            raise policy_drafts.invalid("Each id is of another layer of this policy.", f"layers.{place}.id")
    become = []
    for position, layer in enumerate(_in_order(given.layers), start=1):
        made = _layer(policy_id, layer, position)
        if layer.id:
            made.id = layer.id
        elif position <= len(was) and was[position - 1].id not in claimed:
            made.id = was[position - 1].id
        become.append(made)
    return become


def _content(layer: EscalationLayer) -> tuple[object, ...]:
    return layer.id, layer.position, layer.ack_timeout_minutes, _target(layer)


def _touch(found: EscalationPolicy) -> None:
    found.updated_at = clock.now()
    found.save(force_update=True, update_fields=("updated_at",))


def _layers(found: EscalationPolicy) -> list[EscalationLayer]:
    return list(EscalationLayer.objects.filter(policy=found).order_by("position"))


def _layer_of(layers: Iterable[EscalationLayer], layer_id: UUID) -> EscalationLayer:
    for layer in layers:
        if layer.id == layer_id:
            return layer
    raise Rejected(Code.NOT_FOUND, "There is no such layer in this policy.")


def _place(made: EscalationLayer, layers: list[EscalationLayer], *, insert: bool) -> None:
    """Write a layer among the others, at its position."""
    policy_drafts.check_position(made.position, len(layers) + 1)
    layers.insert(made.position - 1, made)
    made.save(force_insert=insert, force_update=not insert)
    _number(layers)


def _number(layers: Iterable[EscalationLayer]) -> None:
    """Positions from 1, as the list has them."""
    moved = []
    for position, layer in enumerate(layers, start=1):
        if layer.position != position:
            layer.position = position
            moved.append(layer)
    EscalationLayer.objects.bulk_update(moved, ("position",))


def _insert(policy_id: UUID, layers: Iterable[policy_drafts.LayerDraft]) -> None:
    EscalationLayer.objects.bulk_create(
        _layer(policy_id, given, position) for position, given in enumerate(layers, start=1)
    )


def _layer(policy_id: UUID, given: policy_drafts.LayerDraft, position: int) -> EscalationLayer:
    made = EscalationLayer(
        id=ids.new(), policy_id=policy_id, position=position, ack_timeout_minutes=given.ack_timeout_minutes
    )
    match given.target:
        case policy.Users(user_ids):
            made.user_ids = list(dict.fromkeys(user_ids))
        case policy.Schedule(schedule_id):
            made.schedule_id = schedule_id
        case _:
            assert_never(given.target)
    return made


def _target(layer: EscalationLayer) -> policy.Target:
    if layer.schedule_id is not None:
        return policy.Schedule(layer.schedule_id)
    return policy.Users(tuple(layer.user_ids or ()))


def _in_order(layers: Sequence[policy_drafts.LayerDraft]) -> list[policy_drafts.LayerDraft]:
    return sorted(layers, key=lambda layer: layer.position or 0)


def _refuse_name(error: IntegrityError) -> NoReturn:
    if faults.constraint_of(error) != _NAME_ONCE:
        raise error
    raise Rejected(Code.NAME_CONFLICT, "There is an escalation policy with that name already.", "name")
