"""The verbs about organizations: `nightbell org create` and `org fallback`."""

import click

from nightbell.accounts import links
from nightbell.actions import organizations, people
from nightbell.cli import answers


@click.group(cls=answers.Group)
def org() -> None:
    """Make an organization, and name its last resort."""


@org.command()
@click.argument("name")
@click.option("--admin", "email", required=True, metavar="EMAIL", help="The first admin's mail address.")
@click.option("--first-name", required=True)
@click.option("--last-name", default="", show_default=False)
@answers.json_option
def create(name: str, email: str, first_name: str, last_name: str, as_json: bool) -> None:
    """Make an organization and its first admin.

    \b
    nightbell org create "Acme" --admin ana@example.com --first-name Ana --last-name Ruiz
    """
    made, admin = organizations.create(name, people.Person(email, first_name, last_name))
    url = links.sign_in_url(admin.user)
    answers.show(
        {"organizationId": str(made.id), "slug": made.slug, "userId": str(admin.user_id), "signInUrl": url},
        as_json,
        f"Made {made.slug}. {admin.user.name} is its admin.",
        f"A link that signs {admin.user.first_name} in, once:",
        url,
    )


@org.command()
@click.argument("slug")
@click.argument("emails", nargs=-1, metavar="EMAIL...")
@answers.json_option
def fallback(slug: str, emails: tuple[str, ...], as_json: bool) -> None:
    """Name who is paged when nobody answered at all. Nobody named: the admins.

    \b
    nightbell org fallback acme ana@example.com bo@example.com
    """
    organization = organizations.find(slug)
    user_ids = people.find(organization, emails)
    organizations.set_fallback(organization, user_ids)
    named = ", ".join(emails) or "its admins"
    answers.show(
        {"organizationId": str(organization.id), "userIds": [str(each) for each in user_ids]},
        as_json,
        f"The last resort of {slug}: {named}.",
    )
