"""Looking now and then whether the Slack users that members were matched with can still be paged there."""

from datetime import timedelta

from nightbell.actions import workspaces
from nightbell.channels.slack import channel
from nightbell.channels.slack.buckets import Priority
from nightbell.channels.slack.client import Failed
from nightbell.core import delivery
from nightbell.data import clock, secrets, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.reads import slack

EVERY = timedelta(days=1)
# So many at a time: nobody waits for this, and Slack has better to do.
AT_ONCE = 40


@transaction.needing(Needs.INSTALLATION)
def check_all(_principal: Principal) -> int:
    """Look at whoever has not been looked at for a day; how many are not to be paged there any more.

    Slack takes a message for somebody who is switched off without a word: nobody would ever read that page.
    """
    return sum(_check(workspace) for workspace in slack.workspaces())


def _check(workspace: slack.Workspace) -> int:
    principal, now, gone = Principal.system(workspace.organization_id), clock.now(), 0
    try:
        asked = workspaces.ask(workspace)
        for user_id, slack_user_id in slack.unchecked(workspace, EVERY, AT_ONCE):
            left = channel.look_at(asked, slack_user_id, Priority.EDIT) is None
            workspaces.remember(principal, user_id, workspace.team_id, None if left else slack_user_id)
            gone += left
    except Failed as failed:
        if isinstance(failed.outcome, delivery.Refused) and failed.outcome.access_lost:
            workspaces.lose(principal, failed.error, now)
    except secrets.Unreadable:
        # Said where a page is not sent for it.
        pass
    return gone
