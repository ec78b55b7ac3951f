"""What the verbs about organizations do: `nightbell org create`, `list`, `fallback` and `editing`."""

from nightbell.actions import organizations, people, signed_links
from nightbell.cli import output, words
from nightbell.data.access.principal import Principal
from nightbell.data.reads import organizations as reads


def create_org(name: str, email: str, first_name: str, last_name: str, as_json: bool) -> None:
    """Make an organization and its first admin."""
    made, admin = organizations.create(Principal.operator(), name, people.Person(email, first_name, last_name))
    url = signed_links.sign_in_url(admin.user)
    output.show(
        {"organizationId": str(made.id), "slug": made.slug, "userId": str(admin.user_id), "signInUrl": url},
        as_json,
        f"Made {made.slug}. {words.plain(admin.user.name)} is its admin.",
        f"A link that signs {admin.user.first_name} in, once:",
        url,
    )


def list_orgs(as_json: bool) -> None:
    """List the organizations of this installation."""
    found = reads.every()
    data = [
        {"organizationId": str(each.id), "slug": each.slug, "name": each.name, "members": each.members}
        for each in found
    ]
    lines = [f"{each.slug}  {words.plain(each.name)}, {output.counted(each.members, 'member')}" for each in found]
    output.show({"organizations": data}, as_json, *(lines or ["No organizations yet: nightbell org create makes one."]))


def fallback(slug: str, emails: tuple[str, ...], as_json: bool) -> None:
    """Name who is paged when nobody answered at all. Nobody named: the admins."""
    organization = organizations.find(slug)
    user_ids = people.find(organization, emails)
    organizations.set_fallback(Principal.operator(organization.id), user_ids)
    named = ", ".join(emails) or "its admins"
    output.show(
        {"organizationId": str(organization.id), "userIds": [str(each) for each in user_ids]},
        as_json,
        f"The last resort of {slug}: {named}.",
    )


def editing(slug: str, who: str, as_json: bool) -> None:
    """Say who may change schedules and escalation policies."""
    organization = organizations.find(slug)
    organizations.let_members_edit(Principal.operator(organization.id), who == "members")
    whose = "every member may" if who == "members" else "admins alone may"
    output.show(
        {"organizationId": str(organization.id), "editing": who},
        as_json,
        f"In {organization.slug} {whose} change schedules and escalation policies.",
    )
