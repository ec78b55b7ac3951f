"""When the clocks of a zone change: found by looking at its offsets, and by nothing that the product itself uses."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources

from nightbell.core import zones

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
LAST = datetime(2041, 1, 1, tzinfo=UTC)
# Shorter than the shortest time between two changes of one zone (Ramadan in Morocco and Egypt).
STEP = timedelta(days=9)
SECOND = timedelta(seconds=1)

NAMES = sorted(zones.names())


@dataclass(frozen=True)
class Transition:
    """At `at` (UTC) the clocks go from `before` to `after`, both offsets from UTC."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def walls(self) -> tuple[datetime, datetime]:
        """What the clocks would have shown, and what they show instead: the walls of the gap, or of the repetition."""
        wall = self.at.replace(tzinfo=None)
        one, other = wall + self.before, wall + self.after
        return min(one, other), max(one, other)


def offset(name: str, at: datetime) -> timedelta:
    """How far the clocks are from UTC at an instant."""
    found = at.astimezone(zones.zone(name)).utcoffset()
    assert found is not None
    return found


@cache
def of(name: str) -> tuple[Transition, ...]:
    """Every change between 2000 and 2040, by bisection."""
    found = []
    left = FIRST
    while left < LAST:
        right = left + STEP
        before, after = offset(name, left), offset(name, right)
        if before != after:
            found.append(Transition(_between(name, left, right), before, after))
        left = right
    return tuple(found)


@cache
def distinct() -> tuple[str, ...]:
    """One name for each set of rules: many are old names of one zone, with the same file."""
    files = {(resources.files("tzdata") / "zoneinfo" / name).read_bytes(): name for name in reversed(NAMES)}
    return tuple(sorted(files.values()))


def _between(name: str, left: datetime, right: datetime) -> datetime:
    before = offset(name, left)
    while right - left > SECOND:
        middle = left + (right - left) // 2
        middle = middle.replace(microsecond=0)
        left, right = (middle, right) if offset(name, middle) == before else (left, middle)
    return right
