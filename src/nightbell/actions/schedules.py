"""What people do to schedules and their rotation layers; every edit can be shown before it is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, NoReturn, TypedDict
from uuid import UUID

from django.db import IntegrityError
from django.db import transaction as database
from django.db.models import ProtectedError

from nightbell.actions import ids
from nightbell.core import oncall, zones
from nightbell.core.errors import Code, Rejected
from nightbell.data import clock, record, transaction
from nightbell.data.access.principal import Principal
from nightbell.data.models import Membership, RotationLayer, Schedule
from nightbell.data.reads import schedules

# How far ahead an edit is shown.
PREVIEW = timedelta(days=28)
MAX_NAME = 100
MAX_DESCRIPTION = 10_000
MAX_LENGTH_DAYS = 366
# Instants outside have no place on a rota, and some of them none in a calendar either.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_NAME_ONCE = "schedule_name_once"


@dataclass(frozen=True, slots=True)
class Given:
    """A schedule as it is asked for."""

    name: str
    timezone: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class LayerGiven:
    """A rotation layer as it is asked for; `position` None is last, a None among the participants is nobody's id."""

    rotation_type: oncall.Kind
    handoff_time: time
    effective_from: datetime
    participant_ids: tuple[UUID | None, ...]
    rotation_length_days: int | None = None
    effective_until: datetime | None = None
    position: int | None = None


class Changes(TypedDict, total=False):
    """What of a schedule changes; what is not named stays."""

    name: str
    timezone: str
    description: str | None


class LayerChanges(TypedDict, total=False):
    """What of a layer changes; what is not named stays."""

    rotation_type: oncall.Kind
    rotation_length_days: int | None
    handoff_time: time
    effective_from: datetime
    effective_until: datetime | None
    participant_ids: tuple[UUID | None, ...]
    position: int | None


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


@transaction.action
def create(principal: Principal, given: Given) -> UUID:
    """Make a schedule without layers. Raises Rejected: `validation_error`, `name_conflict`."""
    _check(given)
    made = Schedule(id=ids.new(), organization_id=principal.organization_id)
    _fill(made, given)
    _save(made, insert=True)
    _record(principal, "schedule_created", made.id, {"name": given.name, "timezone": given.timezone})
    return made.id


@transaction.action
def create_whole(principal: Principal, given: Given, layers: Sequence[LayerGiven]) -> UUID:
    """Make a schedule with its layers, or nothing. Raises Rejected as `create` and `add_layer` do."""
    with transaction.joining():
        made = create(principal, given)
        for layer in layers:
            add_layer(principal, made, layer)
    return made


@transaction.action
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
    if not how.preview:
        was = {"name": row.name, "timezone": row.timezone, "description": row.description}
        _fill(row, given)
        _save(row, insert=False)
        for each in after.layers:
            RotationLayer.objects.filter(id=each.id).update(shift_offset=each.offset)
        becomes = {"name": row.name, "timezone": row.timezone, "description": row.description}
        _record(principal, "schedule_changed", row.id, {"before": was, "after": becomes})
    return edited


@transaction.action
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


@transaction.action
def delete(principal: Principal, schedule_id: UUID) -> None:
    """Delete a schedule that no policy targets. Raises Rejected: `not_found`, `in_use`."""
    row = lock(principal, schedule_id)
    try:
        row.delete()
    except ProtectedError:
        raise Rejected(Code.IN_USE, "An escalation policy targets this schedule.") from None
    _record(principal, "schedule_deleted", schedule_id, {"name": row.name})


