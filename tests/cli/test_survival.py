"""What the command line does where a character, a pipe or a disk is against it: it says so in a line, or goes on."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence

import pytest
from click.testing import CliRunner

from nightbell.cli import survival, words
from nightbell.cli.__main__ import cli
from nightbell.core import message
from tests.cli import installations

NOWHERE = {"NIGHTBELL_URL": "http://127.0.0.1:1", "NIGHTBELL_API_KEY": "nb_live_x"}
LATIN = {"PYTHONIOENCODING": "latin-1"}
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def run(
    arguments: Sequence[str | bytes], environ: dict[str, str], stdout: int = subprocess.PIPE
) -> "subprocess.CompletedProcess[bytes]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NIGHTBELL_")}
    return subprocess.run(
        [*installations.NIGHTBELL, *arguments],
        env=clean | NOWHERE | environ,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, ASCII, LATIN])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("incident", "show", b"\xff"), 2),
        (("org", "create", b"Acme \xed\xa0\x80", "--admin", "ana@example.com", "--first-name", "Ana"), 2),
        (("incident", "show", "東京 🔔"), 1),
        (("no such verb 東京",), 2),
    ],
)
def test_x18_no_character_ends_in_a_traceback(
    arguments: Sequence[str | bytes], code: int, environ: dict[str, str]
) -> None:
    done = run(arguments, environ)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"rror: " in done.stderr


def test_x18_what_the_locale_cannot_read_is_taken_for_utf_8() -> None:
    assert survival.as_text(["Zoë", os.fsdecode("Zoë".encode()), "Zo\udcc3\udcab"]) == ["Zoë"] * 3
    assert CliRunner().invoke(cli, ["incident", "show", "\udcff"]).exit_code == 2


@pytest.mark.parametrize("verb", [("--help",), ("incident", "list", "--help"), ("--version",)])
def test_x18_a_full_disk_is_said_in_a_line(verb: Sequence[str]) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 -- its number is what is wanted
        done = run(verb, {}, full.fileno())
    assert done.returncode == 1
    assert done.stderr == b"Error: What was to be printed: No space left on device\n"


def test_x18_a_closed_pipe_ends_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(("--help",), {}, writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_x18_without_any_output_a_verb_still_runs() -> None:
    command = [*installations.NIGHTBELL, "incident", "--help"]
    done = subprocess.run(["/bin/sh", "-c", '"$@" >&- 2>&-', "sh", *command], timeout=60, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_x18_json_is_json_in_every_encoding(encoding: str) -> None:
    program = "from nightbell.cli import survival as s; s.write_everything(); s.print_json({'a': 'ü 東 🔔'})"
    environ = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, check=True)
    assert json.loads(done.stdout.decode("utf-8")) == {"a": "ü 東 🔔"}


def test_x18_what_lasts_goes_on_where_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", full)
        survival.announce("Nightbell listens")
        survival._forget(full)


@pytest.mark.parametrize("text", ["👩\u200d🚒", "می\u200cخواهم", "a\u202eb\u200b\x1b[31m", "=?utf-8?q?x?="])
def test_x18_a_terminal_shows_what_a_mail_shows(text: str) -> None:
    assert words.plain(text) == message.clean(text, 100)
    assert ("\u200d" in text) is ("\u200d" in words.plain(text))
    assert ("\u200c" in text) is ("\u200c" in words.plain(text))
