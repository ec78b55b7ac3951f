"""The verb that brings the tables up to date: `nightbell migrate`."""

from nightbell.cli import answers
from nightbell.data import upgrade


def migrate(quiet: bool, as_json: bool) -> None:
    """Bring the database's tables up to date. `nightbell serve` does it by itself.

    Machines that do it at once take turns, and paging goes on meanwhile.
    """
    done = upgrade.migrate()
    if quiet:
        lines = [f"The database is up to date: {len(done)} migrations."] if done else []
    else:
        lines = [f"Done: {each}" for each in done] or ["Nothing to do."]
    answers.show({"migrated": done}, as_json, *lines)
