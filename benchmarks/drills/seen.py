"""What a drill saw, as a table: on the screen and in DRILLS.md."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import results

DRILLS = Path(__file__).parents[1] / "DRILLS.md"

HEAD = """# Drills

Written by `make drills`, on one machine, in one run: each fault was done to a whole `nightbell serve` on a data
directory of its own, with a real mail server on the loopback, at the lengths an installation would meet. Those that
mostly wait ran side by side; those that compare one delay with another ran alone.
[docs/explanation/measurements.md](../docs/explanation/measurements.md) says how each is done.

"""


@dataclass(frozen=True)
class Seen:
    """What must hold, and what was seen; `ok` is None where nobody could look."""

    what: str
    must: str
    seen: str
    ok: bool | None


@dataclass(frozen=True)
class Line:
    """The same, with its row's number."""

    number: str
    seen: Seen

    @property
    def cells(self) -> tuple[str, ...]:
        """As they stand in the table."""
        ok = {True: "ok", False: "**not ok**", None: "not done"}[self.seen.ok]
        return self.number, self.seen.what, self.seen.must, self.seen.seen, ok


def table(lines: Iterable[Line]) -> str:
    """The lines as Markdown."""
    rows: list[tuple[str, ...]] = [("row", "what was done", "what must hold", "what was seen", ""), ("---",) * 5]
    rows += [line.cells for line in lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write(lines: Iterable[Line], postgres_version: str, load: tuple[float, float], seconds: float) -> None:
    """Write DRILLS.md."""
    date = time.strftime("%Y-%m-%d", time.gmtime())
    about = f"{results.machine(postgres_version)}.\n{date}; {seconds / 60:.0f} minutes; "
    about += f"load average before {load[0]:.1f}, after {load[1]:.1f}.\n"
    DRILLS.write_text(f"{HEAD}{about}\n{table(lines)}\n")
