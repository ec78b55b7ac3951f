"""What `nightbell secret rotate` does once there is a database."""

import click

from nightbell.actions import workspaces
from nightbell.cli import answers, proof
from nightbell.data import secrets


def rotate() -> int:
    """Encrypt every token anew; how many there were."""
    try:
        proof.session()
        with answers.plainly():
            return workspaces.rotate()
    except secrets.Unreadable as error:
        raise click.ClickException(str(error)) from error
