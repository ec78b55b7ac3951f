"""What the verbs about the keys of others' tokens do: `nightbell secret new-key` and `secret rotate`."""

import os

import click
import django
from cryptography.fernet import Fernet

from nightbell.cli import database
from nightbell.conf import env


def new_key() -> None:
    """Print a new key, for NIGHTBELL_ENCRYPTION_KEYS."""
    click.echo(Fernet.generate_key().decode())


def rotate() -> None:
    """Encrypt every token anew, with the first of NIGHTBELL_ENCRYPTION_KEYS."""
    settings = env.read()
    with database.database_url(settings) as url:
        env.put(os.environ, "database_url", url)
        django.setup()
        count = click.get_current_context().obj("reencryption").rotate()
    click.echo(f"{count} token{'' if count == 1 else 's'} encrypted with the first key.")
