"""The verb that prints the description of the REST API: `nightbell openapi`."""

import click

from nightbell.api import reference, v1


def openapi() -> None:
    """Print the OpenAPI description of the REST API, as JSON."""
    click.echo(reference.text(v1.api), nl=False)
