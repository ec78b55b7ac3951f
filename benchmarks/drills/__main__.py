"""`python -m benchmarks.drills [ROW …]`: does them, and writes DRILLS.md where all were done."""

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import click

from benchmarks.drills import databases, mailing, queues, seen, standstill
from nightbell import postgres

Drill = Callable[[], list[seen.Seen]]

# By their rows in the list of faults. These mostly wait, the longest first,
SIDE_BY_SIDE: dict[str, Drill] = {
    "E14": mailing.away,
    "E9": mailing.thinks,
    "P23": databases.read_only,
    "E8": mailing.ours,
    "E13": mailing.everybody,
    "P22": databases.stepped_back,
    "P24": standstill.web,
    "P25": standstill.engine,
    "E10": mailing.slow,
    "P21": databases.cut_off,
    "P20": databases.copied,
    "P26": databases.pooled,
}
# and these compare delays, which others would change.
ALONE: dict[str, Drill] = {"P28, P29": queues.many, "P32": queues.trickling, "P33": queues.hanging}
WORKERS = 5


@click.command()
@click.argument("rows", nargs=-1, metavar="[ROW]...")
def main(rows: tuple[str, ...]) -> None:
    """Do the faults of the outside world to real processes, on the loopback only, for about ten minutes.

    A ROW is one number of the list of faults, such as P23. The exit code says whether everything held.
    """
    warnings.simplefilter("ignore")
    if unknown := set(rows) - {row for key in (*SIDE_BY_SIDE, *ALONE) for row in key.split(", ")}:
        raise click.UsageError(f"no drill is called {', '.join(sorted(unknown))}")
    load, began = os.getloadavg()[0], time.monotonic()
    lines: list[seen.Line] = []
    for group, workers in ((SIDE_BY_SIDE, WORKERS), (ALONE, 1)):
        chosen = {key: drill for key, drill in group.items() if not rows or set(rows) & set(key.split(", "))}
        for line in _done(chosen, workers):
            lines.append(line)
            click.echo(": ".join(line.cells))
    if not rows:
        program = postgres.find_binaries().postgres
        version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[2]
        lines.sort(key=lambda line: (line.number[0] != "P", int(line.number[1:].split(",")[0])))
        seen.write(lines, version, (load, os.getloadavg()[0]), time.monotonic() - began)
        click.echo(f"Written to {seen.DRILLS}")
    sys.exit(any(line.seen.ok is False for line in lines))


def _done(drills: dict[str, Drill], workers: int) -> Iterator[seen.Line]:
    """What each of them saw, as they end."""
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(drill): (key, drill) for key, drill in drills.items()}
        for done in as_completed(running):
            key, drill = running[done]
            yield from (seen.Line(key, each) for each in _seen(done, drill))


def _seen(done: "Future[list[seen.Seen]]", drill: Drill) -> Iterable[seen.Seen]:
    # Whatever it was: that a drill could not be done to its end is what was seen.
    if (error := done.exception()) is None:
        return done.result()
    what = (drill.__doc__ or "").strip().splitlines()[0]
    return [seen.Seen(what, "", f"{type(error).__name__}: {error}".replace("\n", " ")[:300], False)]


if __name__ == "__main__":
    main()
