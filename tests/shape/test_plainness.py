"""Rule 4: nothing happens behind the reader's back: no signals, no save(), no managers, no late imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.shape import source

SIGNALS = ("django.dispatch", "django.db.models.signals", "django.core.signals", "django.test.signals", "blinker")
LATE = {"__import__", "importlib.import_module", "import_module", "import_string", "module_loading.import_string"}
# The command line starts before Django is set up, and loads its verbs afterwards.
LOADER = "cli/__main__.py"
OVERRIDES = {"save", "delete", "save_base", "full_clean", "asave", "adelete"}


def sends_no_signals(file: source.Source) -> Iterator[str]:
    """allauth's own are the exception: its adapter has no hook for some of what it does."""
    names = list(file.imports())
    allauths = file.room == "accounts" and any(name.startswith("allauth.") and ".signals" in name for _, name in names)
    for line, name in names:
        if name.startswith(SIGNALS) and not (allauths and name == "django.dispatch.receiver"):
            yield file.at(line, f"imports {name}; call what follows where it is caused")


def overrides_no_save(file: source.Source) -> Iterator[str]:
    if file.room != "data" or file.is_migration:
        return
    for owner in file.nodes:
        if isinstance(owner, ast.ClassDef):
            for method in owner.body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name in OVERRIDES:
                    yield file.at(method.lineno, f"{owner.name} overrides {method.name}(); changes are actions")


def has_no_managers(file: source.Source) -> Iterator[str]:
    if file.is_migration:
        return
    for node in file.nodes:
        if isinstance(node, ast.ClassDef) and node.name != "UserManager":
            for base in node.bases:
                last = source.dotted(base.value if isinstance(base, ast.Subscript) else base).rpartition(".")[2]
                if last.endswith(("Manager", "QuerySet", "Manager()")):
                    yield file.at(
                        node.lineno, f"{node.name} is a manager; queries are functions of data.reads and data.access"
                    )


def imports_at_the_top(file: source.Source) -> Iterator[str]:
    for function in file.nodes:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield file.at(node.lineno, "imports inside a function")


def loads_nothing_late(file: source.Source) -> Iterator[str]:
    for node in file.nodes:
        if isinstance(node, ast.Call) and source.dotted(node.func) in LATE and file.inside != LOADER:
            yield file.at(node.lineno, f"loads a module late by {source.dotted(node.func)}()")


RULES = [sends_no_signals, overrides_no_save, has_no_managers, imports_at_the_top, loads_nothing_late]
MODEL, ADAPTER, VIEW = (
    f"{source.PACKAGE}/{path}" for path in ("data/models/user.py", "accounts/adapter.py", "web/views.py")
)
ALLAUTHS = "from allauth.account.signals import user_signed_up\nfrom django.dispatch import receiver"


@pytest.mark.parametrize("rule", RULES)
def test_the_tree_keeps_the_rule(rule: source.Rule) -> None:
    source.check(rule, source.product())


def test_tests_import_at_the_top_too() -> None:
    source.check(imports_at_the_top, source.sources("tests", "benchmarks"))


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (sends_no_signals, MODEL, "from django.db.models.signals import post_save"),
        (sends_no_signals, MODEL, "from django.dispatch import Signal"),
        (sends_no_signals, ADAPTER, "from django.dispatch import receiver"),
        (sends_no_signals, VIEW, ALLAUTHS),
        (overrides_no_save, MODEL, "class User(Model):\n    def save(self): ..."),
        (has_no_managers, MODEL, "class IncidentManager(models.Manager['Incident']): ..."),
        (has_no_managers, MODEL, "class Incidents(models.QuerySet): ..."),
        (has_no_managers, MODEL, "class Incidents(BaseManager.from_queryset(Rows)): ...\nclass More(Manager()): ..."),
        (imports_at_the_top, VIEW, "def view():\n    import json"),
        (imports_at_the_top, VIEW, "def view():\n    if True:\n        from json import loads"),
        (loads_nothing_late, VIEW, "def view():\n    importlib.import_module('json')"),
    ],
)
def test_a_planted_violation_is_caught(rule: source.Rule, path: str, text: str) -> None:
    assert source.broken(rule, [source.planted(path, text)])


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (sends_no_signals, ADAPTER, ALLAUTHS),
        (overrides_no_save, VIEW, "class Form:\n    def save(self): ..."),
        (has_no_managers, MODEL, "class UserManager(BaseUserManager['User']): ..."),
        (imports_at_the_top, VIEW, "import json\ndef view():\n    return json.loads('1')"),
    ],
)
def test_what_is_allowed_passes(rule: source.Rule, path: str, text: str) -> None:
    assert source.broken(rule, [source.planted(path, text)]) == []
