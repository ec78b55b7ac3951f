"""What a verb says: the only place that prints data, as words or as JSON, and that turns a refusal into one line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from django.db import InterfaceError, OperationalError, ProgrammingError

from nightbell.cli import survival
from nightbell.core import errors

UNDEFINED_TABLE = "42P01"


def show(data: Mapping[str, Any], as_json: bool, *lines: str) -> None:
    """Print the data for a program, or the lines for a person."""
    if as_json:
        survival.print_json(data)
        return
    for line in lines:
        click.echo(line)


def counted(count: int, thing: str) -> str:
    """`1 incident`, `2 incidents`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def confirm(question: str, yes: bool) -> None:
    """Ask before something that cannot be taken back. Ends the verb where the answer is not yes, or nobody is there."""
    if yes:
        return
    try:
        sure = click.confirm(question, err=True)
    except click.Abort:
        raise click.ClickException("Nobody said yes, and nothing was changed: --yes does it without asking.") from None
    if not sure:
        raise click.ClickException("Nothing was changed.")


@contextmanager
def plainly() -> Iterator[None]:
    """Say what was refused, or what is wrong with the database, in one line."""
    try:
        yield
    except errors.Rejected as refusal:
        field = f"{refusal.field}: " if refusal.field else ""
        raise click.ClickException(f"{field}{refusal.message}") from refusal
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) != UNDEFINED_TABLE:
            raise
        raise click.ClickException("The database has no tables of Nightbell yet: run nightbell migrate.") from error
    except (OperationalError, InterfaceError) as error:
        raise click.ClickException(f"The database does not answer: {str(error).strip()}") from error
