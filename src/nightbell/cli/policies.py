"""The verbs about escalation policies: `nightbell policy create`."""

import click

from nightbell.actions import organizations, people, policies
from nightbell.cli import answers
from nightbell.core import policy as frozen
from nightbell.data.models import Organization


class LayerText(click.ParamType[tuple[list[str], int]]):
    """`ana@example.com,bo@example.com:5`: who is paged, and how many minutes they have."""

    name = "PEOPLE:MINUTES"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[list[str], int]:
        """The addresses and the minutes."""
        people_, colon, minutes = str(value).rpartition(":")
        emails = [email.strip() for email in people_.split(",") if email.strip()]
        if not colon or not emails or not (minutes.isascii() and minutes.isdecimal()):
            self.fail(f"{value!r} is not like ana@example.com,bo@example.com:5", param, ctx)
        return emails, int(minutes)


@click.group(cls=answers.Group)
def policy() -> None:
    """Make an escalation policy."""


@policy.command()
@click.argument("name")
@click.option("--org", "slug", required=True, metavar="SLUG")
@click.option(
    "--layer", "layers", type=LayerText(), required=True, multiple=True, help="Who, and for how long. Once a layer."
)
@click.option("--repeat", default=0, help="How many more times when nobody answered.", show_default=True)
@answers.json_option
def create(name: str, slug: str, layers: tuple[tuple[list[str], int], ...], repeat: int, as_json: bool) -> None:
    """Make a policy: its layers are paged in this order until somebody answers.

    \b
    nightbell policy create Payments --org acme --layer ana@example.com,bo@example.com:5 --layer cy@example.com:15
    """
    organization = organizations.find(slug)
    given = policies.Given(name, repeat_count=repeat, layers=tuple(_layer(organization, *each) for each in layers))
    made = policies.create(organization.id, given)
    answers.show({"id": str(made.id)}, as_json, f"The policy {name} ({made.id}), {len(layers)} layers.")


def _layer(organization: Organization, emails: list[str], minutes: int) -> policies.LayerGiven:
    target = frozen.Users(tuple(people.find(organization, emails)))
    return policies.LayerGiven(target, ack_timeout_minutes=minutes)
