"""`/nightbell new`: the form that opens an incident."""

import pytest

from nightbell.actions import policies, policy_drafts
from nightbell.core import policy
from nightbell.core.incident import actor
from nightbell.core.incident.state import Severity
from nightbell.data.models import Incident as Row
from nightbell.demo.slack.records import View
from tests.inbound.slack.conftest import Paged
from tests.rota import Rota
from tests.workspace import Slack
from tests.world import Person, World


def opens_form(slack: Slack, person: Person) -> View:
    reply = slack.command("new", slack.user(person))
    assert (reply.status, reply.body) == (200, b"")
    return slack.views[slack.user(person).id]


def test_the_form_opens_an_incident_and_says_so(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, _ = paged()
    view = opens_form(slack, ana)
    assert list(view.inputs) == ["title", "severity", "owner", "policy", "description"]
    given = {"title": "Disk <!channel>", "severity": "Critical", "owner": "Bo", "description": "on db-3"}
    reply = slack.submit(slack.user(ana), given)
    assert (reply.status, reply.body) == (200, b"")
    row = Row.objects.get(title="Disk <!channel>")
    assert (row.severity, row.owner_id, row.description) == (Severity.CRITICAL, bo.id, "on db-3")
    assert row.created_by["id"] == str(ana.id)
    assert row.created_by["via"] == actor.Via.SLACK
    assert slack.told(ana) == f"#{row.number} 🔴 CRITICAL Disk <!channel> is open, and Bo owns it."
    world.settles()
    assert slack.page_of(bo).shows("Disk <!channel>")


def test_a_form_sent_twice_opens_one_incident(slack: Slack, paged: Paged) -> None:
    ana, _, _ = paged()
    opens_form(slack, ana)
    reply = slack.submit(slack.user(ana), {"title": "Disk full"})
    assert slack.again(reply).body == b""
    assert Row.objects.filter(title="Disk full").count() == 1
    assert len(slack.ephemerals) == 1


def test_whoever_is_on_call_owns_it_with_the_schedules_policy(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, _ = paged()
    rota = Rota(world, "Platform")
    rota.layer(bo)
    matched = rota.policy()
    opens_form(slack, ana)
    slack.submit(slack.user(ana), {"title": "Disk full", "owner": "Platform · Bo"})
    row = Row.objects.get(title="Disk full")
    assert row.policy is not None
    assert (row.owner_id, row.policy["id"]) == (bo.id, str(matched))


def test_a_named_policy_is_taken(world: World, slack: Slack, paged: Paged) -> None:
    ana, bo, _ = paged()
    policies.create(
        world.principal, policy_drafts.Draft("Night", layers=(policy_drafts.LayerDraft(policy.Users((bo.id,)), 5),))
    )
    opens_form(slack, ana)
    slack.submit(slack.user(ana), {"title": "Disk full", "policy": "Night"})
    row = Row.objects.get(title="Disk full")
    assert row.policy is not None
    assert row.policy["name"] == "Night"


def test_a_refusal_stands_beside_its_field_and_the_form_can_be_sent_again(
    world: World, slack: Slack, paged: Paged
) -> None:
    ana, bo, _ = paged()
    opens_form(slack, ana)
    world.ends_membership(bo)
    reply = slack.submit(slack.user(ana), {"title": "Disk full", "owner": "Bo"})
    assert reply.errors == {"owner": "The owner is not an active member of the organization."}
    assert not Row.objects.filter(title="Disk full").exists()
    slack.submit(slack.user(ana), {"title": "Disk full", "owner": "Zoe"})
    assert Row.objects.get(title="Disk full").owner_id == world.zoe.id


@pytest.mark.parametrize("title", [" ", "\n"])
def test_a_title_of_nothing_is_refused(slack: Slack, paged: Paged, title: str) -> None:
    ana, _, _ = paged()
    opens_form(slack, ana)
    reply = slack.submit(slack.user(ana), {"title": title})
    assert reply.errors == {"title": "An incident has a title."}
    assert Row.objects.count() == 1
