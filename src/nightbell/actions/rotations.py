"""A rotation layer as it is asked for: the only place that checks one and makes its row of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, TypedDict
from uuid import UUID

from nightbell.core import oncall
from nightbell.core.errors import Code, Rejected
from nightbell.data.access.principal import Principal
from nightbell.data.models import Membership, RotationLayer

MAX_NAME = 255
MAX_LENGTH_DAYS = 366
# Instants outside have no place on a rota, and some of them none in a calendar either.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Given:
    """A rotation layer as it is asked for.

    `position` None is last, `name` None is *Rotation N*, a None among the participants is nobody's id.
    """

    rotation_type: oncall.Kind
    handoff_time: time
    effective_from: datetime
    participant_ids: tuple[UUID | None, ...]
    rotation_length_days: int | None = None
    effective_until: datetime | None = None
    position: int | None = None
    name: str | None = None


class Changes(TypedDict, total=False):
    """What of a layer changes; what is not named stays, and a `name` or `position` of None does too."""

    rotation_type: oncall.Kind
    rotation_length_days: int | None
    handoff_time: time
    effective_from: datetime
    effective_until: datetime | None
    participant_ids: tuple[UUID | None, ...]
    position: int | None
    name: str | None


def value(layer: RotationLayer) -> oncall.Rotation:
    """The layer as the on-call functions take it."""
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


def given(layer: RotationLayer) -> Given:
    """The layer as it could be asked for."""
    return Given(
        oncall.Kind(layer.rotation_type),
        layer.handoff_time,
        layer.effective_from,
        tuple(layer.participant_ids),
        layer.rotation_length_days,
        layer.effective_until,
        layer.position,
        layer.name,
    )


def shown(layer: RotationLayer) -> dict[str, Any]:
    """The layer as the record has it."""
    return {
        "id": str(layer.id),
        "name": layer.name,
        "rotationType": str(layer.rotation_type),
        "rotationLengthDays": layer.rotation_length_days,
        "handoffTime": f"{layer.handoff_time:%H:%M}",
        "effectiveFrom": layer.effective_from.isoformat(),
        "effectiveUntil": layer.effective_until.isoformat() if layer.effective_until else None,
        "participantIds": [str(user_id) for user_id in layer.participant_ids],
    }


def check(principal: Principal, given: Given, others: Sequence[RotationLayer], known: Collection[UUID] = ()) -> None:
    """Raises Rejected: `validation_error`, `name_conflict`, `invalid_target_user`.

    `others` are the other layers of the schedule; `known` are people the layer named before: one who has left since
    hinders nobody from changing the rest.
    """
    _check_name(given.name, others)
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
    if given.position is not None and not 0 <= given.position <= len(others):
        raise _invalid(f"A position is between 0 and {len(others)}.", "position")
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


def fill(row: RotationLayer, given: Given, others: Sequence[RotationLayer]) -> None:
    """Write what was asked for to the row; without a name it keeps its own, or gets the first that is free."""
    row.name = given.name or row.name or _free_name(others)
    row.rotation_type = given.rotation_type.value
    fixed = oncall.LENGTH_DAYS.get(given.rotation_type)
    row.rotation_length_days = fixed or given.rotation_length_days or 1
    row.handoff_time = given.handoff_time
    row.effective_from = to_millisecond(given.effective_from)
    row.effective_until = to_millisecond(given.effective_until) if given.effective_until else None
    row.participant_ids = [each for each in given.participant_ids if each is not None]


def _check_name(name: str | None, others: Sequence[RotationLayer]) -> None:
    if name is None:
        return
    if not name.strip() or len(name) > MAX_NAME:
        raise _invalid(f"A name has 1 to {MAX_NAME} characters.", "name")
    if name.casefold() in {each.name.casefold() for each in others}:
        raise Rejected(Code.NAME_CONFLICT, f"There is a rotation {name} in this schedule already.", "name")


def _free_name(others: Sequence[RotationLayer]) -> str:
    taken = {each.name.casefold() for each in others}
    number = len(others) + 1
    while oncall.unnamed(number).casefold() in taken:
        number += 1
    return oncall.unnamed(number)


def _invalid(message: str, field: str) -> Rejected:
    return Rejected(Code.VALIDATION_ERROR, message, field)
