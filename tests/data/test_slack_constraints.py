"""What must never be false of Slack's rows: each constraint refuses its violation."""

import pytest

from nightbell.actions import workspaces
from tests.data.test_constraints import refusal
from tests.workspace import Slack
from tests.world import World

WORKSPACE, COPY = "update slack_workspace set ", "update incident_copy set "
VIOLATIONS = {
    "slack_lost_has_a_reason": [WORKSPACE + "lost_at = connected_at", WORKSPACE + "lost_because = 'x'"],
    "slack_alerts_channels_are_a_list": [
        WORKSPACE + "alerts_channels = '{}'",
        WORKSPACE + "alerts_channels = '\"C1\"'",
    ],
    "slack_team_once": [
        """insert into slack_workspace (organization_id, team_id, team_name, bot_user_id, token)
        select o.id, w.team_id, 'x', 'x', 'x' from slack_workspace w, organization o where o.id <> w.organization_id"""
    ],
    "slack_identity_once": [
        """insert into slack_identity (id, organization_id, user_id, team_id)
        select gen_random_uuid(), organization_id, user_id, team_id from slack_identity limit 1"""
    ],
    "slack_user_is_one_member": [
        """insert into slack_identity (id, organization_id, user_id, team_id, slack_user_id)
        select gen_random_uuid(), s.organization_id, a.id, s.team_id, s.slack_user_id
        from slack_identity s, account a where a.id <> s.user_id limit 1"""
    ],
    "copy_state_known": [COPY + "state = 'lost', due_at = null"],
    "copy_due_iff_on_the_way": [COPY + "state = 'sent', due_at = queued_at", COPY + "state = 'queued', due_at = null"],
    "copy_place_known": [COPY + "place = 'wall' where place = 'alerts'"],
    "copy_page_iff_direct": [COPY + "place = 'direct' where place = 'alerts'", COPY + "page_id = null"],
    "copy_message_is_somewhere": [COPY + "channel_id = null"],
}


@pytest.fixture
def rows(world: World, slack: Slack) -> World:
    """A workspace, an identity, a copy of each kind, and another organization."""
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
    assert refusal(VIOLATIONS["slack_team_once"][0]) is None
