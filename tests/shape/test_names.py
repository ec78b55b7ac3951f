"""Names and words: every module says what it is for, and none is called after nothing in particular."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.shape import source

EMPTY_WORDS = {"common", "helper", "helpers", "info", "manager", "managers", "misc", "util", "utils"}


def says_what_it_is_for(file: source.Source) -> Iterator[str]:
    if file.is_migration or not file.text.strip():
        return
    sentence = (ast.get_docstring(file.tree) or "").split("\n\n")[0]
    if not re.search(r"[.:?!]$", sentence.strip()):
        yield file.at(1, "does not start with one sentence that says what it is for")


def has_a_name_that_says_something(file: source.Source) -> Iterator[str]:
    for part in (*file.path.parent.parts, file.path.stem):
        if EMPTY_WORDS.intersection(part.lower().split("_")):
            yield file.at(1, f"is called {part}")


def imports_no_functions(file: source.Source) -> Iterator[str]:
    """Across rooms a function is read with its module: `incidents.acknowledge()`. A type's name stands for itself."""
    if not file.room:
        return
    for node in file.nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nightbell."):
            for alias in node.names:
                other = (node.module or "").split(".")[1]
                path = source.ROOT / "src" / f"{node.module}.{alias.name}".replace(".", "/")
                if (
                    other != file.room
                    and alias.name.islower()
                    and not path.is_dir()
                    and not path.with_suffix(".py").is_file()
                ):
                    yield file.at(node.lineno, f"imports {alias.name} out of {node.module}; import the module")


# A module that meets another of its name: under what it is read everywhere, where its room's name is taken as well.
ALIASES = {
    "nightbell.actions.calendars": "feeds",
    "nightbell.core.health": "core_health",
    "nightbell.core.policy": "frozen",
    "nightbell.data.reads.people": "members",
}


def has_one_alias(file: source.Source) -> Iterator[str]:
    """One noun lives in several rooms. Where two meet, one is read by its room's name: `reads.one()`."""
    for node in file.nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nightbell."):
            for alias in node.names:
                room = (node.module or "").rsplit(".", 1)[1]
                fixed = {room, ALIASES.get(f"{node.module}.{alias.name}", room), alias.name}
                if alias.asname and alias.name.islower() and alias.asname not in fixed:
                    yield file.at(node.lineno, f"reads {alias.name} of {node.module} as {alias.asname}, not as {room}")


PLACE = f"{source.PACKAGE}/web/views.py"


def test_every_module_says_what_it_is_for() -> None:
    source.check(says_what_it_is_for, source.sources(*source.CODE))


def test_no_module_has_an_empty_name() -> None:
    source.check(has_a_name_that_says_something, source.sources(*source.CODE))


def test_rooms_call_each_other_by_module() -> None:
    source.check(imports_no_functions, source.product())


def test_a_module_is_read_under_one_name() -> None:
    source.check(has_one_alias, source.product())


@pytest.mark.parametrize("text", ["import json", '"""views"""', "x = 1\n'''Late.'''"])
def test_a_module_without_its_sentence_is_caught(text: str) -> None:
    assert source.broken(says_what_it_is_for, [source.planted(PLACE, text)])


def test_a_module_with_its_sentence_passes() -> None:
    text = '"""The only place that draws pages.\n\nMore about it\n"""'
    assert source.broken(says_what_it_is_for, [source.planted(PLACE, text)]) == []


@pytest.mark.parametrize("path", ["web/utils.py", "web/date_helpers.py", "utils/web.py", "data/manager.py"])
def test_an_empty_name_is_caught(path: str) -> None:
    assert source.broken(has_a_name_that_says_something, [source.planted(f"{source.PACKAGE}/{path}", "")])


def test_a_function_imported_out_of_another_room_is_caught() -> None:
    text = "from nightbell.actions.incidents import acknowledge\nfrom nightbell.core import errors"
    assert len(source.broken(imports_no_functions, [source.planted(PLACE, text)])) == 1


def test_functions_of_ones_own_room_may_be_imported() -> None:
    text = "from nightbell.web.links import to_incident\nfrom nightbell.core.errors import Rejected"
    assert source.broken(imports_no_functions, [source.planted(PLACE, text)]) == []


def test_another_alias_is_caught() -> None:
    text = "from nightbell.data.reads import people as folks\nfrom nightbell.data.reads import people as members"
    assert len(source.broken(has_one_alias, [source.planted(PLACE, text)])) == 1
    text = "from nightbell.data.reads import policies as reads\nfrom nightbell.web.policies import pages as policies"
    assert source.broken(has_one_alias, [source.planted(PLACE, text)]) == []
