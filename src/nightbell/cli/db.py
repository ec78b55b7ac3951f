"""The verbs that move an installation from one database to another: `nightbell db export` and `db import`."""

from collections.abc import Callable
from pathlib import Path

import click

from nightbell import postgres
from nightbell.cli import database
from nightbell.conf import env
from nightbell.postgres import transfer


@click.group()
def db() -> None:
    """Move an installation from one database to another."""


@db.command(name="export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_file(file: Path) -> None:
    """Write everything, as of this instant, to FILE. Nightbell may keep running."""
    _run("Exporting", transfer.write_file, file)


@db.command(name="import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Read FILE into an empty, freshly migrated database."""
    _run("Importing", transfer.read_file, file)


def _run(label: str, copy: Callable[[str, Path, transfer.Report], transfer.Manifest], file: Path) -> None:
    with database.database_url(env.read()) as url:
        try:
            with click.progressbar(length=1, label=label) as bar:

                def report(done: int, total: int) -> None:
                    bar.length = total
                    bar.update(done - bar.pos)

                manifest = copy(url, file, report)
        except postgres.PostgresError as error:
            raise click.ClickException(str(error)) from error
    rows = sum(table.rows for table in manifest.tables.values())
    click.echo(f"{rows} rows in {len(manifest.tables)} tables.")
