"""What is installed is locked: every version with its hashes, and no index named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.shape import source

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.IGNORECASE)
LOCKS = ("requirements/run.txt", "requirements/dev.txt")


def is_locked(file: source.Source) -> Iterator[str]:
    lines = file.text.splitlines()
    for number, line in enumerate(lines, 1):
        if re.search(r"https?://|file:|^\s*--(extra-)?index|^\s*--find-links|^-e\b", line):
            yield file.at(number, "names a place to install from")
        elif line and not line.startswith((" ", "#")):
            following = lines[number] if number < len(lines) else ""
            if not PIN.match(line):
                yield file.at(number, "is not pinned")
            elif not line.endswith("\\") or not re.match(r"\s+--hash=sha256:[0-9a-f]{64}\b", following):
                yield file.at(number, "has no hash")


def pins(file: source.Source) -> dict[str, str]:
    found = (PIN.match(line) for line in file.text.splitlines())
    return {normal(pin[1]): pin[2] for pin in found if pin}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lock(path: str) -> source.Source:
    return source.Source(PurePosixPath(path), (source.ROOT / path).read_text("utf-8"))


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_file_is_whole(path: str) -> None:
    file = lock(path)
    assert len(pins(file)) > 20
    source.check(is_locked, [file])


def test_development_runs_on_what_running_installs() -> None:
    run, dev = (pins(lock(path)) for path in LOCKS)
    assert run.items() <= dev.items()


def test_what_the_package_names_is_locked() -> None:
    project = tomllib.loads((source.ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    named = [
        *project["project"]["dependencies"],
        *extras["embedded"],
        *extras["demo"],
        *project["build-system"]["requires"],
    ]
    missing = {normal(re.split(r"[\[<>=~! ;]", name)[0]) for name in named} - pins(lock(LOCKS[0])).keys()
    assert not missing


HASH = f"    --hash=sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "text",
    [
        "click==8.1",
        "click==8.1 \\\n    # via nightbell",
        f"click>=8.1 \\\n{HASH}",
        f"--index-url https://mirror.example/simple\nclick==8.1 \\\n{HASH}",
        f"click @ https://mirror.example/click.whl \\\n{HASH}",
        "-e .",
    ],
)
def test_what_is_not_locked_is_caught(text: str) -> None:
    assert source.broken(is_locked, [source.planted(LOCKS[0], text)])


def test_a_locked_line_passes() -> None:
    assert (
        source.broken(is_locked, [source.planted(LOCKS[0], f"click==8.1 ; os_name == 'nt' \\\n{HASH}\n    # via a")])
        == []
    )
