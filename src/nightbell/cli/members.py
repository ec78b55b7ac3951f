"""The verbs about people: `nightbell member add` and `member remove`."""

from uuid import UUID

import click

from nightbell.accounts import links
from nightbell.actions import organizations, people
from nightbell.cli import answers
from nightbell.core.incident import actor
from nightbell.data.access.principal import Principal
from nightbell.data.models import Role
from nightbell.data.reads import incidents

COMMAND_LINE = actor.Actor(actor.Type.SYSTEM, None, "command line", actor.Via.CLI)


@click.group(cls=answers.Group)
def member() -> None:
    """Add people to an organization, and remove them."""


@member.command()
@click.argument("email")
@click.option("--org", "slug", required=True, metavar="SLUG")
@click.option("--first-name", required=True)
@click.option("--last-name", default="", show_default=False)
@click.option(
    "--role", type=click.Choice(["admin", "member", *Role.values]), default="member", help="An admin may change it all."
)
@answers.json_option
def add(email: str, slug: str, first_name: str, last_name: str, role: str, as_json: bool) -> None:
    """Let somebody in.

    \b
    nightbell member add bo@example.com --org acme --first-name Bo --last-name Lind
    """
    organization = organizations.find(slug)
    given = Role(role if role in Role.values else f"org:{role}")
    added = people.add(organization, people.Person(email, first_name, last_name), given)
    url = links.sign_in_url(added.user)
    answers.show(
        {"userId": str(added.user_id), "role": given.value, "signInUrl": url},
        as_json,
        f"{added.user.name} is a member of {slug}.",
        f"A link that signs {added.user.first_name} in, once:",
        url,
    )


@member.command()
@click.argument("email")
@click.option("--org", "slug", required=True, metavar="SLUG")
@answers.json_option
def remove(email: str, slug: str, as_json: bool) -> None:
    """Remove somebody, at once: from sessions, links, policies and open incidents.

    \b
    nightbell member remove bo@example.com --org acme
    """
    organization = organizations.find(slug)
    (user_id,) = people.find(organization, [email])
    changed = people.remove(organization, user_id, COMMAND_LINE)
    seen = _after(organization.id, changed)
    effects = [
        f"  #{each.number} {each.title}: {each.incident.state.value}, owner {each.owner.name}" for each in seen
    ] or ["  No open incident was theirs to answer."]
    answers.show(
        {"userId": str(user_id), "incidents": [_incident(each) for each in seen]},
        as_json,
        f"{email} is no longer a member of {slug}.",
        *effects,
    )


def _after(organization_id: UUID, changed: list[UUID]) -> list[incidents.IncidentView]:
    reader = Principal(organization_id, COMMAND_LINE, Role.ADMIN)
    views = (incidents.one(reader, each) for each in changed)
    return [view for view in views if view is not None]


def _incident(view: incidents.IncidentView) -> dict[str, object]:
    return {
        "id": str(view.incident.id),
        "number": view.number,
        "title": view.title,
        "state": view.incident.state.value,
        "ownerId": str(view.owner.id),
    }