@transaction.action
def add_layer(principal: Principal, schedule_id: UUID, given: LayerGiven, how: How = How()) -> Edited:
    """Add a layer, last or at its position.

    Raises Rejected: `not_found`, `validation_error`, `invalid_target_user` (a participant).
    """
    made = RotationLayer(id=ids.new(), schedule_id=schedule_id)

    def edit(layers: list[RotationLayer]) -> None:
        if len(layers) >= oncall.MAX_LAYERS:
            raise _invalid(f"A schedule has at most {oncall.MAX_LAYERS} layers.", "layers")
        _check_layer(principal, given, len(layers))
        _fill_layer(made, given)
        layers.insert(len(layers) if given.position is None else given.position, made)

    edited = _edit(principal, schedule_id, edit, how)
    return edited if how.preview else replace(edited, layer_id=made.id)


@transaction.action
def change_layer(
    principal: Principal,
    schedule_id: UUID,
    layer_id: UUID,
    changes: LayerChanges,
    how: How = How(),
) -> Edited:
    """Change a layer; what `changes` does not name stays. Raises Rejected as `add_layer` does."""

    def edit(layers: list[RotationLayer]) -> None:
        row = _layer_of(layers, layer_id)
        given = replace(_given(row), **changes)
        if "rotation_type" in changes and "rotation_length_days" not in changes:
            given = replace(given, rotation_length_days=oncall.LENGTH_DAYS.get(given.rotation_type))
        known = set(row.participant_ids) if "participant_ids" in changes else set(given.participant_ids)
        _check_layer(principal, given, len(layers) - 1, known={each for each in known if each is not None})
        _fill_layer(row, given)
        if not how.keep_current:
            row.shift_offset = 0
        if given.position is not None:
            layers.remove(row)
            layers.insert(given.position, row)

    return replace(_edit(principal, schedule_id, edit, how), layer_id=layer_id)


@transaction.action
def delete_layer(principal: Principal, schedule_id: UUID, layer_id: UUID, how: How = How()) -> Edited:
    """Delete a layer with its overrides; those after it move up. Raises Rejected: `not_found`."""
    return _edit(principal, schedule_id, lambda layers: layers.remove(_layer_of(layers, layer_id)), how)


@transaction.action
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
    """Let `edit` change the rows, keep whoever has the turn unless asked not to, and write unless it is only shown."""
    row = lock(principal, schedule_id)
    before, now = _value(schedule_id), clock.now()
    layers = list(RotationLayer.objects.filter(schedule_id=schedule_id).order_by("position"))
    was = [_shown(layer) for layer in layers]
    gone = {layer.id for layer in layers}
    edit(layers)
    old = {rotation.id: rotation for rotation in before.layers}
    for position, layer in enumerate(layers):
        layer.position = position
        if how.keep_current and layer.id in old:
            kept = oncall.keeping(before, old[layer.id], _rotation(layer), row.timezone, now)
            layer.shift_offset = kept.offset
    gone -= {layer.id for layer in layers}
    overrides = tuple(each for each in before.overrides if each.layer_id not in gone)
    after = replace(before, layers=tuple(_rotation(layer) for layer in layers), overrides=overrides)
    edited = Edited(oncall.difference(before, after, now, now + PREVIEW))
    if not how.preview:
        RotationLayer.objects.filter(id__in=gone).delete()
        for layer in layers:
            layer.save()
        Schedule.objects.filter(id=schedule_id).update(updated_at=clock.Now())
        becomes = [_shown(layer) for layer in layers]
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


def _rotation(layer: RotationLayer) -> oncall.Rotation:
    return oncall.Rotation(
        layer.id,
        layer.position,
        layer.rotation_length_days,
        layer.handoff_time,
        layer.effective_from,
        layer.effective_until,
        tuple(layer.participant_ids),
        layer.shift_offset,
    )


def _given(layer: RotationLayer) -> LayerGiven:
    return LayerGiven(
        oncall.Kind(layer.rotation_type),
        layer.handoff_time,
        layer.effective_from,
        tuple(layer.participant_ids),
        layer.rotation_length_days,
        layer.effective_until,
        layer.position,
    )


