"""The verbs that set a schedule up: `nightbell schedule create`, `nightbell schedule layer`."""

import re
from dataclasses import dataclass
from datetime import datetime, time

import click

from nightbell.actions import organizations, people, schedules
from nightbell.cli import answers
from nightbell.cli.members import COMMAND_LINE
from nightbell.core import oncall
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.models import Organization, Role
from nightbell.data.reads import schedules as reads

_LAYER = re.compile(r"(?P<people>[^:]+):(?P<kind>daily|weekly|[1-9]\d{0,2}):(?P<time>([01]\d|2[0-3]):[0-5]\d)")


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


org_option = click.option("--org", "slug", required=True, metavar="SLUG")
since_option = click.option(
    "--from", "since", metavar="INSTANT", help="When the first turn starts, with its offset; without it, now."
)


@click.group(cls=answers.Group)
def schedule() -> None:
    """Set up who is on call."""


@schedule.command()
@click.argument("name")
@org_option
@click.option("--timezone", required=True, metavar="ZONE", help="An IANA zone, like Europe/Berlin.")
@click.option("--layer", "layers", type=TurnsText(), multiple=True, help="Who takes turns, and when. Once a layer.")
@since_option
@answers.json_option
def create(name: str, slug: str, timezone: str, layers: tuple[Turns, ...], since: str | None, as_json: bool) -> None:
    """Make a schedule. Whoever has the turn in its first layer would own an incident.

    \b
    nightbell schedule create Platform --org acme --timezone Europe/Berlin \\
        --layer ana@example.com,bo@example.com:weekly:09:00 --layer cy@example.com:daily:08:00
    """
    organization = organizations.find(slug)
    principal, start = _principal(organization), _start(since)
    given = tuple(_layer(organization, each, start) for each in layers)
    made = schedules.create_whole(principal, schedules.Given(name, timezone), given)
    answers.show({"id": str(made)}, as_json, f"The schedule {name} ({made}), {len(layers)} layers.")


@schedule.command()
@click.argument("name")
@click.argument("turns", type=TurnsText())
@org_option
@since_option
@answers.json_option
def layer(name: str, turns: Turns, slug: str, since: str | None, as_json: bool) -> None:
    """Add a layer to a schedule, named by its name or id.

    \b
    nightbell schedule layer Platform cy@example.com,di@example.com:7:09:00 --org acme
    """
    organization = organizations.find(slug)
    principal = _principal(organization)
    found = reads.named(principal, name)
    if found is None:
        raise click.ClickException(f"name: There is no schedule {name} in {slug}.")
    edited = schedules.add_layer(principal, found.id, _layer(organization, turns, _start(since)))
    answers.show({"id": str(edited.layer_id)}, as_json, f"A layer ({edited.layer_id}) of {found.name}.")


def _principal(organization: Organization) -> Principal:
    return Principal(organization.id, COMMAND_LINE, Role.ADMIN)


def _start(since: str | None) -> datetime:
    if since is None:
        return clock.now()
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise click.BadParameter(f"{since!r} is not like 2026-11-23T09:00+01:00", param_hint="--from")
    return at


def _layer(organization: Organization, turns: Turns, start: datetime) -> schedules.LayerGiven:
    return schedules.LayerGiven(
        turns.kind,
        turns.handoff_time,
        start,
        tuple(people.find(organization, turns.emails)),
        turns.length_days,
    )
