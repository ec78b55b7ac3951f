"""What people do to schedules and their rotation layers; every edit can be shown before it is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NoReturn, TypedDict
from uuid import UUID

from django.db import IntegrityError
from django.db import transaction as database
from django.db.models import ProtectedError

from nightbell.actions import ids, record, rotations, stale
from nightbell.core import editing, oncall, zones
from nightbell.core.errors import Code, Rejected
from nightbell.core.record import Kind
from nightbell.data import clock, faults, schedule_history, transaction
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
    """How to edit: whether whoever has the turn now keeps it, and which version was seen, if one was."""

    keep_current: bool = True
    seen: int | None = None


@transaction.action(Needs.EDITING)
def create(principal: Principal, given: Given) -> UUID:
    """Make a schedule without layers. Raises Rejected: `validation_error`, `name_conflict`."""
    _check(given)
    made = Schedule(id=ids.new(), organization_id=principal.organization_id)
    _fill(made, given)
    _save(made, insert=True)
    _record(principal, Kind.SCHEDULE_CREATED, made.id, {"name": given.name, "timezone": given.timezone})
    return made.id


@transaction.action(Needs.EDITING)
def create_whole(principal: Principal, given: Given, layers: Sequence[editing.Draft]) -> UUID:
    """Make a schedule with its layers, or nothing. Raises Rejected as `create` and `add_layer` do."""
    with transaction.joining():
        made = create(principal, given)
        for layer in layers:
            add_layer(principal, made, layer)
    return made


@transaction.action(Needs.EDITING)
def change(principal: Principal, schedule_id: UUID, changes: Changes, how: How = How()) -> None:
    """Change a schedule's own fields.

    Raises Rejected: `not_found`, `validation_error`, `name_conflict`, `stale_configuration`.
    """
    row = lock(principal, schedule_id)
    was = Given(row.name, row.timezone, row.description)
    given = replace(was, **changes)
    _check(given)
    if given == was:
        return
    _refuse_stale(principal, row, how)
    before, now = _value(row.id), clock.now()
    if given.timezone != row.timezone:
        schedule_history.keep(ids.new(), before, now)
        if how.keep_current:
            for each in before.layers:
                kept = editing.keeping(before, each, each, given.timezone, now)
                RotationLayer.objects.filter(id=each.id).update(shift_offset=kept.offset)
    _fill(row, given)
    _save(row, insert=False)
    _touch(principal, row, _own(was), _own(given))


@transaction.action(Needs.MEMBERSHIP)
def preview(principal: Principal, schedule_id: UUID, act: Callable[[], object]) -> tuple[editing.Change, ...]:
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
    return editing.difference(before, after, now, now + PREVIEW)


@transaction.action(Needs.EDITING)
def delete(principal: Principal, schedule_id: UUID, seen: int | None = None) -> None:
    """Delete a schedule that no policy targets. Raises Rejected: `not_found`, `in_use`, `stale_configuration`."""
    row = lock(principal, schedule_id)
    _refuse_stale(principal, row, How(seen=seen))
    try:
        row.delete()
    except ProtectedError:
        raise Rejected(Code.IN_USE, "An escalation policy targets this schedule.") from None
    _record(principal, Kind.SCHEDULE_DELETED, schedule_id, {"name": row.name})


@transaction.action(Needs.EDITING)
def add_layer(principal: Principal, schedule_id: UUID, draft: editing.Draft, how: How = How()) -> UUID:
    """Add a layer, last or at its position; its id.

    Raises Rejected: `not_found`, `validation_error`, `invalid_target_user` (a participant), `stale_configuration`.
    """
    layer_id = ids.new()

    def edit(layers: list[oncall.Rotation], timezone: str) -> None:
        if len(layers) >= oncall.MAX_LAYERS:
            raise _invalid(f"A schedule has at most {oncall.MAX_LAYERS} layers.", "layers")
        rotations.check(principal, draft, layers)
        made = rotations.made(layer_id, draft, layers, timezone)
        layers.insert(made.position, made)

    _edit(principal, schedule_id, edit, how)
    return layer_id


@transaction.action(Needs.EDITING)
def change_layer(
    principal: Principal, schedule_id: UUID, layer_id: UUID, changes: rotations.Changes, how: How = How()
) -> None:
    """Change a layer; what `changes` does not name stays. Raises Rejected as `add_layer` does.

    A `rotation_start` says whose turn it is; without one whoever has the turn keeps it, unless asked not to.
    """
    start = changes.get("rotation_start")

    def edit(layers: list[oncall.Rotation], timezone: str) -> None:
        old = _layer_of(layers, layer_id)
        draft = rotations.changed(old, changes)
        others = [each for each in layers if each is not old]
        rotations.check(principal, draft, others, known=old.participants)
        named = draft if draft.name else replace(draft, name=old.name)
        made = rotations.made(layer_id, named, others, timezone, old.offset if how.keep_current else 0)
        layers.remove(old)
        layers.insert(old.position if draft.position is None else draft.position, made)

    _edit(principal, schedule_id, edit, how if start is None else replace(how, keep_current=False))


@transaction.action(Needs.EDITING)
def delete_layer(principal: Principal, schedule_id: UUID, layer_id: UUID, how: How = How()) -> None:
    """Delete a layer with its overrides; those after it move up.

    Raises Rejected: `not_found`, `stale_configuration`.
    """
    _edit(principal, schedule_id, lambda layers, _: layers.remove(_layer_of(layers, layer_id)), how)


@transaction.action(Needs.EDITING)
def order_layers(principal: Principal, schedule_id: UUID, layer_ids: Sequence[UUID], how: How = How()) -> None:
    """Put the layers in this order, which names each once.

    Raises Rejected: `not_found`, `validation_error`, `stale_configuration`.
    """

    def edit(layers: list[oncall.Rotation], _: str) -> None:
        if sorted(layer_ids) != sorted(layer.id for layer in layers):
            raise _invalid("The order names every layer of the schedule once.", "layer_ids")
        layers.sort(key=lambda layer: layer_ids.index(layer.id))

    _edit(principal, schedule_id, edit, how)


def _edit(
    principal: Principal, schedule_id: UUID, edit: Callable[[list[oncall.Rotation], str], None], how: How
) -> None:
    """Let `edit` change the layers, keep whoever has the turn unless asked not to, and write what differs.

    The schedule is the new one from now on, and the past stays as it was.
    """
    row = lock(principal, schedule_id)
    before, now = _value(schedule_id), clock.now()
    layers = list(before.layers)
    edit(layers, row.timezone)
    old = {each.id: each for each in before.layers}
    for position, layer in enumerate(layers):
        placed = replace(layer, position=position)
        if how.keep_current and layer.id in old:
            placed = editing.keeping(before, old[layer.id], placed, row.timezone, now)
        layers[position] = placed
    become = {each.id: each for each in layers}
    if become == old:
        return
    _refuse_stale(principal, row, how)
    gone = old.keys() - become.keys()
    if any(become.get(layer_id) != layer for layer_id, layer in old.items()):
        schedule_history.keep(ids.new(), before, now, gone)
    RotationLayer.objects.filter(id__in=gone).delete()
    for layer in layers:
        if old.get(layer.id) != layer:
            rotations.row(schedule_id, layer).save()
    was, becomes = ([rotations.shown(each, row.timezone) for each in some] for some in (before.layers, layers))
    _touch(principal, row, {"layers": was}, {"layers": becomes})


def lock(principal: Principal, schedule_id: UUID) -> Schedule:
    """This schedule, which nobody else edits until the transaction ends. Raises Rejected: `not_found`."""
    rows = Schedule.objects.select_for_update(no_key=True)
    row = rows.filter(organization_id=principal.organization_id, id=schedule_id).first()
    if row is None:
        raise Rejected(Code.NOT_FOUND, "There is no such schedule.")
    return row


def _refuse_stale(principal: Principal, row: Schedule, how: How) -> None:
    stale.refuse(principal, {"scheduleId": str(row.id)}, row.version, how.seen)


def _own(given: Given) -> dict[str, Any]:
    return {"name": given.name, "timezone": given.timezone, "description": given.description}


def _touch(principal: Principal, row: Schedule, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Count the version up, and put on the record what differs."""
    version = row.version + 1
    Schedule.objects.filter(id=row.id).update(updated_at=clock.Now(), version=version)
    record.change(principal, Kind.SCHEDULE_CHANGED, {"scheduleId": str(row.id), "version": version}, before, after)


def _value(schedule_id: UUID) -> oncall.Schedule:
    return schedules.load([schedule_id], clock.now())[schedule_id]


def _layer_of(layers: Sequence[oncall.Rotation], layer_id: UUID) -> oncall.Rotation:
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
    try:
        row.save(force_insert=insert)
    except IntegrityError as error:
        _refuse_name(error, row.name)


def _refuse_name(error: IntegrityError, name: str) -> NoReturn:
    if faults.constraint_of(error) != _NAME_ONCE:
        raise error
    raise Rejected(Code.NAME_CONFLICT, f"There is a schedule {name} already.", "name")


def _record(principal: Principal, kind: Kind, schedule_id: UUID, data: dict[str, Any]) -> None:
    record.write(principal, kind, {"scheduleId": str(schedule_id), **data})


def _invalid(message: str, field: str) -> Rejected:
    return Rejected(Code.VALIDATION_ERROR, message, field)
