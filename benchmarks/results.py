"""What was measured, as a table: on the screen and in RESULTS.md."""

import os
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")

HEAD = """# Results

Written by `make bench`, on one machine, in one run: processor time, latency, rates and memory of Nightbell's own
processes and of its PostgreSQL (fsync on, Unix socket). The client and the mail sink are other processes; their
processor time is not counted, and they ran on the same processors. The floor is what the bare libraries do on this
machine in the same run. [docs/explanation/measurements.md](../docs/explanation/measurements.md) says how each figure is
taken.

"""


@dataclass(frozen=True)
class Row:
    """One figure: what, at least what, what it was, and the floor beside it."""

    what: str
    target: str
    measured: str
    floor: str = ""


def machine(postgres_version: str) -> str:
    """What it was measured on, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return (
        f"{os.cpu_count()} processors ({model}), {memory:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, PostgreSQL {postgres_version}"
    )


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | target | measured | floor |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.target} | {row.measured} | {row.floor} |" for row in rows]
    return "\n".join(lines)


def write(rows: Iterable[Row], postgres_version: str, load: tuple[float, float]) -> None:
    """Write RESULTS.md."""
    date = time.strftime("%Y-%m-%d", time.gmtime())
    about = f"{machine(postgres_version)}.\n{date}; load average before {load[0]:.1f}, after {load[1]:.1f}.\n"
    RESULTS.write_text(f"{HEAD}{about}\n{table(rows)}\n")
