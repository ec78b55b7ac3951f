"""The only place that finds the database a verb works on: the one named, or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from nightbell import postgres
from nightbell.conf import env
from nightbell.postgres import layout

# Where `serve` on this data directory is reached: what a link made by another verb must lead to.
_URL = "url"


def data_directory(settings: env.Settings) -> Path:
    """Where the embedded server keeps everything."""
    return settings.data_dir or postgres.default_data_directory()


def remember_url(settings: env.Settings, url: str) -> None:
    """Leave word where this installation is reached."""
    data = data_directory(settings).resolve()
    layout.write(data / _URL, f"{url}\n{data}\n")


def remembered_url(settings: env.Settings) -> str | None:
    """Where the latest `serve` said it is reached; in a copy nobody did, the word is of the original."""
    data = data_directory(settings).resolve()
    try:
        url, of = (data / _URL).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    return url if of == str(data) else None


@contextmanager
def database_url(settings: env.Settings) -> Iterator[str]:
    """NIGHTBELL_DATABASE_URL, or the embedded server of NIGHTBELL_DATA_DIR, shared with whoever runs it."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    try:
        server = postgres.share(data_directory(settings))
    except postgres.PostgresError as error:
        raise click.ClickException(str(error)) from error
    with server:
        yield server.url


def running_database_url(settings: env.Settings) -> str:
    """The same, without ever starting one: for what runs beside others on it."""
    if settings.database_url is not None:
        return settings.database_url
    try:
        return postgres.attach(data_directory(settings)).url
    except postgres.PostgresError as error:
        raise click.ClickException(str(error)) from error
