"""The only place that reads what processes have used: processor time and memory, from the kernel's own books."""

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class _Stat:
    parent: int
    own: float
    reaped: float


def _read(pid: int) -> _Stat | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    user, system, child_user, child_system = (int(each) / TICKS for each in fields[11:15])
    return _Stat(int(fields[1]), user + system, child_user + child_system)


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(int(entry.name))) is not None:
            children[stat.parent].append(int(entry.name))
    found = [pid]
    for each in found:
        found += children[each]
    return found


def cpu(pid: int) -> float:
    """Seconds of processor time of a process, its descendants, and the children it has reaped."""
    stats = [stat for each in tree(pid) if (stat := _read(each)) is not None]
    return sum(stat.own + stat.reaped for stat in stats)


def memory(pid: int) -> float:
    """MiB of memory of a process and its descendants, what is shared counted in parts (PSS)."""
    return sum(memory_of_one(each) for each in tree(pid))


def memory_of_one(pid: int) -> float:
    """The same for one process alone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass  # it has ended meanwhile
    return 0.0


def name(pid: int) -> str:
    """What a process calls itself, for people."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def share(values: list[float], percent: float) -> float:
    """A percentile: the value that so many percent do not exceed."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
