"""What the verbs about people do: `nightbell member add`, `member list` and `member remove`."""

from uuid import UUID

from nightbell.actions import organizations, people, signed_links
from nightbell.cli import output, words
from nightbell.data.access.principal import Principal
from nightbell.data.models import Role
from nightbell.data.reads import incidents
from nightbell.data.reads import people as reads


def add_member(email: str, slug: str, first_name: str, last_name: str, role: str, as_json: bool) -> None:
    """Let somebody in."""
    organization = organizations.find(slug)
    given = Role(role if role in Role.values else f"org:{role}")
    added = people.add(Principal.operator(organization.id), people.Person(email, first_name, last_name), given)
    url = signed_links.sign_in_url(added.user)
    output.show(
        {"userId": str(added.user_id), "role": given.value, "signInUrl": url},
        as_json,
        f"{words.plain(added.user.name)} is a member of {slug}.",
        f"A link that signs {added.user.first_name} in, once:",
        url,
    )


def list_members(slug: str, as_json: bool) -> None:
    """List the members, by name."""
    found = reads.active(Principal.operator(organizations.find(slug).id))
    data = [{"userId": str(each.id), "name": each.name, "email": each.email, "role": each.role} for each in found]
    lines = [f"{words.plain(each.name)} <{words.plain(each.email)}>, {_role(each.role)}" for each in found]
    output.show({"members": data}, as_json, *(lines or [f"{slug} has no members."]))


def remove_member(email: str, slug: str, yes: bool, as_json: bool) -> None:
    """Remove somebody, at once: from sessions, signed_links, policies and open incidents."""
    organization = organizations.find(slug)
    principal = Principal.operator(organization.id)
    (user_id,) = people.find(organization, [email])
    output.confirm(
        f"Remove {words.plain(email)} from {slug}? They are out of policies and open incidents at once.", yes
    )
    changed = people.remove(principal, user_id)
    seen = _after(principal, changed)
    effects = [
        f"  #{each.number} {words.plain(each.title)}: {each.incident.state.value}, owner {words.plain(each.owner.name)}"
        for each in seen
    ] or ["  No open incident was theirs to answer."]
    output.show(
        {"userId": str(user_id), "incidents": [_incident(each) for each in seen]},
        as_json,
        f"{email} is no longer a member of {slug}.",
        *effects,
    )


def _after(principal: Principal, changed: list[UUID]) -> list[incidents.IncidentView]:
    views = (incidents.one(principal, each) for each in changed)
    return [view for view in views if view is not None]


def _incident(view: incidents.IncidentView) -> dict[str, object]:
    return {
        "id": str(view.incident.id),
        "number": view.number,
        "title": view.title,
        "state": view.incident.state.value,
        "ownerId": str(view.owner.id),
    }


def _role(role: str) -> str:
    return role.removeprefix("org:")
