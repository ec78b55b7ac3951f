"""The verbs on who is on call, for a running server: they know nothing but its API."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from nightbell.cli import remote, words
from nightbell.cli.client import json_option

F = TypeVar("F", bound=Callable[..., Any])

Reach = Callable[[], remote.Server]

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


def server_options(command: F) -> F:
    """Which server, and by which key."""
    url = click.option(
        "--url", envvar="NIGHTBELL_URL", default="http://127.0.0.1:8000", show_default=True, help="NIGHTBELL_URL"
    )
    key = click.option("--key", envvar="NIGHTBELL_API_KEY", help="NIGHTBELL_API_KEY; nightbell key create makes one.")
    return url(key(command))


@click.command()
@click.argument("schedule", required=False, metavar="[SCHEDULE]")
@click.option("--at", type=Instant(), help="Then, not now: 2026-11-23T18:00.")
@server_options
@json_option
def oncall(schedule: str | None, at: str | None, url: str, key: str | None, as_json: bool) -> None:
    """Say who is on call, on a schedule (its name or id) or on all of them.

    \b
    nightbell oncall
    nightbell oncall Platform --at 2026-12-24T18:00
    """
    server = _server(url, key)
    schedules = server.get(PATH)["schedules"]
    wanted = schedules if schedule is None else [remote.one_of(schedules, schedule, "schedule")]
    query = {"at": at} if at else {}
    found = [_own(each) | server.get(f"{PATH}/{each['id']}/resolve", **query) for each in wanted]
    if as_json:
        click.echo(json.dumps(found[0] if schedule else {"schedules": found}, indent=2, ensure_ascii=False))
        return
    for each in found:
        for line in _lines(each):
            click.echo(line)
    if not found:
        click.echo("No schedules.")


@click.group()
@server_options
@click.pass_context
def override(ctx: click.Context, url: str, key: str | None) -> None:
    """Put somebody else on call for a while; whoever is displaced and whoever takes over are told by mail."""
    # Asked for when a verb runs, so that its help needs no key.
    ctx.obj = lambda: _server(url, key)


@override.command()
@click.argument("schedule")
@click.argument("user", metavar="EMAIL|ID")
@click.option("--from", "start", type=Instant(), help="From when on; without it, from now.")
@click.option("--until", "end", type=Instant(), required=True, help="Until when: 2026-11-23T18:00.")
@click.option("--layer", metavar="POSITION|ID", help="In one layer only; without it, in the whole schedule.")
@json_option
@click.pass_obj
def create(
    reach: Reach, schedule: str, user: str, start: str | None, end: str, layer: str | None, as_json: bool
) -> None:
    """Put somebody on call on a schedule, instead of whoever has the turn.

    \b
    nightbell override create Platform bo@example.com --until 2026-11-23T18:00
    """
    server = reach()
    found = remote.one_of(server.get(PATH)["schedules"], schedule, "schedule")
    body = {
        "userId": server.person(user),
        "startsAt": start or server.get(f"{PATH}/{found['id']}/resolve")["at"],
        "endsAt": end,
        "layerId": _layer(server, found["id"], layer) if layer else None,
    }
    made = server.post(f"{PATH}/{found['id']}/overrides", body)
    _made(found, made, as_json)


@override.command()
@click.argument("schedule")
@click.argument("user", metavar="EMAIL|ID")
@json_option
@click.pass_obj
def take(reach: Reach, schedule: str, user: str, as_json: bool) -> None:
    """Put somebody on call from now until the shift that is under way ends.

    \b
    nightbell override take Platform bo@example.com
    """
    server = reach()
    found = remote.one_of(server.get(PATH)["schedules"], schedule, "schedule")
    made = server.post(f"{PATH}/{found['id']}/overrides/take", {"userId": server.person(user)})
    _made(found, made, as_json)


def _server(url: str, key: str | None) -> remote.Server:
    if not key:
        raise click.UsageError("NIGHTBELL_API_KEY is not set: nightbell key create NAME --org SLUG makes a key.")
    return remote.Server(url, key)


def _layer(server: remote.Server, schedule_id: str, named: str) -> str:
    if not named.isdecimal():
        return named
    for each in server.get(f"{PATH}/{schedule_id}")["layers"]:
        if str(each["position"]) == named:
            return str(each["id"])
    raise click.ClickException(f"There is no layer {named} in this schedule.")


def _own(schedule: Mapping[str, Any]) -> dict[str, Any]:
    return {name: schedule[name] for name in ("id", "name", "timezone")}


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    name = words.plain(found["name"])
    if not found["currentOnCall"]:
        yield f"{name}: nobody is on call"
    for each in found["currentOnCall"]:
        layer = f", layer {each['position']}" if each["position"] else ""
        because = " (override)" if each["overrideId"] else ""
        yield f"{name}{layer}: {words.plain(each['name'])}{because} until {words.instant(each['until'])}"


def _made(schedule: Mapping[str, Any], made: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(made, indent=2, ensure_ascii=False))
        return
    start, end = words.instant(made["startsAt"]), words.instant(made["endsAt"])
    click.echo(
        f"{words.plain(made['userName'])} is on call on {words.plain(schedule['name'])} from {start} until {end}."
    )
