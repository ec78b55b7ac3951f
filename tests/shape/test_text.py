"""The project speaks of itself only: no index it was installed from, no path of the machine it was written on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.shape import source

# In pieces, so that this file is not one of those it looks for.
HOSTS = ["py" + "pi.", "python" + "hosted.", "registry." + "npmjs", "conda." + "anaconda", "dev" + "pi."]
# Ana, Bo and Cy are the people of every example.
PLACES = [
    "/ho" + r"me/(?!(?:ana|bo|cy)\b)[a-z]",
    "/Us" + "ers/[A-Za-z]",
    "/ro" + "ot/[a-z.]",
    r"(?<![\w.}/])/wo" + "rk/",
    r"[A-Z]:\\Us" + "ers",
]
FORBIDDEN = re.compile("|".join([*map(re.escape, HOSTS), *PLACES]), re.IGNORECASE)
# Written by somebody else, word for word.
NOT_OURS = {"LICENSE"}


def speaks_of_itself(file: source.Source) -> Iterator[str]:
    for number, line in enumerate(file.text.splitlines(), 1):
        if found := FORBIDDEN.search(line):
            yield file.at(number, f"names {found[0]}")


def everything() -> Iterator[source.Source]:
    for path in source.files():
        name = path.relative_to(source.ROOT).as_posix()
        content = path.read_bytes()
        # A NUL is in every image and data file, and in no text.
        if name not in NOT_OURS and not path.name.startswith(".coverage") and b"\0" not in content:
            yield source.Source(PurePosixPath(name), content.decode("utf-8"))


def test_the_project_speaks_of_itself_only() -> None:
    files = list(everything())
    assert {"Makefile", "pyproject.toml", ".ci/run", "tests/shape/test_text.py"} <= {str(file.path) for file in files}
    source.check(speaks_of_itself, files)


@pytest.mark.parametrize("host", HOSTS)
def test_an_index_is_caught(host: str) -> None:
    assert source.broken(speaks_of_itself, [source.planted("docs/a.md", f"from https://{host}org/simple")])


@pytest.mark.parametrize("place", ["/ho" + "me/mary/x", "/Us" + "ers/Ana/x", "/ro" + "ot/.config", "cd /wo" + "rk/x"])
def test_a_place_on_a_machine_is_caught(place: str) -> None:
    assert source.broken(speaks_of_itself, [source.planted("docs/a.md", place)])


@pytest.mark.parametrize(
    "text", ["/var/lib/nightbell", "https://example.org/network/", "/v1/incidents", "/home/ana/nightbell"]
)
def test_what_is_ours_passes(text: str) -> None:
    assert source.broken(speaks_of_itself, [source.planted("docs/a.md", text)]) == []
