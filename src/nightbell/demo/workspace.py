"""The Slack of the demo: the only place that starts it, with everybody and one channel in it."""

from datetime import timedelta

from nightbell.demo import people
from nightbell.demo.slack.fake import FakeSlack
from nightbell.demo.slack.records import User

ALERTS = "alerts"


class Workspace:
    """A fake Slack that is started where it is shown: in the one web process."""

    def __init__(self) -> None:
        self._slack: FakeSlack | None = None

    def listen(self, port: int, app_url: str, *, client_id: str, client_secret: str, signing_secret: str) -> None:
        """Be there on this port from now on. Raises OSError where it is not free."""
        granted = people.GRANTED
        slack = FakeSlack(
            port=port,
            app_url=app_url,
            client_id=client_id,
            client_secret=client_secret,
            signing_secret=signing_secret,
            limits=True,
            team_id=granted.team_id,
            team_name=granted.team_name,
        )
        slack.accept(granted.token)
        for each in (people.ADMIN, *people.OTHERS):
            slack.person(f"{each.first_name} {each.last_name}", each.email)
        slack.channel(ALERTS, channel_id=people.ALERTS_CHANNEL)
        self._slack = slack.start()

    def close(self) -> None:
        """Be gone."""
        slack, self._slack = self._slack, None
        if slack is not None:
            slack.stop()

    @property
    def slack(self) -> FakeSlack | None:
        """What there is to see; None where nobody listens."""
        return self._slack

    def user(self, email: str) -> User | None:
        """Who somebody is there."""
        users = self._slack.users.values() if self._slack is not None else ()
        return next((user for user in users if user.email == email), None)

    def run_ahead(self, ahead: timedelta) -> None:
        """Go with the moved clock."""
        if self._slack is not None:
            self._slack.run_ahead(ahead.total_seconds())

    def __len__(self) -> int:
        """How many messages there are."""
        return len(self._slack.messages) if self._slack is not None else 0


WORKSPACE = Workspace()
