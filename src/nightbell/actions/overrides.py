"""What people do to overrides: make one, take the shift now, take one back; whom it moves is told by mail."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from nightbell.actions import ids, record, rotations, schedules
from nightbell.core import about, editing, notice, oncall
from nightbell.core.errors import Code, Rejected
from nightbell.core.record import Kind
from nightbell.data import clock, rows, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.claims import notices
from nightbell.data.models import Membership, Override, RotationLayer, Schedule
from nightbell.data.reads import on_call
from nightbell.data.reads import schedules as reads

MAX_LENGTH = timedelta(days=366)
# Not yet over, per schedule.
MAX_AHEAD = 1000


@dataclass(frozen=True, slots=True)
class Given:
    """An override as it is asked for: without a layer it is of the whole schedule. `user_id` None is nobody's id."""

    user_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    layer_id: UUID | None = None


@transaction.action(Needs.MEMBERSHIP)
def create(principal: Principal, schedule_id: UUID, given: Given) -> UUID:
    """Put somebody else on call for a while.

    Raises Rejected: `not_found` (the schedule, the layer), `invalid_target_user`, `validation_error` (it ends before it
    starts, has ended already, is longer than a year, overlaps another in its scope, or is one too many).
    """
    schedule = schedules.lock(principal, schedule_id)
    now = clock.now()
    given = replace(
        given,
        starts_at=rotations.to_millisecond(given.starts_at),
        ends_at=rotations.to_millisecond(given.ends_at),
    )
    return _create(principal, schedule, given, reads.load([schedule_id], now)[schedule_id], now)


def preview(principal: Principal, schedule_id: UUID, given: Given) -> tuple[editing.Change, ...]:
    """What `create` would do. Raises Rejected as it does."""
    return schedules.preview(principal, schedule_id, lambda: create(principal, schedule_id, given))


@transaction.action(Needs.MEMBERSHIP)
def take_now(principal: Principal, schedule_id: UUID, user_id: UUID | None) -> UUID:
    """Put this member on call from now until the shift that is under way ends, in the whole schedule.

    Raises Rejected: as `create`, and `validation_error` where they are on call already or no shift is under way.
    """
    schedule = schedules.lock(principal, schedule_id)
    now = rotations.to_millisecond(clock.now())
    value = reads.load([schedule_id], now)[schedule_id]
    duty = next(iter(oncall.on_call(value, now)), None)
    if duty is None:
        raise Rejected(Code.VALIDATION_ERROR, "Nobody is on call now, so there is no shift to take.", "starts_at")
    if duty.user_id == user_id:
        raise Rejected(Code.VALIDATION_ERROR, "They are on call already.", "user_id")
    # An override of the whole schedule gives way from now on; what it was until now stays. One of a layer is displaced.
    under_way = Override.objects.filter(schedule=schedule, layer=None, starts_at__lte=now, ends_at__gt=now)
    under_way.filter(starts_at__lt=now).update(ends_at=now)
    under_way.delete()
    return _create(principal, schedule, Given(user_id, now, on_call.until(value, None, now)), value, now)


def preview_taking(principal: Principal, schedule_id: UUID, user_id: UUID | None) -> tuple[editing.Change, ...]:
    """What `take_now` would do. Raises Rejected as it does."""
    return schedules.preview(principal, schedule_id, lambda: take_now(principal, schedule_id, user_id))


@transaction.action(Needs.MEMBERSHIP)
def delete(principal: Principal, schedule_id: UUID, override_id: UUID) -> None:
    """Take an override back: one that has begun ends now, so that the past stays as it was.

    Raises Rejected: `not_found`, `validation_error` (it has ended already).
    """
    schedule = schedules.lock(principal, schedule_id)
    row = Override.objects.filter(schedule=schedule, id=override_id).first()
    if row is None:
        raise Rejected(Code.NOT_FOUND, "There is no such override.")
    now = rotations.to_millisecond(clock.now())
    before = reads.load([schedule_id], now)[schedule_id]
    if row.starts_at < now < row.ends_at:
        Override.objects.filter(id=row.id).update(ends_at=now)
    elif row.starts_at >= now:
        row.delete()
    else:
        raise Rejected(Code.VALIDATION_ERROR, "The override has ended already.", "override_id")
    after = reads.load([schedule_id], now)[schedule_id]
    _tell(principal, schedule, editing.difference(before, after, max(now, row.starts_at), row.ends_at))
    _record(principal, schedule, Kind.OVERRIDE_DELETED, {"overrideId": str(override_id)})


