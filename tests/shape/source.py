"""The only place that reads the project's own files, as text and as syntax, for the rules of the house."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "src/nightbell"
CODE = (PACKAGE, "tests", "benchmarks")
# What tools leave behind in a checkout.
LEFT_BEHIND = {"__pycache__", "build", "dist", "node_modules", "staticfiles"}


@dataclass(frozen=True)
class Source:
    """One file of the project; `path` is relative to the checkout."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @property
    def room(self) -> str:
        """`web` for src/nightbell/web/views.py, empty outside the package and for its top module."""
        parts = self.path.parts
        return parts[2] if parts[:2] == ("src", "nightbell") and len(parts) > 3 else ""

    @property
    def inside(self) -> str:
        """The path inside the package: `engine/loop.py`."""
        return str(self.path.relative_to(PACKAGE)) if self.path.is_relative_to(PACKAGE) else ""

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.path.parts

    @cached_property
    def documentation(self) -> set[int]:
        """The ids of the nodes that are docstrings, which are prose."""
        owners = (
            n for n in self.nodes if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        )
        bodies = (owner.body[0] for owner in owners if owner.body)
        return {
            id(first.value) for first in bodies if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        }

    @cached_property
    def texts(self) -> list[tuple[int, str]]:
        """Every string literal with its line, docstrings apart; an f-string as one text with `{}` for its values."""
        joined = [node for node in self.nodes if isinstance(node, ast.JoinedStr)]
        found = [(node.lineno, "".join(_text(part) for part in node.values)) for node in joined]
        prose = self.documentation | {id(part) for node in joined for part in node.values}
        alone = (node for node in self.nodes if isinstance(node, ast.Constant) and id(node) not in prose)
        return found + [(node.lineno, node.value) for node in alone if isinstance(node.value, str)]

    def imports(self) -> Iterator[tuple[int, str]]:
        """The dotted name of everything imported: `from a import b` is `a.b`."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)

    def names(self) -> set[str]:
        """What the imported is called here: `from a import b as c` is `c`."""
        found = (node for node in self.nodes if isinstance(node, ast.Import | ast.ImportFrom))
        return {(alias.asname or alias.name).partition(".")[0] for node in found for alias in node.names}

    def at(self, line: int, message: str) -> str:
        return f"{self.path}:{line}: {message}"


Rule = Callable[[Source], Iterable[str]]


def _text(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "{}"


def dotted(node: ast.expr) -> str:
    """`a.b().c` for that expression: calls keep their brackets, anything else is `?`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{dotted(value)}.{attribute}"
        case ast.Call(func=function):
            return f"{dotted(function)}()"
        case _:
            return "?"


def files(*roots: str) -> Iterator[Path]:
    """The project's files below `roots`, or all of them."""
    pending = [ROOT / root for root in roots] or [ROOT]
    while pending:
        here = pending.pop()
        if here.is_file():
            yield here
        elif here.is_dir():
            pending.extend(
                child
                for child in here.iterdir()
                if child.name not in LEFT_BEHIND and not child.name.endswith(".egg-info") and not _hidden(child)
            )


def _hidden(path: Path) -> bool:
    """Hidden directories are tools' own, the project's .ci apart; hidden files are ours."""
    return path.is_dir() and path.name.startswith(".") and path.name != ".ci"


def sources(*roots: str, suffixes: tuple[str, ...] = (".py",)) -> list[Source]:
    return [
        Source(PurePosixPath(path.relative_to(ROOT).as_posix()), path.read_text("utf-8"))
        for path in sorted(files(*roots))
        if path.suffix in suffixes
    ]


def product() -> list[Source]:
    return sources(PACKAGE)


def broken(rule: Rule, where: Iterable[Source]) -> list[str]:
    return [line for source in where for line in rule(source)]


def check(rule: Rule, where: Iterable[Source]) -> None:
    if problems := broken(rule, where):
        pytest.fail("\n".join(problems), pytrace=False)


def planted(path: str, text: str) -> Source:
    """A file that is not there, for the test of a rule's test."""
    return Source(PurePosixPath(path), text)
