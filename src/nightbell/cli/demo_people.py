"""The hidden verb that fills the demo's database."""

from nightbell.data import upgrade
from nightbell.demo import people


def demo_prepare() -> None:
    """Make the demo's people, in an empty database."""
    upgrade.migrate()
    people.prepare()