def preview_deleting(principal: Principal, schedule_id: UUID, override_id: UUID) -> tuple[editing.Change, ...]:
    """What `delete` would do. Raises Rejected as it does."""
    return schedules.preview(principal, schedule_id, lambda: delete(principal, schedule_id, override_id))


def _create(principal: Principal, schedule: Schedule, given: Given, before: oncall.Schedule, now: datetime) -> UUID:
    user_id = _check(principal, schedule, given, now)
    made = Override.objects.create(
        id=ids.new(),
        schedule=schedule,
        layer_id=given.layer_id,
        user_id=user_id,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        created_by=rows.actor_values(principal.actor),
    )
    after = reads.load([schedule.id], now)[schedule.id]
    _tell(principal, schedule, editing.difference(before, after, max(now, given.starts_at), given.ends_at))
    details = {
        "overrideId": str(made.id),
        "userId": str(user_id),
        "layerId": str(given.layer_id) if given.layer_id else None,
        "startsAt": given.starts_at.isoformat(),
        "endsAt": given.ends_at.isoformat(),
    }
    _record(principal, schedule, Kind.OVERRIDE_CREATED, details)
    return made.id


def _check(principal: Principal, schedule: Schedule, given: Given, now: datetime) -> UUID:
    if given.layer_id and not RotationLayer.objects.filter(schedule=schedule, id=given.layer_id).exists():
        raise Rejected(Code.NOT_FOUND, "There is no such layer in this schedule.", "layer_id")
    members = Membership.objects.filter(organization_id=principal.organization_id, removed_at=None)
    if given.user_id is None or not members.filter(user_id=given.user_id).exists():
        raise Rejected(Code.INVALID_TARGET_USER, "Whoever takes over is an active member.", "user_id")
    rotations.check_instant(given.starts_at, "starts_at")
    rotations.check_instant(given.ends_at, "ends_at")
    if given.ends_at <= given.starts_at:
        raise Rejected(Code.VALIDATION_ERROR, "An override ends after it starts.", "ends_at")
    if given.ends_at <= now:
        raise Rejected(Code.VALIDATION_ERROR, "An override that has ended would change nothing.", "ends_at")
    if given.ends_at - given.starts_at > MAX_LENGTH:
        raise Rejected(Code.VALIDATION_ERROR, f"An override is at most {MAX_LENGTH.days} days long.", "ends_at")
    if Override.objects.filter(schedule=schedule, ends_at__gt=now).count() >= MAX_AHEAD:
        raise Rejected(
            Code.VALIDATION_ERROR,
            f"The schedule has {MAX_AHEAD:,} overrides that are not yet over, and takes no more: take some back first.",
            "startsAt",
        )
    # Those of people who have left count for nothing, and are in nobody's way.
    scope = Override.objects.filter(
        schedule=schedule, layer_id=given.layer_id, user_id__in=members.values_list("user_id", flat=True)
    )
    other = scope.filter(starts_at__lt=given.ends_at, ends_at__gt=given.starts_at).select_related("user").first()
    if other is not None:
        raise Rejected(
            Code.VALIDATION_ERROR,
            f"It overlaps the override by {other.user.name} until {other.ends_at:%Y-%m-%d %H:%M} UTC.",
            "startsAt",
        )
    return given.user_id


def _tell(principal: Principal, schedule: Schedule, changes: tuple[editing.Change, ...]) -> None:
    """One notice to each person who loses hours, one to each who gains some."""
    told: dict[tuple[UUID, notice.Kind], tuple[datetime, datetime]] = {}
    for change in changes:
        for user_id, kind in (
            (change.loses, notice.Kind.SHIFT_LOST),
            (change.gains, notice.Kind.SHIFT_TAKEN),
        ):
            if user_id is not None:
                start, end = told.get((user_id, kind), (change.start, change.end))
                told[user_id, kind] = (min(start, change.start), max(end, change.end))
    now = clock.now()
    for (user_id, kind), (start, end) in told.items():
        moved = about.Shift(principal.actor, schedule.name, schedule.id, start, end)
        notices.queue(schedule.organization_id, kind, [notices.Queued(ids.new(), user_id, moved)], now)


def _record(principal: Principal, schedule: Schedule, kind: Kind, data: dict[str, str | None]) -> None:
    Schedule.objects.filter(id=schedule.id).update(updated_at=clock.Now())
    record.write(principal, kind, {"scheduleId": str(schedule.id), **data})
