"""Rule 6: no `except Exception` but at the edges of the engine's two loops, where it logs and counts."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.shape import source

EDGES = {"engine/loop.py", "engine/lanes.py"}
BLIND = {"Exception", "BaseException"}


def catches_what_it_names(file: source.Source) -> Iterator[str]:
    if file.inside in EDGES:
        return
    for node in file.nodes:
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(map(_is_blind, kinds)) and not _tidies_up(node):
                yield file.at(node.lineno, "catches everything; name what can happen")
        elif isinstance(node, ast.Call) and source.dotted(node.func).rpartition(".")[2] == "suppress":
            if any(map(_is_blind, node.args)):
                yield file.at(node.lineno, "suppresses everything; name what can happen")


def _is_blind(kind: ast.expr | None) -> bool:
    return kind is None or source.dotted(kind).rpartition(".")[2] in BLIND


def _tidies_up(handler: ast.ExceptHandler) -> bool:
    """Whatever happened goes on as it was."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


PLACE = f"{source.PACKAGE}/actions/incidents.py"


def test_nothing_is_caught_unnamed() -> None:
    source.check(catches_what_it_names, source.product())


@pytest.mark.parametrize("kind", ["except:", "except Exception:", "except (ValueError, BaseException) as error:"])
def test_a_blind_except_is_caught(kind: str) -> None:
    text = f"try:\n    pass\n{kind}\n    pass"
    assert source.broken(catches_what_it_names, [source.planted(PLACE, text)])
    assert source.broken(catches_what_it_names, [source.planted(f"{source.PACKAGE}/engine/loop.py", text)]) == []


def test_a_blind_suppress_is_caught() -> None:
    text = "with contextlib.suppress(Exception):\n    pass"
    assert source.broken(catches_what_it_names, [source.planted(PLACE, text)])


@pytest.mark.parametrize(
    "handler", ["except (OSError, ValueError):\n    pass", "except BaseException:\n    undo()\n    raise"]
)
def test_what_names_its_error_or_lets_it_go_on_passes(handler: str) -> None:
    text = f"try:\n    pass\n{handler}"
    assert source.broken(catches_what_it_names, [source.planted(PLACE, text)]) == []
