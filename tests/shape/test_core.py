"""Rule 2: the core never reads a clock, makes an id, takes a chance, logs or does IO."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.shape import source

IMPURE_MODULES = {
    *(
        "asyncio",
        "django",
        "http",
        "io",
        "logging",
        "ninja",
        "os",
        "pathlib",
        "psycopg",
        "random",
        "requests",
        "secrets",
    ),
    *("socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib.request", "uuid_utils"),
}
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7", "getLogger", "urandom"}
IMPURE_BUILTINS = {"print", "open", "input", "breakpoint"}


def is_pure(file: source.Source) -> Iterator[str]:
    if file.room != "core":
        return
    for line, name in file.imports():
        if any(name == module or name.startswith(f"{module}.") for module in IMPURE_MODULES):
            yield file.at(line, f"imports {name}; what the core needs from outside is an argument")
    for node in file.nodes:
        if isinstance(node, ast.Call):
            receiver, _, name = source.dotted(node.func).rpartition(".")
            if (receiver and name in IMPURE_CALLS) or (not receiver and name in IMPURE_BUILTINS | {"uuid4", "uuid7"}):
                yield file.at(node.lineno, f"calls {name}(); `now` and ids are arguments")


PLACE = f"{source.PACKAGE}/core/oncall.py"


def test_the_core_is_pure() -> None:
    source.check(is_pure, source.product())


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "import random",
        "from django.utils import timezone",
        "import logging\nlog = logging.getLogger(__name__)",
        "import datetime\nat = datetime.datetime.now(datetime.UTC)",
        "import uuid\nid = uuid.uuid4()",
        "from uuid import uuid4\nid = uuid4()",
        "print('paged')",
        "text = open('policy.json').read()",
    ],
)
def test_an_impure_core_is_caught(text: str) -> None:
    assert source.broken(is_pure, [source.planted(PLACE, text)])


def test_the_core_may_name_types_of_time_and_id() -> None:
    text = "from datetime import datetime\nfrom uuid import UUID\ndef due(now: datetime, id: UUID) -> bool: ..."
    assert source.broken(is_pure, [source.planted(PLACE, text)]) == []
