"""How things are typed on the command line: the only place for options that several verbs take, and for their forms."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Any, TypeVar

import click

from nightbell.core import oncall

F = TypeVar("F", bound=Callable[..., Any])

SCHEDULE = "schedule:"
_LAYER = re.compile(r"(?P<people>[^:]+):(?P<kind>daily|weekly|[1-9]\d{0,2}):(?P<time>([01]\d|2[0-3]):[0-5]\d)")


class LayerText(click.ParamType[tuple[list[str], int]]):
    """`ana@example.com,bo@example.com:5` or `schedule:Platform:5`: who is paged, and how many minutes they have."""

    name = "PEOPLE:MINUTES"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[list[str], int]:
        """The addresses and the minutes."""
        people_, colon, minutes = str(value).rpartition(":")
        named = [people_] if people_.startswith(SCHEDULE) else people_.split(",")
        emails = [each.strip() for each in named if each.strip().removeprefix(SCHEDULE)]
        if not colon or not emails or not (minutes.isascii() and minutes.isdecimal()):
            self.fail(f"{value!r} is not like ana@example.com,bo@example.com:5 or schedule:Platform:5", param, ctx)
        return emails, int(minutes)


@dataclass(frozen=True, slots=True)
class Turns:
    """A rotation layer as it is typed."""

    emails: tuple[str, ...]
    kind: oncall.Kind
    length_days: int
    handoff_time: time


class TurnsText(click.ParamType[Turns]):
    """`ana@example.com,bo@example.com:weekly:09:00`; a number in place of `weekly` is that many days."""

    name = "PEOPLE:EVERY:HH:MM"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Turns:
        """Who, how often, and when they hand over."""
        found = _LAYER.fullmatch(str(value))
        emails = tuple(email.strip() for email in found["people"].split(",") if email.strip()) if found else ()
        if found is None or not emails:
            self.fail(f"{value!r} is not like ana@example.com,bo@example.com:weekly:09:00", param, ctx)
        custom = found["kind"].isdecimal()
        kind = oncall.Kind.CUSTOM if custom else oncall.Kind(found["kind"])
        length = int(found["kind"]) if custom else oncall.LENGTH_DAYS[kind]
        return Turns(emails, kind, length, time.fromisoformat(found["time"]))


def json_option(command: F) -> F:
    """`--json`: the data, for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def yes_option(command: F) -> F:
    """`--yes`, for what cannot be taken back."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def org_option(command: F) -> F:
    """`--org`: which organization."""
    return click.option("--org", "slug", required=True, metavar="SLUG")(command)


def host_option(command: F) -> F:
    """`--host`: where to listen."""
    return click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")(command)


def port_option(command: F) -> F:
    """`--port`, likewise."""
    port = click.IntRange(1, 65535)
    return click.option("--port", type=port, default=8000, show_default=True, help="The port to listen on.")(command)
