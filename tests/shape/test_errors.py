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
            if any(kind is None or source.dotted(kind).rpartition(".")[2] in BLIND for kind in kinds):
                yield file.at(node.lineno, "catches everything; name what can happen")
        elif isinstance(node, ast.Call) and source.dotted(node.func).rpartition(".")[2] == "suppress":
            if any(source.dotted(kind).rpartition(".")[2] in BLIND for kind in node.args):
                yield file.at(node.lineno, "suppresses everything; name what can happen")


PLACE = f"{source.PACKAGE}/actions/incidents.py"


def test_nothing_is_caught_unnamed() -> None:
    assert source.broken(catches_what_it_names, source.product()) == []


@pytest.mark.parametrize("kind", ["except:", "except Exception:", "except (ValueError, BaseException) as error:"])
def test_a_blind_except_is_caught(kind: str) -> None:
    text = f"try:\n    pass\n{kind}\n    pass"
    assert source.broken(catches_what_it_names, [source.planted(PLACE, text)])
    assert source.broken(catches_what_it_names, [source.planted(f"{source.PACKAGE}/engine/loop.py", text)]) == []


def test_a_blind_suppress_is_caught() -> None:
    text = "with contextlib.suppress(Exception):\n    pass"
    assert source.broken(catches_what_it_names, [source.planted(PLACE, text)])


def test_a_named_except_passes() -> None:
    text = "try:\n    pass\nexcept (OSError, ValueError):\n    pass"
    assert source.broken(catches_what_it_names, [source.planted(PLACE, text)]) == []
