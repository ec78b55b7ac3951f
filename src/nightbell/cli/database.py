"""The only place that finds the database a verb works on: the one named, or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from nightbell import postgres
from nightbell.conf import env


@contextmanager
def database_url(settings: env.Settings) -> Iterator[str]:
    """NIGHTBELL_DATABASE_URL, or the embedded server of NIGHTBELL_DATA_DIR, shared with whoever runs it."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    try:
        server = postgres.share(settings.data_dir or postgres.default_data_directory())
    except postgres.PostgresError as error:
        raise click.ClickException(str(error)) from error
    with server:
        yield server.url


def running_database_url(settings: env.Settings) -> str:
    """The same, without ever starting one: for what runs beside others on it."""
    if settings.database_url is not None:
        return settings.database_url
    try:
        return postgres.attach(settings.data_dir or postgres.default_data_directory()).url
    except postgres.PostgresError as error:
        raise click.ClickException(str(error)) from error
