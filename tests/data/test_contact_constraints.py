"""What must never be false of contacts, workspaces and copies: each constraint refuses its violation."""

import pytest

from nightbell.actions import workspaces
from tests.data.test_constraints import refusal
from tests.workspace import Slack
from tests.world import World

WORKSPACE, COPY = "update workspace set ", "update incident_copy set "
VIOLATIONS = {
    "workspace_lost_has_a_reason": [WORKSPACE + "lost_at = connected_at", WORKSPACE + "lost_because = 'x'"],
    "workspace_alerts_channels_are_a_list": [
        WORKSPACE + "alerts_channels = '{}'",
        WORKSPACE + "alerts_channels = '\"C1\"'",
    ],
    "workspace_team_once": [
        """insert into workspace (organization_id, channel, team_id, team_name, bot_user_id, token)
        select o.id, w.channel, w.team_id, 'x', 'x', 'x' from workspace w, organization o
        where o.id <> w.organization_id"""
    ],
    "contact_state_known": ["update contact set state = 'asleep'"],
    "contact_again_where_lost": ["update contact set again_at = created_at"],
    "contact_of_account_is_their_own": [
        "update contact c set organization_id = o.id from organization o where c.of_account and o.name = 'Day Larks'"
    ],
    "contact_of_account_once": [
        """insert into contact (id, user_id, channel, of_account)
        select gen_random_uuid(), user_id, channel, true from contact where of_account limit 1"""
    ],
    "contact_brought_once": [
        """insert into contact (id, organization_id, user_id, channel, address)
        select gen_random_uuid(), organization_id, user_id, channel, 'U9' from contact
        where organization_id is not null limit 1"""
    ],
    "contact_is_one_member": ["update contact set address = 'U1' where organization_id is not null"],
    "copy_state_known": [COPY + "state = 'lost', due_at = null"],
    "copy_due_iff_on_the_way": [COPY + "state = 'sent', due_at = queued_at", COPY + "state = 'queued', due_at = null"],
    "copy_place_known": [COPY + "place = 'wall' where place = 'alerts'"],
    "copy_page_iff_direct": [COPY + "place = 'direct' where place = 'alerts'", COPY + "page_id = null"],
    "copy_message_is_somewhere": [COPY + "channel_id = null"],
}


@pytest.fixture
def rows(world: World, slack: Slack) -> World:
    """A workspace and what it brings, a copy of each kind, and another organization."""
    (ana,) = world.members("Ana")
    slack.joins(ana)
    slack.has_alerts()
    world.opens("DB pool exhausted", layers=[([ana], 5)])
    with World("Day Larks"):
        pass
    return world


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_constraint_refuses_its_violation(rows: World, name: str) -> None:
    for violation in VIOLATIONS[name]:
        assert refusal(violation) == name, violation


def test_a_workspace_that_is_disconnected_may_be_anothers(rows: World, slack: Slack) -> None:
    workspaces.disconnect(rows.zoe.principal)
    assert refusal(VIOLATIONS["workspace_team_once"][0]) is None
