"""A rotation layer as it is asked for: the only place that checks one and makes its row of it."""

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, time
from typing import Any, TypedDict, cast
from uuid import UUID

from nightbell.core import editing, oncall
from nightbell.core.errors import Code, Rejected
from nightbell.data.access.principal import Principal
from nightbell.data.models import Membership, RotationLayer

MAX_NAME = 255
MAX_LENGTH_DAYS = 366
# Instants outside have no place on a rota, and some of them none in a calendar either.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
# The first turn of the first participant may be a whole round after a rotation's start, and that is up to 200 years.
STARTS_EARLIEST = datetime(1700, 1, 1, tzinfo=UTC)
STARTS_LATEST = datetime(2600, 1, 1, tzinfo=UTC)


class Changes(TypedDict, total=False):
    """What of a rotation changes; what is not named stays, and a `name` or `position` of None does too."""

    kind: oncall.Kind
    length_days: int | None
    handoff_time: time
    effective_from: datetime
    effective_until: datetime | None
    participants: tuple[UUID | None, ...]
    position: int | None
    name: str | None
    rotation_start: datetime | None


def whole(draft: editing.Draft) -> Changes:
    """Every field of a draft, to make a rotation anew."""
    return cast(Changes, {each.name: getattr(draft, each.name) for each in fields(draft)})


def changed(rotation: oncall.Rotation, changes: Changes) -> editing.Draft:
    """The rotation as it is asked for with these changes. Another kind brings its own length."""
    stays = editing.Draft(
        rotation.kind,
        rotation.handoff_time,
        rotation.effective_from,
        rotation.participants,
        rotation.length_days,
        rotation.effective_until,
        rotation.position,
        rotation.name,
    )
    draft = replace(stays, **changes)
    if "kind" in changes and "length_days" not in changes:
        return replace(draft, length_days=oncall.LENGTH_DAYS.get(draft.kind))
    return draft


def shown(layer: oncall.Rotation, timezone: str) -> dict[str, Any]:
    """The rotation as the record has it."""
    return {
        "id": str(layer.id),
        "name": layer.name,
        "rotationType": layer.kind.value,
        "rotationLengthDays": layer.length_days,
        "rotationStart": editing.rotation_start(layer, timezone).isoformat(),
        "handoffTime": f"{layer.handoff_time:%H:%M}",
        "effectiveFrom": layer.effective_from.isoformat(),
        "effectiveUntil": layer.effective_until.isoformat() if layer.effective_until else None,
        "participantIds": [str(user_id) for user_id in layer.participants],
    }


def row(schedule_id: UUID, layer: oncall.Rotation) -> RotationLayer:
    """The rotation's row."""
    return RotationLayer(
        id=layer.id,
        schedule_id=schedule_id,
        name=layer.name,
        position=layer.position,
        rotation_type=layer.kind.value,
        rotation_length_days=layer.length_days,
        handoff_time=layer.handoff_time,
        effective_from=layer.effective_from,
        effective_until=layer.effective_until,
        participant_ids=list(layer.participants),
        shift_offset=layer.offset,
    )


def check(
    principal: Principal, draft: editing.Draft, others: Sequence[oncall.Rotation], known: Collection[UUID] = ()
) -> None:
    """Raises Rejected: `validation_error`, `name_conflict`, `invalid_target_user`.

    `others` are the other layers of the schedule; `known` are people the layer named before: one who has left since
    hinders nobody from changing the rest.
    """
    _check_name(draft.name, others)
    fixed = oncall.LENGTH_DAYS.get(draft.kind)
    length = fixed if draft.length_days is None else draft.length_days
    if length is None or not 1 <= length <= MAX_LENGTH_DAYS:
        raise _invalid(f"A custom rotation is 1 to {MAX_LENGTH_DAYS} days long.", "rotation_length_days")
    if fixed is not None and length != fixed:
        raise _invalid(f"A {draft.kind} rotation is {fixed} days long.", "rotation_length_days")
    check_instant(draft.effective_from, "effective_from")
    if draft.effective_until is not None:
        check_instant(draft.effective_until, "effective_until")
    if draft.effective_until and to_millisecond(draft.effective_until) <= to_millisecond(draft.effective_from):
        raise _invalid("A layer ends after it starts.", "effective_until")
    if draft.rotation_start is not None:
        check_instant(draft.rotation_start, "rotation_start", STARTS_EARLIEST, STARTS_LATEST)
    if draft.position is not None and not 0 <= draft.position <= len(others):
        raise _invalid(f"A position is between 0 and {len(others)}.", "position")
    people = draft.participants
    if not 1 <= len(people) <= oncall.MAX_PARTICIPANTS or len(set(people)) != len(people):
        raise _invalid(f"A layer has 1 to {oncall.MAX_PARTICIPANTS} participants, each once.", "participant_ids")
    new = {each for each in people if each not in known}
    active = Membership.objects.filter(
        organization_id=principal.organization_id, user_id__in=new - {None}, removed_at=None
    ).count()
    if active != len(new):
        raise Rejected(Code.INVALID_TARGET_USER, "A participant is an active member.", "participant_ids")


def to_millisecond(at: datetime) -> datetime:
    """The instant as the API shows it, so that asking about an edge that was read is asking about that edge."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def check_instant(at: datetime, field: str, earliest: datetime = EARLIEST, latest: datetime = LATEST) -> None:
    """Raises Rejected: `validation_error` for an instant before 1970 or after 2199."""
    if not earliest <= at < latest:
        raise _invalid(f"An instant is between {earliest:%Y} and {latest.year - 1}.", field)


def made(
    layer_id: UUID, draft: editing.Draft, others: Sequence[oncall.Rotation], timezone: str, offset: int = 0
) -> oncall.Rotation:
    """The rotation that a checked draft asks for; without a name it gets the first that is free.

    `offset` holds where the draft does not say when the first participant's turn starts.
    """
    rotation = oncall.Rotation(
        layer_id,
        len(others) if draft.position is None else draft.position,
        oncall.LENGTH_DAYS.get(draft.kind) or draft.length_days or 1,
        draft.handoff_time,
        to_millisecond(draft.effective_from),
        to_millisecond(draft.effective_until) if draft.effective_until else None,
        tuple(each for each in draft.participants if each is not None),
        offset,
        draft.name or _free_name(others),
        draft.kind,
    )
    start = draft.rotation_start
    return rotation if start is None else editing.starting(rotation, timezone, start)


def _check_name(name: str | None, others: Sequence[oncall.Rotation]) -> None:
    if name is None:
        return
    if not name.strip() or len(name) > MAX_NAME:
        raise _invalid(f"A name has 1 to {MAX_NAME} characters.", "name")
    if name.casefold() in {each.name.casefold() for each in others}:
        raise Rejected(Code.NAME_CONFLICT, f"There is a rotation {name} in this schedule already.", "name")


def _free_name(others: Sequence[oncall.Rotation]) -> str:
    taken = {each.name.casefold() for each in others}
    number = len(others) + 1
    while oncall.unnamed(number).casefold() in taken:
        number += 1
    return oncall.unnamed(number)


def _invalid(message: str, field: str) -> Rejected:
    return Rejected(Code.VALIDATION_ERROR, message, field)
