"""What people do to schedules and their rotation layers; every edit can be shown before it is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NoReturn, TypedDict
from uuid import UUID

from django.db import IntegrityError
from django.db import transaction as database
from django.db.models import ProtectedError

from nightbell.actions import ids, record, rotations
from nightbell.core import oncall, zones
from nightbell.core.errors import Code, Rejected
from nightbell.data import clock, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.models import RotationLayer, Schedule
from nightbell.data.reads import schedules

# How far ahead an edit is shown.
PREVIEW = timedelta(days=28)
MAX_NAME = 255
MAX_DESCRIPTION = 10_000
_NAME_ONCE = "schedule_name_once"


@dataclass(frozen=True, slots=True)
class Given:
    """A schedule as it is asked for."""

    name: str
    timezone: str
    description: str | None = None


class Changes(TypedDict, total=False):
    """What of a schedule changes; what is not named stays."""

    name: str
    timezone: str
    description: str | None


@dataclass(frozen=True, slots=True)
class How:
    """How to edit: only shown, or made; and whether whoever has the turn now keeps it."""

    preview: bool = False
    keep_current: bool = True


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit does in the next 28 days, and the layer it was about, if it was about one that is there now."""

    changes: tuple[oncall.Change, ...]
    layer_id: UUID | None = None


@transaction.action(Needs.EDITING)
def create(principal: Principal, given: Given) -> UUID:
    """Make a schedule without layers. Raises Rejected: `validation_error`, `name_conflict`."""
    _check(given)
    made = Schedule(id=ids.new(), organization_id=principal.organization_id)
    _fill(made, given)
    _save(made, insert=True)
    _record(principal, "schedule_created", made.id, {"name": given.name, "timezone": given.timezone})
    return made.id


@transaction.action(Needs.EDITING)
def create_whole(principal: Principal, given: Given, layers: Sequence[rotations.Given]) -> UUID:
    """Make a schedule with its layers, or nothing. Raises Rejected as `create` and `add_layer` do."""
    with transaction.joining():
        made = create(principal, given)
        for layer in layers:
            add_layer(principal, made, layer)
    return made


@transaction.action(Needs.EDITING)
def change(principal: Principal, schedule_id: UUID, changes: Changes, how: How = How()) -> Edited:
    """Change a schedule's own fields. Raises Rejected: `not_found`, `validation_error`, `name_conflict`."""
    row = lock(principal, schedule_id)
    given = replace(Given(row.name, row.timezone, row.description), **changes)
    _check(given)
    before, now = _value(row.id), clock.now()
    after = replace(before, timezone=given.timezone)
    if how.keep_current:
        kept = (oncall.keeping(before, each, each, given.timezone, now) for each in before.layers)
        after = replace(after, layers=tuple(kept))
    edited = Edited(oncall.difference(before, after, now, now + PREVIEW))
    if not how.preview and given != Given(row.name, row.timezone, row.description):
        was = {"name": row.name, "timezone": row.timezone, "description": row.description}
        _fill(row, given)
        _save(row, insert=False)
        for each in after.layers:
            RotationLayer.objects.filter(id=each.id).update(shift_offset=each.offset)
        becomes = {"name": row.name, "timezone": row.timezone, "description": row.description}
        _record(principal, "schedule_changed", row.id, {"before": was, "after": becomes})
    return edited


@transaction.action(Needs.MEMBERSHIP)
def preview(principal: Principal, schedule_id: UUID, act: Callable[[], object]) -> tuple[oncall.Change, ...]:
    """What `act` would do to a schedule in the next 28 days: it is done, looked at and undone.

    Raises Rejected: `not_found`, and what `act` raises.
    """
    lock(principal, schedule_id)
    now = clock.now()
    before = _value(schedule_id)
    with transaction.joining():
        act()
    after = schedules.load([schedule_id], now).get(schedule_id, replace(before, layers=(), overrides=()))
    database.set_rollback(True)
    return oncall.difference(before, after, now, now + PREVIEW)


@transaction.action(Needs.EDITING)
def delete(principal: Principal, schedule_id: UUID) -> None:
    """Delete a schedule that no policy targets. Raises Rejected: `not_found`, `in_use`."""
    row = lock(principal, schedule_id)
    try:
        row.delete()
    except ProtectedError:
        raise Rejected(Code.IN_USE, "An escalation policy targets this schedule.") from None
    _record(principal, "schedule_deleted", schedule_id, {"name": row.name})


@transaction.action(Needs.EDITING)
def add_layer(principal: Principal, schedule_id: UUID, given: rotations.Given, how: How = How()) -> Edited:
    """Add a layer, last or at its position.

    Raises Rejected: `not_found`, `validation_error`, `invalid_target_user` (a participant).
    """
    made = RotationLayer(id=ids.new(), schedule_id=schedule_id)

    def edit(layers: list[RotationLayer]) -> None:
        if len(layers) >= oncall.MAX_LAYERS:
            raise _invalid(f"A schedule has at most {oncall.MAX_LAYERS} layers.", "layers")
        rotations.check(principal, given, layers)
        rotations.fill(made, given, layers)
        layers.insert(len(layers) if given.position is None else given.position, made)

    edited = _edit(principal, schedule_id, edit, how)
    return edited if how.preview else replace(edited, layer_id=made.id)


