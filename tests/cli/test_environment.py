"""What stands before every verb: help without anything, an environment that is right, a database that answers."""

import inspect
import subprocess
import sys
from collections.abc import Iterator, Mapping

import click
import pytest
from click.testing import CliRunner, Result

from nightbell.cli import deferred
from nightbell.cli.__main__ import cli, load
from nightbell.cli.verbs import TABLE
from tests.cli import installations


def run(*arguments: str, env: Mapping[str, str | None]) -> Result:
    return CliRunner(env=env).invoke(cli, arguments)


@pytest.mark.parametrize(
    "verb", ["serve", "check", "org list", "migrate", "web", "engine", "db export x", "secret rotate", "openapi"]
)
def test_a_wrong_environment_is_told_whole_and_ends_with_2(verb: str) -> None:
    wrong = {"NIGHTBELL_SENDERS": "many", "NIGHTBELL_URL": "pager", "NIGHTBELL_SMPT_URL": "smtp://mail.example.com"}
    done = run(*verb.split(), env=wrong)
    assert done.exit_code == 2
    assert [line.split(":")[0].split()[0] for line in done.stderr.splitlines()] == [
        "NIGHTBELL_SMPT_URL",
        "NIGHTBELL_URL",
        "NIGHTBELL_SENDERS",
    ]


def test_the_list_of_verbs_needs_nothing_and_shows_no_hidden_one() -> None:
    listed = run("--help", env={"NIGHTBELL_SENDERS": "many"})
    assert listed.exit_code == 0
    for name, verb in TABLE.items():
        assert (f"  {name} " in listed.stdout) is not verb.hidden


def typed(command: click.Command, *name: str) -> Iterator[tuple[str, ...]]:
    """Every verb there is, with those below it."""
    yield name
    if isinstance(command, click.Group):
        for each, below in command.commands.items():
            yield from typed(below, *name, each)


VERBS = [
    each
    for name, verb in TABLE.items()
    if not verb.hidden
    for each in typed(getattr(load(verb.typed or verb.module), verb.attribute or name), name)
]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_x21_every_verb_explains_itself_without_anything(verb: tuple[str, ...]) -> None:
    explained = run(*verb, "--help", env={"NIGHTBELL_SENDERS": "many", "NIGHTBELL_DATABASE_URL": "nowhere"})
    assert explained.exit_code == 0, explained.output
    assert len(explained.stdout) > 100


def test_x21_no_verbs_help_loads_django() -> None:
    program = """
import sys
from nightbell.cli.__main__ import cli
for verb in sys.stdin.read().splitlines():
    cli([*verb.split(), "--help"], standalone_mode=False)
    loaded = {"django", "psycopg", "pydantic", "nightbell.conf"} & set(sys.modules)
    assert not loaded, (verb, loaded)
"""
    given = "\n".join(map(" ".join, [(), *VERBS]))
    subprocess.run([sys.executable, "-c", program], input=given, capture_output=True, text=True, check=True)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_what_a_verb_does_takes_what_is_typed(verb: tuple[str, ...]) -> None:
    line = TABLE[verb[0]]
    command: click.Command = getattr(load(line.typed or line.module), line.attribute or verb[0])
    for each in verb[1:]:
        assert isinstance(command, click.Group)
        command = command.commands[each]
    if isinstance(command, deferred.Command):
        assert command.callback is not None
        does = getattr(load(line.module), command.callback.__name__)
        assert set(inspect.signature(does).parameters) == {each.name for each in command.params}


def test_a_database_that_does_not_answer_is_one_line_and_1() -> None:
    with installations.installation({"NIGHTBELL_DATABASE_URL": "postgresql://127.0.0.1:1/nightbell"}) as at:
        done = at.run("org", "create", "Acme", "--admin", "ana@example.com", "--first-name", "Ana")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database does not answer: ")


def test_an_empty_database_is_one_line_and_1() -> None:
    with installations.installation({}) as at:
        done = at.run("key", "create", "ci", "--org", "acme")
    assert done.returncode == 1
    assert "run nightbell migrate" in done.stderr


def test_the_client_loads_neither_django_nor_the_database() -> None:
    program = "import sys; from nightbell.cli.__main__ import load; load('client'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "requests" in loaded
    assert not {"django", "psycopg", "pydantic", "nightbell.conf"}.intersection(loaded)


def test_the_supervisor_never_sets_django_up() -> None:
    program = "import sys; from nightbell.cli.__main__ import load; load('serve'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "nightbell.cli.supervisor" in loaded
    assert not {"nightbell.conf.settings", "nightbell.data"}.intersection(loaded)


def test_a_verb_is_loaded_by_name() -> None:
    assert load("verbs").TABLE is TABLE
