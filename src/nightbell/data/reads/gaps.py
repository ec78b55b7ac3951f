"""Hours in which nobody is on call, in the next two weeks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from nightbell.core import oncall
from nightbell.data.access.principal import Principal
from nightbell.data.reads import schedules

AHEAD = timedelta(days=14)

OF_ORGANIZATION = """
select s.id, s.name from schedule s where s.organization_id = %(organization)s order by lower(s.name), s.id
"""


@dataclass(frozen=True, slots=True)
class ScheduleGaps:
    """A schedule, and its gaps in the next two weeks, as pairs of start and end; there is at least one."""

    schedule_id: UUID
    name: str
    gaps: tuple[tuple[datetime, datetime], ...]


def of_organization(principal: Principal, now: datetime) -> list[ScheduleGaps]:
    """The organization's schedules that have gaps, by name."""
    return of_organization_id(principal.organization_id, now)


def of_organization_id(organization_id: UUID, now: datetime) -> list[ScheduleGaps]:
    """The same, for nobody in particular."""
    with connection.cursor() as cursor:
        cursor.execute(OF_ORGANIZATION, {"organization": organization_id})
        return _with_gaps(cursor.fetchall(), now)


def of_schedules(principal: Principal, schedule_ids: Iterable[UUID], now: datetime) -> list[ScheduleGaps]:
    """Those of these schedules of the organization that have gaps, by name."""
    wanted = set(schedule_ids)
    return _with_gaps([(each.id, each.name) for each in schedules.listed(principal) if each.id in wanted], now)


def _with_gaps(named: Sequence[tuple[UUID, str]], now: datetime) -> list[ScheduleGaps]:
    loaded = schedules.load((schedule_id for schedule_id, _ in named), now, now + AHEAD)
    found = (
        ScheduleGaps(schedule_id, name, oncall.gaps(loaded[schedule_id], now, now + AHEAD))
        for schedule_id, name in named
        if schedule_id in loaded  # or it was deleted in between
    )
    return [each for each in found if each.gaps]
