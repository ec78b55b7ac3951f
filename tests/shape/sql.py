"""The only place that tells SQL from prose among the string literals of the product."""

from __future__ import annotations

import re

_WRITES = (
    r"insert\s+into\s",
    r"update\s+(only\s+)?[\w{}\"]+(\s+(as\s+)?\w+)?\s+set\s",
    r"delete\s+from\s",
    r"truncate\s+(table\s+)?[\w{}\"]",
)
_OTHERS = (
    r"select\s.+?\sfrom\s",
    r"select\s+\w+\(",
    r"copy\s+[\w{}\"(].*?\s(from|to)\s",
    r"(create|alter|drop)\s+(or\s+replace\s+)?(table|function|trigger|(unique\s+)?index|schema|database|role|type)\s",
    r"with\s+\w+\s+as\s+((not\s+)?materialized\s+)?\(",
)


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])({'|'.join(patterns)})", re.IGNORECASE | re.DOTALL)


_WRITE = _any(_WRITES)
_STATEMENT = _any(_WRITES + _OTHERS)


def is_statement(text: str) -> bool:
    return _has(_STATEMENT, text)


def is_write(text: str) -> bool:
    return _has(_WRITE, text)


def _has(pattern: re.Pattern[str], text: str) -> bool:
    # "Select a member from the list" is prose: a statement's first word has one case.
    words = (found[0].split()[0] for found in pattern.finditer(_plain(text)))
    return any(word in {word.lower(), word.upper()} for word in words)


def _plain(text: str) -> str:
    return re.sub(r"--[^\n]*", "", text) + " "


# `for update of i skip locked`: the strength and, where it says so, the table.
_LOCK = re.compile(
    r"\bfor\s+(no\s+key\s+update|update|key\s+share|share)\b(?:\s+of\s+(\w+(?:\s*,\s*\w+)*))?", re.IGNORECASE
)
# A table and its alias; the words listed follow a table without one.
_TABLE = re.compile(
    r"\b(?:from|join)\s+(?:only\s+)?\"?(\w+)\"?"
    r"(?:\s+(?:as\s+)?(?!(?:where|join|on|order|limit|for|left|cross|inner|set|using|group)\b)(\w+))?",
    re.IGNORECASE,
)


def locks(text: str) -> list[tuple[str, set[str]]]:
    """Every row lock in a statement: its strength and the names of the tables it locks."""
    statement = _plain(text)
    found = []
    for lock in _LOCK.finditer(statement):
        # The select the clause belongs to is the nearest one before it.
        before = statement[: lock.start()]
        own = before[max(before.lower().rfind("select"), 0) :]
        tables = {(alias or table): table for table, alias in _TABLE.findall(own)}
        named = [name.strip() for name in lock[2].split(",")] if lock[2] else list(tables)
        found.append((" ".join(lock[1].lower().split()), {tables.get(name, name) for name in named}))
    return found
