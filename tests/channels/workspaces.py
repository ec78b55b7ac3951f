"""A Slack to send to, and a channel into it whose buckets have a clock that tests move."""

from dataclasses import dataclass, field, replace
from typing import Any

from nightbell.channels.base import Parcel
from nightbell.channels.slack.buckets import Buckets
from nightbell.channels.slack.channel import SlackChannel
from nightbell.core import delivery
from nightbell.demo.slack.fake import FakeSlack
from nightbell.demo.slack.records import User
from tests.channels.pages import page
from tests.channels.standings import copy

BO = "bo@example.com"


@dataclass
class Office:
    """One workspace, the token that lets us in, and our way there; `seconds` is what its buckets' clock shows."""

    slack: FakeSlack
    token: str
    bo: User
    seconds: float = 1000.0
    channel: SlackChannel = field(init=False)

    def __post_init__(self) -> None:
        self.channel = SlackChannel(self.slack.api_url, Buckets(lambda: self.seconds))

    def page(self, place: str = "", **changes: Any) -> delivery.Page:
        """A page to Bo, or to another user or address."""
        address = f"{self.slack.team_id}/{place or self.bo.id}"
        return replace(page(address, **changes), credential=self.token)

    def copy(self, where: str, **more: Any) -> delivery.Copy:
        """A copy in a channel, which may be yet to be made."""
        return copy(address=f"{self.slack.team_id}/{where}", credential=self.token, **more)

    def send(self, parcel: Parcel) -> delivery.Outcome:
        return self.channel.send(parcel)

    def methods(self) -> list[str]:
        """What was called, in order."""
        return [call.method for call in self.slack.calls]


def open_office() -> Office:
    """A workspace of its own, where Bo is."""
    slack = FakeSlack().start()
    return Office(slack, slack.install(), slack.person("Bo Lind", BO))


def unavailable(outcome: delivery.Outcome) -> str:
    assert isinstance(outcome, delivery.Unavailable), outcome
    return outcome.error


def refused(outcome: delivery.Outcome) -> delivery.Refused:
    assert isinstance(outcome, delivery.Refused), outcome
    return outcome


def accepted(outcome: delivery.Outcome) -> str:
    """Where it was posted."""
    assert isinstance(outcome, delivery.Accepted), outcome
    assert outcome.provider_id is not None
    return outcome.provider_id
