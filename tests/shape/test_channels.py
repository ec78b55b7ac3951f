"""A channel is a package and a line: what decides, keeps and acts knows none of them by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from nightbell.channels import registry
from tests.shape import source

ROOMS = {"core", "data", "actions"}
# What every channel has in common.
COMMON = {"base", "declaration", "registry"}
NAMES = {each.name for each in registry.DECLARED}
QUOTED = re.compile("|".join(f"'{name}'" for name in sorted(NAMES)))
# What an account is named by, and through what somebody came: words that channels happen to share.
OF_ACCOUNTS = {"USERNAME_FIELD"}
OF_ACTORS = "Via"


def names_no_channel(file: source.Source) -> Iterator[str]:
    if file.room not in ROOMS or file.is_migration:
        return
    for line, name in file.imports():
        below = name.removeprefix("nightbell.channels.")
        if below != name and below.partition(".")[0] not in COMMON:
            yield file.at(line, f"imports {name}; ask channels.registry")
    for line, text in file.texts:
        if QUOTED.search(text):
            yield file.at(line, "SQL that knows a channel; ask for contacts, or for what is declared")
    for node in _said(file.tree):
        yield file.at(node.lineno, f"knows the channel {ast.unparse(node)}; ask for contacts, or for what is declared")


def _said(within: ast.AST) -> Iterator[ast.expr]:
    """Every name of a channel that is compared with, given, kept or answered; a field's name is none of that."""
    for node in ast.iter_child_nodes(within):
        if isinstance(node, ast.ClassDef) and node.name == OF_ACTORS:
            continue
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in OF_ACCOUNTS for t in node.targets):
            continue
        yield from filter(_is_name, _values(node))
        yield from _said(node)


def _values(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Compare(left=left, comparators=others):
            return [left, *others]
        case ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values) | ast.Set(elts=values):
            return list(values)
        case ast.MatchValue(value=value) | ast.keyword(value=value) | ast.Assign(value=value):
            return [value]
        case ast.AnnAssign(value=ast.expr() as value) | ast.Return(value=ast.expr() as value):
            return [value]
        case ast.arguments(defaults=defaults, kw_defaults=more):
            return [*defaults, *(each for each in more if each is not None)]
        case ast.IfExp(body=one, orelse=other):
            return [one, other]
        case _:
            return []


def _is_name(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value in NAMES


def test_nothing_below_the_doors_knows_a_channel() -> None:
    source.check(names_no_channel, source.product())


@pytest.mark.parametrize("room", sorted(ROOMS))
@pytest.mark.parametrize(
    "text",
    [
        "from nightbell.channels.slack import channel",
        "from nightbell.channels import email",
        "import nightbell.channels.email.smtp",
        "if lease.channel == 'slack': pass",
        "if lease.channel in ('email', 'x'): pass",
        "match lease.channel:\n    case 'email':\n        pass",
        "queue(channel='email')",
        "given = {'channel': 'email'}",
        "def queue(channel='slack'): pass",
        "def of(user): return 'email'",
        "channel: str = 'slack'",
        "over = 'email' if alone else 'slack'",
        "ASKED = \"select from page p where p.channel = 'slack'\"",
        "ASKED = f\"select '{x}' from page p where p.channel <> 'email'\"",
    ],
)
def test_whatever_knows_one_is_caught(room: str, text: str) -> None:
    assert source.broken(names_no_channel, [source.planted(f"{source.PACKAGE}/{room}/x.py", text)])


@pytest.mark.parametrize(
    ("room", "text"),
    [
        ("actions", "from nightbell.channels import registry"),
        ("actions", "from nightbell.channels.registry import find"),
        ("data", "class Account:\n    USERNAME_FIELD = 'email'"),
        ("data", "given = {'email': email}"),
        ("actions", "raise Rejected(Code.VALIDATION_ERROR, 'No.', 'email')"),
        ("core", "class Via(StrEnum):\n    SLACK = 'slack'"),
        ("inbound", "if workspace.channel == 'slack': pass"),
        ("channels", "from nightbell.channels.slack import channel"),
    ],
)
def test_what_only_sounds_like_one_is_not(room: str, text: str) -> None:
    assert source.broken(names_no_channel, [source.planted(f"{source.PACKAGE}/{room}/x.py", text)]) == []
