"""Losing an installation and bringing it back from a file: by the verbs, in the database it was in."""

from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner
from django.db import connection

from nightbell import postgres
from nightbell.cli.__main__ import cli
from nightbell.demo import clock
from tests import tables

# What somebody who empties a database by hand does not think of: the import's refusal does not name them.
FORGOTTEN = ("installation", "django_session")
# How old the file is when it is read.
AGE = timedelta(days=40)


def export(server: postgres.Server, file: Path) -> str:
    """Write the file; the last line of what was said."""
    return _run(server, "export", str(file))


def lose(keep: tuple[str, ...] = ()) -> None:
    """Every row is gone but those of these tables."""
    with connection.cursor() as cursor:
        cursor.execute(tables.emptying(keep))


def restore(server: postgres.Server, file: Path, *options: str, age: timedelta = AGE) -> str:
    """Write the file, lose everything, bring it back, and be so much later; the last line of what was said."""
    with connection.cursor() as cursor:
        clock.remove(cursor)  # an installation has none of it
    try:
        export(server, file)
        lose(keep=FORGOTTEN)
        return _run(server, "import", *options, str(file))
    finally:
        with connection.cursor() as cursor:
            clock.install(cursor)
        clock.advance(age)


def _run(server: postgres.Server, *verb: str) -> str:
    done = CliRunner(env={"NIGHTBELL_DATABASE_URL": server.url}).invoke(cli, ["db", *verb])
    assert done.exit_code == 0, done.output
    return str(done.stdout.splitlines()[-1])
