"""What the verbs that set a schedule up do: `nightbell schedule create`, `nightbell schedule layer`."""

from datetime import datetime

import click

from nightbell.actions import organizations, people, schedules
from nightbell.cli import output, words
from nightbell.cli.typed import Turns
from nightbell.core import editing, instants
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.models import Organization
from nightbell.data.reads import schedules as reads


def create_schedule(
    name: str, slug: str, timezone: str, layers: tuple[Turns, ...], since: str | None, as_json: bool
) -> None:
    """Make a schedule. Whoever has the turn in its first layer would own an incident."""
    organization = organizations.find(slug)
    principal, start = Principal.operator(organization.id), _start(since)
    given = tuple(_layer(organization, each, start) for each in layers)
    made = schedules.create_whole(principal, schedules.Given(name, timezone), given)
    output.show({"id": str(made)}, as_json, f"The schedule {name} ({made}), {len(layers)} layers.")


def add_layer(name: str, turns: Turns, slug: str, since: str | None, as_json: bool) -> None:
    """Add a layer to a schedule, named by its name or id."""
    organization = organizations.find(slug)
    principal = Principal.operator(organization.id)
    found = reads.named(principal, name)
    if found is None:
        raise click.ClickException(f"name: There is no schedule {name} in {slug}.")
    made = schedules.add_layer(principal, found.id, _layer(organization, turns, _start(since)))
    output.show({"id": str(made)}, as_json, f"A layer ({made}) of {words.plain(found.name)}.")


def _start(since: str | None) -> datetime:
    if since is None:
        return clock.now()
    try:
        return instants.read(since)
    except ValueError:
        raise click.BadParameter(f"{since!r} is not like 2026-11-23T09:00+01:00", param_hint="--from") from None


def _layer(organization: Organization, turns: Turns, start: datetime) -> editing.Draft:
    return editing.Draft(
        turns.kind,
        turns.handoff_time,
        start,
        tuple(people.find(organization, turns.emails)),
        turns.length_days,
    )
