"""Rule 7: time is the database's, read through one function, `nightbell_now()`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.shape import source

# Replaces the function by one that adds an offset.
CLOCK = "demo/clock.py"
# Cookies, sessions and what a mail's Date header says are the machine's: each with its reason.
EXCEPTED = {
    "cli/check.py": "it compares the machine's clock with the database's",
    "demo/slack/clock.py": "Slack is another machine, and its time is its own",
}
IN_SQL = re.compile(
    r"(?<![\w.])(now\s*\(\s*\)|current_timestamp|current_date|current_time\b|localtime(stamp)?\b"
    r"|(clock|statement|transaction)_timestamp|timeofday\s*\(|'now'::)",
    re.IGNORECASE,
)
IN_TEMPLATES = re.compile(r"\{%-?\s*now\b")
READERS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now", "functions.Now"),
    *("time.time", "time.time_ns"),
}
DEFINITION = re.compile(
    r"create\s+(?:or\s+replace\s+)?function\s+nightbell_now\b.*?(?=create\s+(?:or|function)|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def is_the_definition(file: source.Source) -> bool:
    return file.room == "data" and any(DEFINITION.search(text) for _, text in file.texts)


def reads_the_databases_clock(file: source.Source) -> Iterator[str]:
    if file.inside == CLOCK or file.inside in EXCEPTED or (file.is_migration and is_the_definition(file)):
        return
    for line, name in file.imports():
        if name == "django.db.models.functions.Now":
            yield file.at(line, "imports Django's Now; time is data.clock.Now")
    for node in file.nodes:
        if isinstance(node, ast.Attribute | ast.Call | ast.Name):
            name = source.dotted(node)
            if any(name == reader or name.endswith(f".{reader}") for reader in READERS):
                yield file.at(node.lineno, f"names {name}; time is nightbell_now()")
    for line, text in file.texts:
        if found := IN_SQL.search(text):
            yield file.at(line, f"has {found[0]} in SQL; time is nightbell_now()")


def shows_no_machine_time(file: source.Source) -> Iterator[str]:
    for number, line in enumerate(file.text.splitlines(), 1):
        if IN_TEMPLATES.search(line):
            yield file.at(number, "shows the machine's time")


def declares_it_stable(file: source.Source) -> Iterator[str]:
    """A volatile clock in `due_at <= …` scans every row; `create or replace` without the word resets it."""
    for line, text in file.texts:
        for definition in DEFINITION.finditer(text):
            if not re.search(r"\bstable\b", definition[0], re.IGNORECASE):
                yield file.at(line, "defines nightbell_now() without `stable`")


VIEW, DATA, MIGRATION = (
    f"{source.PACKAGE}/{path}" for path in ("web/views.py", "data/claims/due.py", "data/migrations/0001_initial.py")
)
STABLE = "create function nightbell_now() returns timestamptz language sql stable as $$ select now() $$"


def test_the_product_reads_the_databases_clock() -> None:
    source.check(reads_the_databases_clock, source.product())


def test_templates_show_no_machine_time() -> None:
    source.check(shows_no_machine_time, source.sources(source.PACKAGE, suffixes=(".html", ".txt")))


def test_the_clock_is_stable_wherever_it_is_defined() -> None:
    source.check(declares_it_stable, source.sources(*source.CODE))


def test_one_migration_defines_the_clock() -> None:
    defining = [file.inside for file in source.product() if file.is_migration and is_the_definition(file)]
    assert len(defining) == 1, defining


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (VIEW, "import datetime\nat = datetime.datetime.now(datetime.UTC)"),
        (VIEW, "from django.utils import timezone\nat = timezone.now()"),
        (VIEW, "field = DateTimeField(default=timezone.now)"),
        (VIEW, "import time\nat = time.time()"),
        (VIEW, "from django.db.models.functions import Now\nrows.filter(at__lt=Now())"),
        (DATA, "DUE = 'select id from incident where due_at <= now()'"),
        (DATA, "DUE = 'select CURRENT_TIMESTAMP'"),
        (DATA, "DUE = f'select clock_timestamp() - {x}'"),
        (MIGRATION, "CLOCK = 'create function other() as $$ select now() $$'"),
    ],
)
def test_another_clock_is_caught(path: str, text: str) -> None:
    assert source.broken(reads_the_databases_clock, [source.planted(path, text)])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (DATA, '"""Not by now(): by ours."""\nDUE = "select nightbell_now() from incident"'),
        (VIEW, "import time\nat = time.monotonic()\ndef decide(now): return now"),
        (MIGRATION, f"CLOCK = '''{STABLE}'''"),
        (f"{source.PACKAGE}/{CLOCK}", "CLOCK = 'select now()'"),
    ],
)
def test_the_databases_clock_passes(path: str, text: str) -> None:
    assert source.broken(reads_the_databases_clock, [source.planted(path, text)]) == []


def test_a_volatile_clock_is_caught() -> None:
    volatile = STABLE.replace("stable", "")
    assert source.broken(declares_it_stable, [source.planted(MIGRATION, f"CLOCK = '''{volatile}'''")])
    assert source.broken(declares_it_stable, [source.planted(MIGRATION, f"CLOCK = '''{STABLE}'''")]) == []


def test_a_template_with_the_machines_time_is_caught() -> None:
    assert source.broken(shows_no_machine_time, [source.planted("a.html", "<p>{% now 'H:i' %}</p>")])
    assert source.broken(shows_no_machine_time, [source.planted("a.html", "<p>{{ now }}</p>")]) == []
