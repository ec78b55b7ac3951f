"""The verbs on who is on call, for a running server: they know nothing but its API."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from nightbell.cli import remote, survival, typed, words

PATH = "/v1/oncall/schedules"


class Instant(click.ParamType[str]):
    """`2026-11-23T18:00`, by this terminal's clock, or with an offset or `Z` by that."""

    name = "INSTANT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The instant as the API has it."""
        try:
            return datetime.fromisoformat(str(value)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not like 2026-11-23T18:00", param, ctx)


@click.command()
@click.argument("schedule", required=False, metavar="[SCHEDULE]")
@click.option("--at", type=Instant(), help="Then, not now: 2026-11-23T18:00.")
@remote.options
@typed.json_option
def oncall(server: remote.Server, schedule: str | None, at: str | None, as_json: bool) -> None:
    """Say who is on call, on a schedule (its name or id) or on all of them.

    \b
    nightbell oncall
    nightbell oncall Platform --at 2026-12-24T18:00
    """
    schedules = server.get(PATH)["schedules"]
    wanted = schedules if schedule is None else [remote.one_of(schedules, schedule, "schedule")]
    query = {"at": at} if at else {}
    found = [_own(each) | server.get(f"{PATH}/{each['id']}/resolve", **query) for each in wanted]
    if as_json:
        survival.print_json(found[0] if schedule else {"schedules": found})
        return
    for each in found:
        for line in _lines(each):
            click.echo(line)
    if not found:
        click.echo("No schedules.")


@click.group()
def override() -> None:
    """Put somebody else on call for a while; whoever is displaced and whoever takes over are told by mail."""


@override.command()
@click.argument("schedule")
@click.argument("user", metavar="EMAIL|ID")
@click.option("--from", "start", type=Instant(), help="From when on; without it, from now.")
@click.option("--until", "end", type=Instant(), required=True, help="Until when: 2026-11-23T18:00.")
@click.option("--rotation", metavar="NUMBER|ID", help="In one rotation only; without it, in the whole schedule.")
@remote.options
@typed.json_option
def create(
    server: remote.Server, schedule: str, user: str, start: str | None, end: str, rotation: str | None, as_json: bool
) -> None:
    """Put somebody on call on a schedule, instead of whoever has the turn.

    \b
    nightbell override create Platform bo@example.com --until 2026-11-23T18:00
    """
    found = remote.one_of(server.get(PATH)["schedules"], schedule, "schedule")
    body = {
        "userId": server.person(user),
        "startsAt": start or server.get(f"{PATH}/{found['id']}/resolve")["at"],
        "endsAt": end,
        "layerId": _layer(server, found["id"], rotation) if rotation else None,
    }
    made = server.post(f"{PATH}/{found['id']}/overrides", body)
    _made(found, made, as_json)


@override.command()
@click.argument("schedule")
@click.argument("user", metavar="EMAIL|ID")
@remote.options
@typed.json_option
def take(server: remote.Server, schedule: str, user: str, as_json: bool) -> None:
    """Put somebody on call from now until the shift that is under way ends.

    \b
    nightbell override take Platform bo@example.com
    """
    found = remote.one_of(server.get(PATH)["schedules"], schedule, "schedule")
    made = server.post(f"{PATH}/{found['id']}/overrides/take", {"userId": server.person(user)})
    _made(found, made, as_json)


def _layer(server: remote.Server, schedule_id: str, named: str) -> str:
    if not named.isdecimal():
        return named
    for each in server.get(f"{PATH}/{schedule_id}")["layers"]:
        if str(each["position"] + 1) == named:
            return str(each["id"])
    raise click.ClickException(f"There is no rotation {named} in this schedule.")


def _own(schedule: Mapping[str, Any]) -> dict[str, Any]:
    return {name: schedule[name] for name in ("id", "name", "timezone")}


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    name = words.plain(found["name"])
    if not found["currentOnCall"]:
        yield f"{name}: nobody is on call"
    for each in found["currentOnCall"]:
        # People count from 1, the API's positions from 0.
        rotation = f", rotation {each['position'] + 1}" if each["position"] is not None else ""
        because = " (override)" if each["overrideId"] else ""
        yield f"{name}{rotation}: {words.plain(each['name'])}{because} until {words.instant(each['until'])}"


def _made(schedule: Mapping[str, Any], made: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        survival.print_json(made)
        return
    start, end = words.instant(made["startsAt"]), words.instant(made["endsAt"])
    click.echo(
        f"{words.plain(made['userName'])} is on call on {words.plain(schedule['name'])} from {start} until {end}."
    )
