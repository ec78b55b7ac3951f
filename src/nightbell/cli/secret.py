"""The verbs about the keys that keep others' tokens unreadable: `nightbell secret new-key` and `secret rotate`."""

import os
from collections.abc import Callable
from types import ModuleType

import click
import django
from cryptography.fernet import Fernet

from nightbell.cli import database
from nightbell.conf import env


@click.group()
def secret() -> None:
    """Make and change the keys with which tokens of other services are encrypted."""


@secret.command(name="new-key")
def new_key() -> None:
    """Print a new key, for NIGHTBELL_ENCRYPTION_KEYS.

    \b
    NIGHTBELL_ENCRYPTION_KEYS=$(nightbell secret new-key)
    """
    click.echo(Fernet.generate_key().decode())


@secret.command()
@click.pass_obj
def rotate(load: Callable[[str], ModuleType]) -> None:
    """Encrypt every token anew, with the first of NIGHTBELL_ENCRYPTION_KEYS.

    \b
    Put a new key in front, restart Nightbell, run this, then take the old key out:
    NIGHTBELL_ENCRYPTION_KEYS=NEW,OLD nightbell secret rotate
    """
    settings = env.read()
    with database.database_url(settings) as url:
        os.environ["NIGHTBELL_DATABASE_URL"] = url
        django.setup()
        count = load("rotation").rotate()
    click.echo(f"{count} token{'' if count == 1 else 's'} encrypted with the first key.")
