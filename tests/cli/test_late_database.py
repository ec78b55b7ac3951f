"""A machine that is there before its database: whoever lasts says so and waits, whoever does one thing says so."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightbell import postgres
from tests.cli import installations
from tests.cli.installations import Installation
from tests.engine.processes import eventually

pytestmark = [pytest.mark.xdist_group("late"), pytest.mark.timeout(300)]
WAITING = "waiting for the database"


@contextlib.contextmanager
def late() -> Iterator[tuple[Installation, Path]]:
    """An installation whose database is another's, and is away; and where that one lives."""
    with installations.installation({}, prepared=True) as away:
        data = away.directory / "data"
        with postgres.start(data, {"fsync": "off"}) as server:
            url = server.url
        with installations.installation({"NIGHTBELL_DATABASE_URL": url}) as at:
            yield at, data


def begin(at: Installation, *verb: str) -> "subprocess.Popen[bytes]":
    with at.log.open("ab") as log:
        return subprocess.Popen([*installations.NIGHTBELL, *verb], env=at.environ, stdout=log, stderr=log)


def says(at: Installation, words: str) -> bool:
    return words in at.log.read_text()


def test_p24_serve_waits_for_a_late_database_and_then_runs() -> None:
    with late() as (at, data):
        serve = begin(at, "serve", "--port", str(at.port))
        try:
            eventually(lambda: says(at, WAITING))
            assert serve.poll() is None
            with postgres.start(data, {"fsync": "off"}):
                eventually(lambda: says(at, "Nightbell listens on"), seconds=90)
                serve.terminate()
                assert serve.wait(30) == 0
        finally:
            serve.kill()
            serve.wait()


@pytest.mark.parametrize("verb", ["engine", "web"])
def test_p24_a_process_of_its_own_waits_for_a_late_database_and_ends_when_it_is_told_to(verb: str) -> None:
    more = ("--port", str(installations.free_port())) if verb == "web" else ()
    with late() as (at, _):
        waiting = begin(at, verb, *more)
        try:
            eventually(lambda: says(at, WAITING), seconds=60)
            assert waiting.poll() is None
            waiting.terminate()
            waiting.wait(9)
        finally:
            waiting.kill()
            waiting.wait()


def test_p24_what_does_one_thing_says_that_the_database_is_away() -> None:
    with late() as (at, _):
        for verb in (("migrate",), ("org", "fallback", "acme")):
            told = at.run(*verb)
            assert told.returncode == 1
            assert "The database does not answer" in told.stderr
