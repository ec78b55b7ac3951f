"""Before a verb works on the database: the only place that proves its sessions to be ours, and that waits for it."""

import time
from collections.abc import Callable
from typing import TypeVar

import click
import psycopg
from django.db import InterfaceError, OperationalError, connection

from nightbell.cli import survival
from nightbell.data import sessions

R = TypeVar("R")

PAUSE_SECONDS = 0.5
SAY_SECONDS = 10.0
AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def session() -> None:
    """Refuse, in words, a database whose sessions are lent out; and one that does not answer."""
    try:
        _prove()
    except psycopg.Error as error:
        raise click.ClickException(f"The database does not answer: {str(error).strip()}") from error


def patiently(act: Callable[[], R], pause: Callable[[float], object] = time.sleep) -> R:
    """Do `act` once the sessions are proven ours; while the database is away or busy, say so and try again.

    A machine that starts is often there before its database. Waiting costs nothing, giving up costs every page; and
    what is wrong, if it is not that, stands in the words.
    """
    said_at = -SAY_SECONDS
    while True:
        try:
            _prove()
            return act()
        except AWAY as error:
            connection.close()
            if time.monotonic() - said_at >= SAY_SECONDS:
                said_at = time.monotonic()
                survival.announce(f"nightbell: waiting for the database: {str(error).strip()}", err=True)
            pause(PAUSE_SECONDS)


def _prove() -> None:
    try:
        unlimited = sessions.prove()
    except sessions.NotOurs as refusal:
        raise click.ClickException(str(refusal)) from refusal
    if unlimited:
        survival.announce(f"nightbell: {sessions.without(unlimited)}", err=True)
