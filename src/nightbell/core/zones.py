"""Time zones by their IANA names: the only place that reads their rules, from the pinned package, never the system's.

The two disagree in practice, and then the pager and the calendar would. A zone's rules are data that ship with the
program, like its code: reading them is no more a side effect than importing a module.
"""

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

# In the package's list, and no zone: what the clock of an unconfigured machine is set to.
_NO_ZONES = {"Factory"}
_SHOWN = 64


def zone(name: str) -> ZoneInfo:
    """The rules of the zone of this name, `Europe/Berlin`. Raises ValueError for a name that is not in `names()`."""
    # Only listed names go near a file, whatever they contain.
    if name not in names():
        raise ValueError(f"{name[:_SHOWN]!r} is not an IANA time zone, like Europe/Berlin.")
    return _read(name)


@cache
def names() -> frozenset[str]:
    """Every name there is, old ones included."""
    return frozenset((_package() / "zones").read_text(encoding="ascii").split()) - _NO_ZONES


@cache
def source() -> str:
    """Which rules are in use: `tzdata 2026f`."""
    with (_package() / "zoneinfo" / "tzdata.zi").open(encoding="ascii") as file:
        version = file.readline().removeprefix("# version").strip()
    return f"tzdata {version}"


@cache
def _read(name: str) -> ZoneInfo:
    with (_package() / "zoneinfo" / name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _package() -> Traversable:
    return resources.files("tzdata")
