"""The verbs on incidents: all of the command line that talks to a running server, and that knows nothing else."""

from collections.abc import Mapping
from typing import Any

import click

from nightbell.cli import remote, survival, typed, words

NOTHING_TO_SHOW = "No incidents."


reference = click.argument("ref", metavar="NUMBER|ID")
note_option = click.option("--note", help="A line for whoever reads it.")


@click.group()
def incident() -> None:
    """Work on incidents of a running server: the one on this machine, or the one named by --url or NIGHTBELL_URL.

    The key is NIGHTBELL_API_KEY, or --key, which like --url stands behind the verb.

    \b
    nightbell incident list
    nightbell incident ack 42
    nightbell incident handoff 42 --to bo@example.com --note "on a plane"
    """


@incident.command(name="open")
@click.argument("title")
@click.option("--severity", type=click.Choice(["critical", "high", "medium", "low"]), default="high", show_default=True)
@click.option("--owner", metavar="EMAIL|ID", help="Who is accountable for it.")
@click.option("--on-call", metavar="NAME|ID", help="A schedule: whoever is on call owns it, and its policy pages.")
@click.option("--policy", metavar="NAME|ID", help="The escalation policy that pages for it.")
@click.option("--description", help="What is known.")
@click.option("--dedup-key", metavar="TEXT", help="One incident at most is open with it.")
@remote.options
@typed.json_option
def open_incident(
    server: remote.Server,
    title: str,
    severity: str,
    owner: str | None,
    on_call: str | None,
    policy: str | None,
    description: str | None,
    dedup_key: str | None,
    as_json: bool,
) -> None:
    """Open an incident, and have its people paged.

    \b
    nightbell incident open "DB pool exhausted" --severity critical --owner ana@example.com --policy "Shop front"
    nightbell incident open "Queue is stuck" --on-call "Platform on call"
    """
    if owner is None and on_call is None:
        raise click.UsageError("Say who owns it: --owner EMAIL, or --on-call SCHEDULE.")
    body = {
        "title": title,
        "severity": severity,
        "ownerId": server.person(owner) if owner else None,
        "ownerScheduleId": server.schedule(on_call) if on_call else None,
        "escalationPolicyId": server.policy(policy) if policy else None,
        "description": description,
        "dedupKey": dedup_key,
    }
    _show(server.post("/v1/incidents", {name: value for name, value in body.items() if value is not None}), as_json)


@incident.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Resolved ones too.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@remote.options
@typed.json_option
def list_incidents(server: remote.Server, everything: bool, limit: int, as_json: bool) -> None:
    """List what is open, newest first."""
    found = server.newest(limit, everything=everything)
    if as_json:
        survival.print_json({"incidents": found})
        return
    for each in found:
        click.echo(words.row(each))
    if not found:
        click.echo(NOTHING_TO_SHOW)


@incident.command()
@reference
@remote.options
@typed.json_option
def show(server: remote.Server, ref: str, as_json: bool) -> None:
    """Show an incident: who was paged, did it arrive, who is next, and everything that happened."""
    found = server.get(f"/v1/incidents/{remote.segment(ref)}")
    if as_json:
        survival.print_json(found)
        return
    for line in words.page(found, server.people()):
        click.echo(line)


@incident.command()
@reference
@click.option("--for", "member", metavar="EMAIL|ID", help="Who is on it; without it, the key is.")
@remote.options
@typed.json_option
def ack(server: remote.Server, ref: str, member: str | None, as_json: bool) -> None:
    """Acknowledge: somebody is on it, nobody else is paged.

    \b
    nightbell incident ack 42 --for ana@example.com
    """
    body = {"userId": server.person(member)} if member else {}
    _show(server.post(f"/v1/incidents/{remote.segment(ref)}/acknowledge", body), as_json)


@incident.command()
@reference
@click.option("--to", "target", metavar="EMAIL|ID", required=True, help="Who owns it from now on, and is paged.")
@note_option
@remote.options
@typed.json_option
def handoff(server: remote.Server, ref: str, target: str, note: str | None, as_json: bool) -> None:
    """Hand an incident to somebody else, who is paged at once.

    \b
    nightbell incident handoff 42 --to bo@example.com --note "on a plane"
    """
    body = {"targetUserId": server.person(target), **({"note": note} if note else {})}
    _show(server.post(f"/v1/incidents/{remote.segment(ref)}/handoff", body), as_json)


@incident.command()
@reference
@remote.options
@typed.json_option
def escalate(server: remote.Server, ref: str, as_json: bool) -> None:
    """Page the next layer now."""
    _show(server.post(f"/v1/incidents/{remote.segment(ref)}/escalate", {}), as_json)


@incident.command()
@reference
@note_option
@remote.options
@typed.json_option
def resolve(server: remote.Server, ref: str, note: str | None, as_json: bool) -> None:
    """Resolve an incident: it is over."""
    body = {"resolutionNote": note} if note else {}
    _show(server.post(f"/v1/incidents/{remote.segment(ref)}/resolve", body), as_json)


def _show(found: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        survival.print_json(found)
        return
    click.echo(words.row(found))
