"""The only place that finds the database a verb works on: the one named, or the embedded one."""

import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from nightbell import postgres
from nightbell.cli import children, whereabouts
from nightbell.conf import env
from nightbell.postgres import layout


def data_directory(settings: env.Settings) -> Path:
    """Where the embedded server keeps everything."""
    return settings.data_dir or postgres.default_data_directory()


def remember_url(settings: env.Settings, url: str, at: str) -> None:
    """Leave word where this installation is reached, and where it listens. Without a place for it there is none."""
    directory = data_directory(settings)
    with suppress(postgres.PostgresError, OSError):
        layout.make(layout.of(directory))
        whereabouts.leave(directory, url, at)


def remembered_url(settings: env.Settings) -> str | None:
    """Where the latest `serve` said it is reached: what a link made by another verb must lead to."""
    word = whereabouts.read(data_directory(settings))
    return word.url if word else None


@contextmanager
def database_url(settings: env.Settings) -> Iterator[str]:
    """NIGHTBELL_DATABASE_URL, or the embedded server of NIGHTBELL_DATA_DIR, shared with whoever runs it."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    try:
        server = postgres.share(data_directory(settings))
    except postgres.PostgresError as error:
        raise click.ClickException(_said(error, data_directory(settings))) from error
    with server:
        yield server.url


def running_database_url(settings: env.Settings) -> str:
    """The same, without ever starting one: for what runs beside others on it."""
    if settings.database_url is not None:
        return settings.database_url
    try:
        return postgres.attach(data_directory(settings)).url
    except postgres.PostgresError as error:
        raise click.ClickException(_said(error, data_directory(settings))) from error


def _said(error: postgres.PostgresError, directory: Path) -> str:
    """What is wrong; where it runs for another user, the line that does the same as that user."""
    if not isinstance(error, postgres.OtherUser):
        return str(error)
    program, *typed = sys.argv
    command = [shutil.which(program) or program] if Path(program).name == "nightbell" else children.PROGRAM
    line = ["sudo", "-u", error.user, "env", f"NIGHTBELL_DATA_DIR={directory.absolute()}", *command, *typed]
    return f"{error}\n  {shlex.join(line)}"
