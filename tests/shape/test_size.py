"""Rule 5: no file over 400 lines, no function over 60."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.shape import source

FILE, FUNCTION = 400, 60
WRITTEN_BY_HAND = (".css", ".html", ".js", ".py", ".sql", ".txt")


def is_short(file: source.Source) -> Iterator[str]:
    lines = file.text.count("\n")
    if lines > FILE and not file.is_migration:
        yield file.at(lines, f"has {lines} lines, more than {FILE}")


def has_short_functions(file: source.Source) -> Iterator[str]:
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not file.is_migration:
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION:
                yield file.at(node.lineno, f"{node.name}() has {lines} lines, more than {FUNCTION}")


def test_no_file_is_long() -> None:
    source.check(is_short, source.sources(*source.CODE, suffixes=WRITTEN_BY_HAND))


def test_no_function_is_long() -> None:
    source.check(has_short_functions, source.sources(*source.CODE))


@pytest.mark.parametrize(("lines", "caught"), [(FILE, 0), (FILE + 1, 1)])
def test_a_long_file_is_caught(lines: int, caught: int) -> None:
    assert len(source.broken(is_short, [source.planted("src/nightbell/web/app.css", "a\n" * lines)])) == caught


@pytest.mark.parametrize(("lines", "caught"), [(FUNCTION, 0), (FUNCTION + 1, 1)])
def test_a_long_function_is_caught(lines: int, caught: int) -> None:
    text = "class A:\n    async def f(self):\n" + "        pass\n" * (lines - 1)
    assert len(source.broken(has_short_functions, [source.planted("tests/a.py", text)])) == caught
