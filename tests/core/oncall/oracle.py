"""Who is on call, found the slow way: shift after shift from the first, on a list of clock changes found by bisection.

It shares no code and no idea with the product: no fold, no guess at a shift's number, no arithmetic from UTC to dates.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from nightbell.core import oncall
from tests.core.oncall import transitions

DAY = timedelta(days=1)
# No clock change in 2000–2040 is larger than a whole day.
FAR = timedelta(days=2)


def wall(name: str, at: datetime) -> datetime:
    """What the clocks of a zone show, without a zone."""
    return at.replace(tzinfo=None) + transitions.offset(name, at)


def shows(name: str, shown: datetime) -> list[datetime]:
    """Every instant at which the clocks show this, in order: none in a gap, two in a repeated hour."""
    instants = set()
    utc = shown.replace(tzinfo=transitions.FIRST.tzinfo)
    for near in (utc - FAR, utc - DAY, utc, utc + DAY, utc + FAR):
        candidate = utc - transitions.offset(name, near)
        if wall(name, candidate) == shown:
            instants.add(candidate)
    return sorted(instants)


@lru_cache(maxsize=100_000)
def happens(name: str, shown: datetime) -> datetime:
    """When something planned for this wall time happens, by RFC 5545, 3.3.5."""
    instants = shows(name, shown)
    if instants:
        return instants[0]
    for change in transitions.of(name):
        start, end = change.walls
        if change.before < change.after and start <= shown < end:
            return change.at + (shown - start)
    raise AssertionError(f"{name} neither shows {shown} nor skips it")


def handoffs(name: str, rotation: oncall.Rotation, end: datetime) -> list[datetime]:
    """The starts of the shifts, from the first to the last before `end`."""
    found = [rotation.effective_from]
    day = wall(name, rotation.effective_from).date()
    while True:
        day += rotation.length_days * DAY
        at = happens(name, datetime.combine(day, rotation.handoff_time.replace(fold=0)))
        if at >= end:
            return found
        found.append(max(at, rotation.effective_from))


def people(schedule: oncall.Schedule, at: datetime) -> dict[int, UUID]:
    """Who is on call at each position that has anybody."""
    found = {}
    for rotation in schedule.layers:
        user_id = turn(schedule, rotation, at)
        if user_id is not None:
            found[rotation.position] = user_id
    by_layer = {rotation.id: rotation.position for rotation in schedule.layers}
    in_force = [each for each in schedule.overrides if each.starts_at <= at and not at >= each.ends_at]
    in_force = [each for each in in_force if each.user_id not in schedule.inactive]
    for override in in_force:
        if override.layer_id is not None:
            found[by_layer[override.layer_id]] = override.user_id
    for override in in_force:
        if override.layer_id is None:
            found[0] = override.user_id
    return found


def turn(schedule: oncall.Schedule, rotation: oncall.Rotation, at: datetime) -> UUID | None:
    """Whose turn it is in a rotation, overrides aside."""
    if at < rotation.effective_from or (rotation.effective_until is not None and at >= rotation.effective_until):
        return None
    started = [each for each in handoffs(schedule.timezone, rotation, at + FAR) if each <= at]
    order = list(rotation.participants)
    for _ in range(rotation.offset + len(started) - 1):
        order.append(order.pop(0))
    active = [user_id for user_id in order if user_id not in schedule.inactive]
    return active[0] if active else None
