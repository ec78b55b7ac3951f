"""The verb that brings the tables up to date: `nightbell migrate`."""

from nightbell.cli import output, proof
from nightbell.data import upgrade


def migrate(quiet: bool, wait: bool, as_json: bool) -> None:
    """Bring the database's tables up to date. `nightbell serve` does it by itself.

    Machines that do it at once take turns, and paging goes on meanwhile.
    """
    if wait:
        done = proof.patiently(upgrade.migrate)
    else:
        proof.session()
        done = upgrade.migrate()
    if quiet:
        lines = [f"The database is up to date: {len(done)} migrations."] if done else []
    else:
        lines = [f"Done: {each}" for each in done] or ["Nothing to do."]
    output.show({"migrated": done}, as_json, *lines)
