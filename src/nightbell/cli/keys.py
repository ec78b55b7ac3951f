"""The verbs about API keys: `nightbell key create` and `key revoke`."""

from uuid import UUID

import click

from nightbell.actions import keys, organizations
from nightbell.cli import answers


@click.group(cls=answers.Group)
def key() -> None:
    """Make API keys, and revoke them."""


@key.command()
@click.argument("name")
@click.option("--org", "slug", required=True, metavar="SLUG")
@answers.json_option
def create(name: str, slug: str, as_json: bool) -> None:
    """Make an API key. It is shown once, now.

    \b
    export NIGHTBELL_API_KEY=$(nightbell key create ci --org acme)
    """
    made, text = keys.create(organizations.find(slug), name)
    if not as_json:
        click.echo(f"The key {made.name} ({made.id}); nobody can show it again:", err=True)
    answers.show({"id": str(made.id), "name": made.name, "key": text}, as_json, text)


@key.command()
@click.argument("key_id", metavar="ID", type=click.UUID)
@click.option("--org", "slug", required=True, metavar="SLUG")
@answers.json_option
def revoke(key_id: UUID, slug: str, as_json: bool) -> None:
    """Refuse a key from its next request on.

    \b
    nightbell key revoke 0193e1a2-7c5b-7d3e-9f00-5b1f0a1c2d3e --org acme
    """
    keys.revoke(organizations.find(slug), key_id)
    answers.show({"id": str(key_id)}, as_json, f"The key {key_id} is refused from now on.")
