"""What the verbs that move an installation do: `nightbell db export` and `db import`."""

import os
from collections.abc import Callable
from pathlib import Path

import click
import psycopg

from nightbell import postgres
from nightbell.actions import ids
from nightbell.cli import database, output, proof
from nightbell.cli.setting_up import HOLD
from nightbell.conf import env
from nightbell.core.incident import actor
from nightbell.core.record import Kind
from nightbell.data import holds, record
from nightbell.postgres import catalogue, transfer

Copy = Callable[[str, Path, transfer.Report], transfer.Manifest]


def export_file(file: Path) -> None:
    """Write everything, as of this instant, to FILE. Nightbell may keep running.

    Keep the file as you keep the database: it holds names, addresses and password hashes. What sessions and links are
    signed with is not in it.
    """

    def write(url: str, path: Path, report: transfer.Report) -> transfer.Manifest:
        manifest = transfer.write_file(url, path, report)
        try:
            with psycopg.connect(url) as connection, connection.cursor() as cursor:
                record.write_everywhere(cursor, ids.stream(), actor.COMMAND_LINE, Kind.EXPORTED)
        except psycopg.Error as error:
            # The file is whole all the same: a standby gives one, and takes no rows.
            click.echo(f"This is on no record: {str(error).strip()}", err=True)
        return manifest

    _run("Exporting", write, file)


def import_file(file: Path, paging: str) -> None:
    """Read FILE into an empty, freshly migrated database."""
    counted: list[tuple[int, int]] = []

    def finish(connection: catalogue.Connection) -> None:
        with connection.cursor() as cursor:
            record.write_everywhere(cursor, ids.stream(), actor.COMMAND_LINE, Kind.IMPORTED)
            if paging == HOLD:
                holds.hold(cursor, ids.stream())
            counted.append(holds.count_open(cursor))

    _run("Importing", lambda url, path, report: transfer.read_file(url, path, report, finish), file)
    click.echo(_next(*counted[-1]))


def _next(held: int, running: int) -> str:
    """What became of what was open in the file, and what to do next. With `resume` it may have been held before."""
    said = []
    if running:
        incidents = output.counted(running, "incident")
        said.append(f"Paging goes on for {incidents} open in the file as soon as an engine runs.")
    if held:
        incidents = output.counted(held, "incident")
        said.append(
            f"Paging is held for {incidents} open in the file: nobody is paged for them, only for what opens now."
        )
        said.append("Next:  nightbell serve,  look at them, then  nightbell paging resume.")
        return " ".join(said)
    return " ".join([*(said or ["No incident was open in the file: nothing is held."]), "Next:  nightbell serve."])


def _run(label: str, copy: Copy, file: Path) -> None:
    with database.database_url(env.read()) as url:
        env.put(os.environ, "database_url", url)
        proof.session()
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
