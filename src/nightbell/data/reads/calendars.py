"""What calendars read: whose token it is, and the shifts of a schedule or a person as events that keep their names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import connection

from nightbell.core import oncall
from nightbell.core.incident import actor
from nightbell.data.access import principal
from nightbell.data.access.principal import Principal
from nightbell.data.reads import on_call, schedules

PREFIX = "nb_cal_"
BACK = timedelta(days=90)
AHEAD = timedelta(days=180)
# A shift is no longer than its rotation's length and what the clocks and the first handoff add to it.
_SLACK = timedelta(days=2)
_LONGEST_OVERRIDE = timedelta(days=366)

HOLDER = """
select t.organization_id, t.user_id, t.created_at
from calendar_token t join account a on a.id = t.user_id and a.is_active
where t.digest = %(digest)s and t.revoked_at is null
"""

MADE_AT = """
select t.created_at from calendar_token t
where t.organization_id = %(organization)s and t.user_id = %(user)s and t.revoked_at is null
"""


@dataclass(frozen=True, slots=True)
class Event:
    """A shift in a calendar. Its `uid` stays while its start does, whoever has it."""

    uid: str
    start: datetime
    end: datetime
    schedule: schedules.Summary
    duty: oncall.Duty
    name: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar: what it is called, and its events by start."""

    name: str
    events: tuple[Event, ...]


def holder(token: str) -> Principal | None:
    """Whose token this is; None where it is unknown or revoked, or its owner has left."""
    with connection.cursor() as cursor:
        cursor.execute(HOLDER, {"digest": principal.digest(token)})
        row = cursor.fetchone()
    if row is None:
        return None
    organization_id, user_id, made_at = row
    return principal.of_member(organization_id, user_id, actor.Via.LINK, since=made_at)


def token_since(who: Principal) -> datetime | None:
    """When this member's token was made; None where they have none that reads anything."""
    assert who.actor.id is not None
    with connection.cursor() as cursor:
        cursor.execute(MADE_AT, {"organization": who.organization_id, "user": who.actor.id})
        (made_at,) = cursor.fetchone() or (None,)
    works = made_at and principal.of_member(who.organization_id, who.actor.id, actor.Via.LINK, since=made_at)
    return made_at if works else None


def of_schedule(who: Principal, schedule_id: UUID, now: datetime) -> Feed | None:
    """Every shift of every layer of a schedule of the organization; None where there is no such schedule."""
    summary = schedules.one(who, schedule_id)
    return None if summary is None else Feed(summary.name, _events([summary], now, None))


def of_person(who: Principal, now: datetime) -> Feed:
    """Every shift of this member, whatever the schedule."""
    return Feed(f"{who.actor.name}: on call", _events(schedules.listed(who), now, who.actor.id))


def _events(summaries: Iterable[schedules.Summary], now: datetime, user_id: UUID | None) -> tuple[Event, ...]:
    """The shifts that touch the time around today: from midnight, so that a calendar changes once a day by itself."""
    today = datetime.combine(now.date(), time(), now.tzinfo)
    start, end = today - BACK, today + AHEAD
    named = {summary.id: summary for summary in summaries}
    loaded = schedules.load_with_past(named, start - _LONGEST_OVERRIDE, end + _LONGEST_OVERRIDE)
    found = [
        (named[schedule_id], shift, shift.duty)
        for schedule_id, schedule in loaded.items()
        for shift in _shifts(schedule, start, end)
        if shift.duty is not None and user_id in {None, shift.duty.user_id}
    ]
    names = on_call.names(duty.user_id for _, _, duty in found)
    events = (
        Event(_uid(shift, duty), shift.start, shift.end, summary, duty, names[duty.user_id])
        for summary, shift, duty in found
    )
    return tuple(sorted(events, key=lambda event: (event.start, event.uid)))


def _shifts(schedule: oncall.Schedule, start: datetime, end: datetime) -> Iterator[oncall.Shift]:
    """The shifts of every layer that touch `[start, end)`, each whole: one that is cut off would change every day."""
    longest = max((layer.length_days for each in _versions(schedule) for layer in each.layers), default=0)
    first = [each.starts_at for each in schedule.overrides if each.starts_at < start < each.ends_at]
    last = [each.ends_at for each in schedule.overrides if each.starts_at < end < each.ends_at]
    for position in oncall.positions(schedule):
        margin = timedelta(days=longest) + _SLACK
        for shift in oncall.shifts(schedule, position, min([start - margin, *first]), max([end + margin, *last])):
            if shift.start < end and start < shift.end:
                yield shift


def _versions(schedule: oncall.Schedule) -> Iterator[oncall.Schedule]:
    yield schedule
    yield from (each.schedule for each in schedule.past)


def _uid(shift: oncall.Shift, duty: oncall.Duty) -> str:
    """An override has its own id, a turn its layer's and its number; either may come in pieces."""
    whose = f"{duty.layer_id}-{duty.shift}" if duty.override_id is None else f"{duty.override_id}"
    return f"{whose}-{shift.start:%Y%m%dT%H%M%SZ}@nightbell"