def _shown(layer: RotationLayer) -> dict[str, Any]:
    return {
        "id": str(layer.id),
        "rotationType": str(layer.rotation_type),
        "rotationLengthDays": layer.rotation_length_days,
        "handoffTime": f"{layer.handoff_time:%H:%M}",
        "effectiveFrom": layer.effective_from.isoformat(),
        "effectiveUntil": layer.effective_until.isoformat() if layer.effective_until else None,
        "participantIds": [str(user_id) for user_id in layer.participant_ids],
    }


def _check(given: Given) -> None:
    if not given.name.strip() or len(given.name) > MAX_NAME:
        raise _invalid(f"A name has 1 to {MAX_NAME} characters.", "name")
    if given.description is not None and len(given.description) > MAX_DESCRIPTION:
        raise _invalid(f"A description has up to {MAX_DESCRIPTION:,} characters.", "description")
    if given.timezone not in zones.names():
        raise _invalid(f"{given.timezone!r} is not an IANA time zone, like Europe/Berlin.", "timezone")


def _check_layer(
    principal: Principal, given: LayerGiven, last: int, known: frozenset[UUID] | set[UUID] = frozenset()
) -> None:
    """`known` are people the layer named before: one who has left since hinders nobody from changing the rest."""
    fixed = oncall.LENGTH_DAYS.get(given.rotation_type)
    length = fixed if given.rotation_length_days is None else given.rotation_length_days
    if length is None or not 1 <= length <= MAX_LENGTH_DAYS:
        raise _invalid(f"A custom rotation is 1 to {MAX_LENGTH_DAYS} days long.", "rotationLengthDays")
    if fixed is not None and length != fixed:
        raise _invalid(f"A {given.rotation_type} rotation is {fixed} days long.", "rotationLengthDays")
    check_instant(given.effective_from, "effectiveFrom")
    if given.effective_until is not None:
        check_instant(given.effective_until, "effectiveUntil")
    if given.effective_until and to_millisecond(given.effective_until) <= to_millisecond(given.effective_from):
        raise _invalid("A layer ends after it starts.", "effectiveUntil")
    if given.position is not None and not 0 <= given.position <= last:
        raise _invalid(f"A position is between 0 and {last}.", "position")
    people = given.participant_ids
    if not 1 <= len(people) <= oncall.MAX_PARTICIPANTS or len(set(people)) != len(people):
        raise _invalid(f"A layer has 1 to {oncall.MAX_PARTICIPANTS} participants, each once.", "participantIds")
    new = {each for each in people if each not in known}
    active = Membership.objects.filter(
        organization_id=principal.organization_id, user_id__in=new - {None}, removed_at=None
    ).count()
    if active != len(new):
        raise Rejected(Code.INVALID_TARGET_USER, "A participant is an active member.", "participantIds")


def to_millisecond(at: datetime) -> datetime:
    """The instant as the API shows it, so that asking about an edge that was read is asking about that edge."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def check_instant(at: datetime, field: str) -> None:
    """Raises Rejected: `validation_error` for an instant before 1970 or after 2199."""
    if not EARLIEST <= at < LATEST:
        raise _invalid(f"An instant is between {EARLIEST:%Y} and {LATEST.year - 1}.", field)


def _fill(row: Schedule, given: Given) -> None:
    row.name, row.timezone, row.description = given.name, given.timezone, given.description


def _fill_layer(row: RotationLayer, given: LayerGiven) -> None:
    row.rotation_type = given.rotation_type.value
    fixed = oncall.LENGTH_DAYS.get(given.rotation_type)
    row.rotation_length_days = fixed or given.rotation_length_days or 1
    row.handoff_time = given.handoff_time
    row.effective_from = to_millisecond(given.effective_from)
    row.effective_until = to_millisecond(given.effective_until) if given.effective_until else None
    row.participant_ids = [each for each in given.participant_ids if each is not None]


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
    record.write(ids.new(), principal.organization_id, principal.actor, kind, {"scheduleId": str(schedule_id), **data})


def _invalid(message: str, field: str) -> Rejected:
    return Rejected(Code.VALIDATION_ERROR, message, field)
