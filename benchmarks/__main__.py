"""`python -m benchmarks [PART …]`: measures this machine, and writes RESULTS.md where all parts were measured."""

import os
import warnings
from collections.abc import Callable

import click

from benchmarks import asking, crashing, deadlines, mailing, memory, neighbours, oncall, results, slacking
from benchmarks.installation import Installation

PARTS: dict[str, Callable[[Installation], list[results.Row]]] = {
    "memory": memory.measure,
    "requests": asking.measure,
    "latency": mailing.measure_latency,
    "sustained": mailing.measure_rate,
    "slack": slacking.measure,
    "crash": crashing.measure,
    "together": deadlines.measure_together,
    "lateness": deadlines.measure_lateness,
    "neighbours": neighbours.measure,
    "oncall": oncall.measure,
}


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)), metavar="[PART]...")
def main(parts: tuple[str, ...]) -> None:
    """Measure, for about five minutes, on the loopback only. A PART is one of: memory, requests, latency, sustained,
    slack, crash, together, lateness, neighbours, oncall.
    """
    warnings.simplefilter("ignore")
    load, rows = os.getloadavg()[0], []
    with Installation() as here:
        version = here.ask("show server_version")[0][0].split()[0]
        click.echo(results.machine(version))
        for part in parts or PARTS:
            for row in PARTS[part](here):
                rows.append(row)
                beside = f"   floor: {row.floor}" if row.floor else ""
                click.echo(f"{row.what}: {row.measured}   target: {row.target or 'none'}{beside}")
    if not parts:
        results.write(rows, version, (load, os.getloadavg()[0]))
        click.echo(f"Written to {results.RESULTS}")


if __name__ == "__main__":
    main()
