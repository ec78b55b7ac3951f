"""An escalation policy as it is asked for: the only place that checks one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from nightbell.core import policy
from nightbell.core.errors import Code, Rejected
from nightbell.data.models import Membership, Schedule

MAX_NAME = 255
MAX_DESCRIPTION = 10_000


@dataclass(frozen=True, slots=True)
class LayerDraft:
    """A layer as it is asked for. In a whole policy every layer has its position, from 1 without gaps, or none has.

    In a policy that is there `id` names the layer that it stays; without one it is the one in its place.
    """

    target: policy.Target
    ack_timeout_minutes: int
    position: int | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy as it is asked for."""

    name: str
    description: str | None = None
    repeat_count: int = 0
    layers: tuple[LayerDraft, ...] = ()


def not_members(field: str) -> Rejected:
    """The refusal of a target that names somebody who is no active member."""
    return Rejected(Code.INVALID_TARGET, "Not everybody in it is an active member of the organization.", field)


def no_schedule(field: str) -> Rejected:
    """The refusal of a target that names no schedule of the organization."""
    return Rejected(Code.INVALID_TARGET, "There is no such schedule.", field)


def check(organization_id: UUID, given: Draft, known: Collection[UUID] = ()) -> None:
    """Raises Rejected: `validation_error`, `invalid_target`. `known` is as for `check_targets`."""
    if not given.name.strip() or len(given.name) > MAX_NAME:
        raise invalid(f"A name has 1 to {MAX_NAME} characters.", "name")
    if given.description is not None and len(given.description) > MAX_DESCRIPTION:
        raise invalid(f"A description has at most {MAX_DESCRIPTION} characters.", "description")
    if not 0 <= given.repeat_count <= policy.MAX_REPEAT_COUNT:
        raise invalid(f"A policy repeats 0 to {policy.MAX_REPEAT_COUNT} times.", "repeat_count")
    if len(given.layers) > policy.MAX_LAYERS:
        raise invalid(f"A policy has at most {policy.MAX_LAYERS} layers.", "layers")
    positions = [layer.position for layer in given.layers if layer.position is not None]
    if positions and sorted(positions) != list(range(1, len(given.layers) + 1)):
        raise invalid("Either every layer has its position, 1 and up without gaps, or none has.", "layers")
    named = [(layer, f"layers.{place}.") for place, layer in enumerate(given.layers)]
    for layer, place in named:
        check_layer(layer, place)
    check_targets(organization_id, named, known)


def check_layer(given: LayerDraft, place: str) -> None:
    """Raises Rejected: `validation_error`, for a time or a number of people; `place` is where the layer stands."""
    if not 1 <= given.ack_timeout_minutes <= policy.MAX_ACK_TIMEOUT_MINUTES:
        raise invalid(f"A timeout is 1 to {policy.MAX_ACK_TIMEOUT_MINUTES} minutes.", f"{place}ack_timeout_minutes")
    if isinstance(given.target, policy.Users) and not 1 <= len(given.target.user_ids) <= policy.MAX_USERS:
        raise invalid(f"A layer pages 1 to {policy.MAX_USERS} people.", f"{place}target.user_ids")


def check_position(position: int, last: int) -> None:
    """Raises Rejected: `validation_error` for a position before the first or after `last`."""
    if not 1 <= position <= last:
        raise invalid(f"The position is 1 to {last}.", "position")


def check_targets(
    organization_id: UUID, layers: Sequence[tuple[LayerDraft, str]], known: Collection[UUID] = ()
) -> None:
    """People are resolved anew whenever a layer is paged; this only keeps a mistake out.

    `known` were named before: one who has left since hinders nobody from changing the rest. Raises Rejected:
    `invalid_target`.
    """
    named = {
        user_id for layer, _ in layers if isinstance(layer.target, policy.Users) for user_id in layer.target.user_ids
    }
    active = set(
        Membership.objects.filter(
            organization_id=organization_id, user_id__in=named, removed_at=None, user__is_active=True
        ).values_list("user_id", flat=True)
    )
    active |= set(known)
    targeted = _lock_schedules(organization_id, layers)
    for layer, place in layers:
        match layer.target:
            case policy.Users(user_ids):
                if not active.issuperset(user_ids):
                    raise not_members(f"{place}target.user_ids")
            case policy.Schedule(schedule_id):
                if schedule_id not in targeted:
                    raise no_schedule(f"{place}target.schedule_id")
            case _:
                assert_never(layer.target)


def _lock_schedules(organization_id: UUID, layers: Sequence[tuple[LayerDraft, str]]) -> set[UUID]:
    """The schedules these layers name: locked, so that nobody deletes one before the layer that targets it is there."""
    named = {layer.target.schedule_id for layer, _ in layers if isinstance(layer.target, policy.Schedule)}
    found = Schedule.objects.select_for_update(no_key=True).filter(organization_id=organization_id, id__in=named)
    return {schedule.id for schedule in found.order_by("id")} if named else set()


def invalid(message: str, field: str) -> Rejected:
    """The refusal of a field that is not what it should be."""
    return Rejected(Code.VALIDATION_ERROR, message, field)
