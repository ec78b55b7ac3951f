"""Who is in the demo: the only place that makes its organization, its people and its policy."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from nightbell.actions import organizations, people, policies, policy_drafts, workspaces
from nightbell.channels import slack
from nightbell.core import policy
from nightbell.data.access import principal as access
from nightbell.data.models import Account, Membership
from nightbell.demo import clock

ORGANIZATION = "Night Owls"
POLICY = "Shop front"
ADMIN = people.Person("ana@night-owls.example", "Ana", "Ruiz")
OTHERS = (
    people.Person("bo@night-owls.example", "Bo", "Lind"),
    people.Person("cy@night-owls.example", "Cy", "Osei"),
    people.Person("dee@night-owls.example", "Dee", "Novak"),
    people.Person("eli@night-owls.example", "Eli", "Tanaka"),
)
# What the demo's Slack has granted and holds: written by one process, and served by another.
GRANTED = workspaces.Granted(
    channel=slack.DECLARATION.name,
    team_id="T0NIGHTOWLS",
    team_name=ORGANIZATION,
    bot_user_id="U0NIGHTBELL",
    token="xoxb-demo",  # noqa: S106 -- it opens nothing outside the demo
)
ALERTS_CHANNEL = "C0ALERTS001"
# Who is paged, and how many minutes they have.
LAYERS = ((("Ana",), 5), (("Cy",), 5), (("Dee", "Eli"), 15))


@dataclass(frozen=True, slots=True)
class Somebody:
    """One of the people, and where the policy has them."""

    account: Account
    part: str


def prepare() -> None:
    """Make everybody, in an empty database, and its clock movable."""
    with connection.cursor() as cursor:
        clock.install(cursor)
    organization, admin = organizations.create(access.Principal.operator(), ORGANIZATION, ADMIN)
    by = access.Principal.operator(organization.id)
    joined = [admin, *(people.add(by, other) for other in OTHERS)]
    ids = {each.user.first_name: each.user_id for each in joined}
    layers = tuple(
        policy_drafts.LayerDraft(policy.Users(tuple(ids[name] for name in names)), ack_timeout_minutes=minutes)
        for names, minutes in LAYERS
    )
    policies.create(by, policy_drafts.Draft(POLICY, layers=layers))
    if slack.DECLARATION.offered(settings.NIGHTBELL):
        workspaces.connect(by, GRANTED)
        workspaces.choose(by, alerts_channels=[ALERTS_CHANNEL], incident_channels=True, archive_on_resolve=False)


def everybody() -> list[Somebody]:
    """The people who are still members, in the order they came."""
    memberships = Membership.objects.filter(removed_at=None).select_related("user").order_by("joined_at", "id")
    return [Somebody(each.user, _part(each.user.first_name)) for each in memberships]


def _part(name: str) -> str:
    for position, (names, minutes) in enumerate(LAYERS, start=1):
        if name in names:
            return f"layer {position}, {minutes} min to answer"
    return "in no layer"
