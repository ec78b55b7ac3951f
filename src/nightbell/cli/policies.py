"""The verbs about escalation policies: `nightbell policy create`."""

import click

from nightbell.actions import organizations, people, policies
from nightbell.cli import answers
from nightbell.cli.members import COMMAND_LINE
from nightbell.core import policy as frozen
from nightbell.core.errors import Code, Rejected
from nightbell.data.access.principal import Principal
from nightbell.data.models import Organization, Role
from nightbell.data.reads import schedules

SCHEDULE = "schedule:"


class LayerText(click.ParamType[tuple[list[str], int]]):
    """`ana@example.com,bo@example.com:5` or `schedule:Platform:5`: who is paged, and how many minutes they have."""

    name = "PEOPLE:MINUTES"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[list[str], int]:
        """The addresses and the minutes."""
        people_, colon, minutes = str(value).rpartition(":")
        named = [people_] if people_.startswith(SCHEDULE) else people_.split(",")
        emails = [each.strip() for each in named if each.strip().removeprefix(SCHEDULE)]
        if not colon or not emails or not (minutes.isascii() and minutes.isdecimal()):
            self.fail(f"{value!r} is not like ana@example.com,bo@example.com:5 or schedule:Platform:5", param, ctx)
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
    nightbell policy create Platform --org acme --layer 'schedule:Platform on-call:5' --layer cy@example.com:15
    """
    organization = organizations.find(slug)
    given = policies.Given(name, repeat_count=repeat, layers=tuple(_layer(organization, *each) for each in layers))
    made = policies.create(organization.id, given)
    answers.show({"id": str(made.id)}, as_json, f"The policy {name} ({made.id}), {len(layers)} layers.")


def _layer(organization: Organization, emails: list[str], minutes: int) -> policies.LayerGiven:
    return policies.LayerGiven(_target(organization, emails), ack_timeout_minutes=minutes)


def _target(organization: Organization, named: list[str]) -> frozen.Target:
    if not named[0].startswith(SCHEDULE):
        return frozen.Users(tuple(people.find(organization, named)))
    name = named[0].removeprefix(SCHEDULE)
    found = schedules.named(Principal(organization.id, COMMAND_LINE, Role.ADMIN), name)
    if found is None:
        raise Rejected(Code.NOT_FOUND, f"There is no schedule {name} in {organization.slug}.", "schedule")
    return frozen.Schedule(found.id)
