"""The verb that looks at an installation from inside and changes nothing: `nightbell check`."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import click
import django
import psycopg
from django.db import Error

from nightbell import postgres
from nightbell.channels import registry
from nightbell.cli import database, output
from nightbell.conf import env
from nightbell.core import health as core_health
from nightbell.core import zones
from nightbell.data import bounded, clock, holds, sessions, upgrade
from nightbell.data.reads import admins, health, organizations

OLDEST_SERVER = 14
CLOCKS_APART_SECONDS = 2.0
MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is right, and a sentence about it."""

    name: str
    ok: bool
    says: str
    # What is to be done before anything that is found after it counts; empty where that is for the sentence to say.
    first: str = ""


# What a new installation needs, in this order.
_NAME_DATABASE = "make NIGHTBELL_DATABASE_URL lead to a PostgreSQL that answers"
_SERVE = "nightbell serve  (it makes its database, or brings the tables up to date)"
_CREATE = 'nightbell org create "Acme" --admin ana@example.com --first-name Ana'
_PREREQUISITES = ("database", "migrations")


def check(as_json: bool) -> None:
    """Look at this installation: environment, database, clock, channels. The exit code is 1 if something is wrong.

    The mail server is asked for everything a page needs, up to its recipient. No mail is sent and nothing is changed.
    """
    settings = env.read()
    database_findings = list(_database(settings))
    findings = [
        Finding("environment", ok=True, says="every variable is right"),
        Finding("time zones", ok=True, says=f"{zones.source()}, whatever the system has"),
        *database_findings,
        *_channels(settings, migrated=any(each.ok for each in database_findings if each.name == "migrations")),
    ]
    first = next((each.first for each in findings if each.first), "")
    lines = [f"{'ok   ' if each.ok else 'WRONG'}  {each.name}: {each.says}" for each in findings]
    lines += [f"First:  {first}"] if first else []
    ok = all(each.ok for each in findings)
    data = [{"name": each.name, "ok": each.ok, "says": each.says} for each in findings]
    output.show({"ok": ok, "first": first or None, "findings": data}, as_json, *lines)
    sys.exit(0 if ok else 1)


def _database(settings: env.Settings) -> Iterator[Finding]:
    try:
        env.put(os.environ, "database_url", database.running_database_url(settings))
    except click.ClickException as error:
        not_running = isinstance(error.__cause__, postgres.NotRunning)
        yield Finding("database", ok=False, says=error.message, first=_SERVE if not_running else "")
        return
    django.setup()
    # First, because it takes a bounded time whatever stands there, and the rest goes wrong behind a pooler.
    try:
        yield _sessions()
    except sessions.NotOurs as refusal:
        yield Finding("sessions", ok=False, says=str(refusal))
        return
    except psycopg.Error as error:
        yield Finding("database", ok=False, says=str(error).strip(), first=_NAME_DATABASE)
        return
    looks: tuple[tuple[str, Callable[[], Finding | None]], ...] = (
        ("database", _server),
        ("migrations", _migrations),
        ("organizations", _organizations),
        ("clock", _clock),
        ("paging", _paging),
        ("restore", _restored),
    )
    for name, look in looks:
        try:
            found = look()
        except (Error, psycopg.Error) as error:
            found = Finding(name, ok=False, says=str(error).strip(), first=_NAME_DATABASE if name == "database" else "")
        if found is None:
            continue
        yield found
        if not found.ok and name in _PREREQUISITES:
            return


def _server() -> Finding:
    version = upgrade.server_version()
    if int(version.split(".")[0]) < OLDEST_SERVER:
        return Finding("database", ok=False, says=f"PostgreSQL {version} is older than {OLDEST_SERVER}")
    return Finding("database", ok=True, says=f"PostgreSQL {version}")


def _sessions() -> Finding:
    unlimited = sessions.prove()
    if unlimited:
        return Finding("sessions", ok=False, says=sessions.without(unlimited))
    return Finding("sessions", ok=True, says="each connection has a session of its own")


def _paging() -> Finding:
    line = bounded.Line("nightbell check")
    try:
        troubles = core_health.troubles(health.paging(line.ask))
    finally:
        line.close()
    if troubles:
        return Finding("paging", ok=False, says="; ".join(troubles))
    return Finding("paging", ok=True, says="engines report, and nothing waits that is due")


def _migrations() -> Finding:
    pending = upgrade.pending()
    if pending:
        return Finding("migrations", ok=False, says=f"{len(pending)} are missing: run nightbell migrate", first=_SERVE)
    return Finding("migrations", ok=True, says="the tables are up to date")


def _organizations() -> Finding | None:
    """None where there are some: which, is for `nightbell org list`."""
    if organizations.every():
        return None
    return Finding("organizations", ok=True, says="there is none yet, and so nobody to page", first=_CREATE)


def _clock() -> Finding:
    before = datetime.now(UTC)  # noqa: TID251 -- the machine's clock is what is compared
    now = clock.now()
    after = datetime.now(UTC)  # noqa: TID251
    apart = max((before - now).total_seconds(), (now - after).total_seconds())
    if apart > CLOCKS_APART_SECONDS:
        says = (
            f"this machine and the database are {apart:.0f} s apart; deadlines follow the database's, sessions do not"
        )
        return Finding("clock", ok=False, says=says)
    return Finding("clock", ok=True, says="this machine agrees with the database")


def _restored() -> Finding:
    held = holds.organizations()
    if held:
        count = output.counted(sum(each.count for each in held), "incident")
        where = ", ".join(each.slug for each in held[:MAX_NAMED]) + (", …" if len(held) > MAX_NAMED else "")
        says = (
            f"held since a restore for {count} ({where}): nobody is paged for them. Look, then: nightbell paging resume"
        )
        return Finding("restore", ok=False, says=says)
    return Finding("restore", ok=True, says="nothing is held")


def _channels(settings: env.Settings, *, migrated: bool) -> Iterator[Finding]:
    try:
        admin = admins.first_address() if migrated else None
    except Error:
        admin = None
    for each in registry.DECLARED:
        ok, says = each.check(settings, admin)
        yield Finding(each.title, ok=ok, says=says)
