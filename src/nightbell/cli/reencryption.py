"""What `nightbell secret rotate` does once there is a database."""

import click

from nightbell.actions import workspaces
from nightbell.cli import output, proof
from nightbell.data import secrets
from nightbell.data.access.principal import Principal


def rotate() -> int:
    """Encrypt every token anew; how many there were."""
    try:
        proof.session()
        with output.plainly():
            return workspaces.rotate(Principal.operator())
    except secrets.Unreadable as error:
        raise click.ClickException(str(error)) from error
