"""Bringing the tables up to date: the only place that runs migrations, on one machine at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

# Any number will do that nobody else locks in this database: "nightbell" in ASCII, cut to eight bytes.
LOCK = 0x6E6967687462656C

# Machines that start together take turns; the others find nothing left to do.
TAKE = f"select pg_try_advisory_lock({LOCK})"
GIVE_BACK = f"select pg_advisory_unlock({LOCK})"

# A migration may take long, but must not make paging wait for a lock it cannot get.
PATIENT = "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set lock_timeout = '3s'"

VERSION = "show server_version"

LOCK_NOT_AVAILABLE = "55P03"
TURN_SECONDS = 600.0
ATTEMPTS = 20
PAUSE_SECONDS = 0.5


def pending() -> list[str]:
    """The migrations this version has and the database has not, by name."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def migrate() -> list[str]:
    """Run what is pending, and say what that was. Raises OperationalError where a lock is not to be had for long."""
    with connection.cursor() as cursor:
        cursor.execute(PATIENT)
    with _turn():
        done = pending()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                call_command("migrate", interactive=False, verbosity=0)
                break
            except OperationalError as error:
                # Each migration is a transaction: what is done stays done, and the next attempt goes on from there.
                if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE or attempt == ATTEMPTS:
                    raise
                time.sleep(PAUSE_SECONDS)
    connection.close()
    return done


def server_version() -> str:
    """What the server calls itself, like 18.1."""
    with connection.cursor() as cursor:
        cursor.execute(VERSION)
        (version,) = cursor.fetchone()
    return str(version)


@contextmanager
def _turn() -> Iterator[None]:
    # Tried again and again rather than waited for: a wait is ended by lock_timeout, and holds a snapshot open.
    until = time.monotonic() + TURN_SECONDS
    while not _ask(TAKE):
        if time.monotonic() > until:
            raise OperationalError("another machine has been migrating this database for too long")
        time.sleep(PAUSE_SECONDS)
    try:
        yield
    finally:
        _ask(GIVE_BACK)


def _ask(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        (answer,) = cursor.fetchone()
    return bool(answer)
