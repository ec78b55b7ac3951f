"""The hidden verb that fills the demo's database."""

import click

from nightbell.data import upgrade
from nightbell.demo import people


@click.command()
def demo_prepare() -> None:
    """Make the demo's people, in an empty database."""
    upgrade.migrate()
    people.prepare()
