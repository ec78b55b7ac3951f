"""Where the latest `serve` is reached: the only place that leaves word of it, and that reads it."""

import os
from dataclasses import dataclass
from pathlib import Path

import click

from nightbell.core import variables
from nightbell.postgres import layout

_WORD = "url"
# Where `serve` leaves it that root runs for everybody.
SYSTEM = Path("/var/lib/nightbell")
USUAL = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Word:
    """How people reach it, which links begin with, and where it listens, which this machine can reach in any case."""

    url: str
    at: str


def leave(directory: Path, url: str, at: str) -> None:
    """Leave word in a data directory."""
    data = directory.resolve()
    layout.write(data / _WORD, f"{url}\n{data}\n{at}\n")


def read(directory: Path) -> Word | None:
    """What the latest `serve` on a data directory said; in a copy nobody did, the word is of the original."""
    data = directory.resolve()
    try:
        url, of, *at = (data / _WORD).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    return Word(url, at[0] if at else url) if of == str(data) else None


def variable(name: str) -> str | None:
    """A setting, for those who talk to a server and need none of its others."""
    try:
        return variables.value(os.environ, name, lambda path: Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def server() -> str:
    """Where `serve` listens on this machine: by this data directory, or for everybody, or as usual."""
    named = variable("NIGHTBELL_DATA_DIR")
    places = [Path(named)] if named else [layout.default_data_directory(), SYSTEM]
    return next((word.at for word in map(read, places) if word), USUAL)
