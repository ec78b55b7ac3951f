"""What becomes of messages for Slack when it is not connected any more."""

from nightbell.actions import escalations, ids, workspaces
from nightbell.core import about, notice
from nightbell.data import clock
from nightbell.data.access.principal import SYSTEM
from nightbell.data.claims import notices
from nightbell.data.models import Notice
from tests.workspace import Slack
from tests.world import World

TOLD = about.ChannelRefused("email", "550 no")


def test_a_notice_goes_to_slack_as_long_as_that_is_connected(world: World, slack: Slack) -> None:
    slack.joins(world.zoe)
    told = [notices.Queued(ids.new(), world.zoe.id, TOLD, "slack") for _ in range(2)]
    notices.queue(world.organization.id, notice.Kind.CHANNEL_REFUSED, told[:1], clock.now())
    world.settles()
    assert Notice.objects.get(id=told[0].id).state == "sent"
    notices.queue(world.organization.id, notice.Kind.CHANNEL_REFUSED, told[1:], clock.now())
    workspaces.lose(world.system, "slack", "token_revoked", clock.now())
    world.settles()
    lost = Notice.objects.get(id=told[1].id)
    assert (lost.state, lost.error) == ("failed", "Slack is not connected")


def test_a_page_to_the_last_resort_waits_for_a_workspace(world: World, slack: Slack) -> None:
    slack.joins(world.zoe)
    incident = world.opens("DB pool exhausted", layers=[], paging=False)
    escalations.fire_due(SYSTEM)
    workspaces.lose(world.system, "slack", "token_revoked", clock.now())
    world.settles()
    (page,) = [each for each in incident.pages() if each.channel == "slack"]
    assert (page.reason, page.state, page.error) == ("fallback", "queued", "Slack is not connected")