@transaction.action(Needs.EDITING)
def change_layer(
    principal: Principal,
    schedule_id: UUID,
    layer_id: UUID,
    changes: rotations.Changes,
    how: How = How(),
) -> Edited:
    """Change a layer; what `changes` does not name stays. Raises Rejected as `add_layer` does."""

    def edit(layers: list[RotationLayer]) -> None:
        row = _layer_of(layers, layer_id)
        given = replace(rotations.given(row), **changes)
        if "rotation_type" in changes and "rotation_length_days" not in changes:
            given = replace(given, rotation_length_days=oncall.LENGTH_DAYS.get(given.rotation_type))
        known = set(row.participant_ids) if "participant_ids" in changes else set(given.participant_ids)
        others = [each for each in layers if each is not row]
        rotations.check(principal, given, others, known={each for each in known if each is not None})
        rotations.fill(row, given, others)
        if not how.keep_current:
            row.shift_offset = 0
        if given.position is not None:
            layers.remove(row)
            layers.insert(given.position, row)

    return replace(_edit(principal, schedule_id, edit, how), layer_id=layer_id)


@transaction.action(Needs.EDITING)
def delete_layer(principal: Principal, schedule_id: UUID, layer_id: UUID, how: How = How()) -> Edited:
    """Delete a layer with its overrides; those after it move up. Raises Rejected: `not_found`."""
    return _edit(principal, schedule_id, lambda layers: layers.remove(_layer_of(layers, layer_id)), how)


@transaction.action(Needs.EDITING)
def order_layers(
    principal: Principal,
    schedule_id: UUID,
    layer_ids: Sequence[UUID],
    how: How = How(),
) -> Edited:
    """Put the layers in this order, which names each once. Raises Rejected: `not_found`, `validation_error`."""

    def edit(layers: list[RotationLayer]) -> None:
        if sorted(layer_ids) != sorted(layer.id for layer in layers):
            raise _invalid("The order names every layer of the schedule once.", "layerIds")
        layers.sort(key=lambda layer: layer_ids.index(layer.id))

    return _edit(principal, schedule_id, edit, how)


def _edit(principal: Principal, schedule_id: UUID, edit: Callable[[list[RotationLayer]], None], how: How) -> Edited:
    """Let `edit` change the rows, keep whoever has the turn unless asked not to, and write unless it is only shown.

    An edit that changed nothing writes nothing.
    """
    row = lock(principal, schedule_id)
    before, now = _value(schedule_id), clock.now()
    layers = list(RotationLayer.objects.filter(schedule_id=schedule_id).order_by("position"))
    was, turns = [rotations.shown(layer) for layer in layers], [layer.shift_offset for layer in layers]
    gone = {layer.id for layer in layers}
    edit(layers)
    old = {rotation.id: rotation for rotation in before.layers}
    for position, layer in enumerate(layers):
        layer.position = position
        if how.keep_current and layer.id in old:
            kept = oncall.keeping(before, old[layer.id], rotations.value(layer), row.timezone, now)
            layer.shift_offset = kept.offset
    gone -= {layer.id for layer in layers}
    overrides = tuple(each for each in before.overrides if each.layer_id not in gone)
    after = replace(before, layers=tuple(rotations.value(layer) for layer in layers), overrides=overrides)
    edited = Edited(oncall.difference(before, after, now, now + PREVIEW))
    becomes = [rotations.shown(layer) for layer in layers]
    same = (was, turns) == (becomes, [layer.shift_offset for layer in layers])
    if not how.preview and not same:
        RotationLayer.objects.filter(id__in=gone).delete()
        for layer in layers:
            layer.save()
        Schedule.objects.filter(id=schedule_id).update(updated_at=clock.Now())
        _record(principal, "schedule_changed", schedule_id, {"before": was, "after": becomes})
    return edited


def lock(principal: Principal, schedule_id: UUID) -> Schedule:
    """This schedule, which nobody else edits until the transaction ends. Raises Rejected: `not_found`."""
    rows = Schedule.objects.select_for_update(no_key=True)
    row = rows.filter(organization_id=principal.organization_id, id=schedule_id).first()
    if row is None:
        raise Rejected(Code.NOT_FOUND, "There is no such schedule.")
    return row


def _value(schedule_id: UUID) -> oncall.Schedule:
    return schedules.load([schedule_id], clock.now())[schedule_id]


def _layer_of(layers: Sequence[RotationLayer], layer_id: UUID) -> RotationLayer:
    found = next((layer for layer in layers if layer.id == layer_id), None)
    if found is None:
        raise Rejected(Code.NOT_FOUND, "There is no such layer.")
    return found


def _check(given: Given) -> None:
    if not given.name.strip() or len(given.name) > MAX_NAME:
        raise _invalid(f"A name has 1 to {MAX_NAME} characters.", "name")
    if given.description is not None and len(given.description) > MAX_DESCRIPTION:
        raise _invalid(f"A description has up to {MAX_DESCRIPTION:,} characters.", "description")
    if given.timezone not in zones.names():
        raise _invalid(f"{given.timezone!r} is not an IANA time zone, like Europe/Berlin.", "timezone")


def _fill(row: Schedule, given: Given) -> None:
    row.name, row.timezone, row.description = given.name, given.timezone, given.description


def _save(row: Schedule, *, insert: bool) -> None:
    if not insert:
        row.updated_at = clock.now()
    try:
        row.save(force_insert=insert)
    except IntegrityError as error:
        _refuse_name(error, row.name)


def _refuse_name(error: IntegrityError, name: str) -> NoReturn:
    if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) != _NAME_ONCE:
        raise error
    raise Rejected(Code.NAME_CONFLICT, f"There is a schedule {name} already.", "name")


def _record(principal: Principal, kind: str, schedule_id: UUID, data: dict[str, Any]) -> None:
    record.write(principal, kind, {"scheduleId": str(schedule_id), **data})


def _invalid(message: str, field: str) -> Rejected:
    return Rejected(Code.VALIDATION_ERROR, message, field)
