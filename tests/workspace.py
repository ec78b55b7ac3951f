"""A Slack workspace for the stories: who of the world's people is who there, and Slack's requests to us."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.fernet import Fernet
from django.db import connection
from django.test import Client

from nightbell.actions import workspaces
from nightbell.channels.slack import transport
from nightbell.conf.env import Settings
from nightbell.data.models import Contact
from nightbell.data.reads import reach
from nightbell.demo.slack.fake import FakeSlack
from nightbell.demo.slack.records import Message, User
from tests import environment
from tests.world import Person, World

_WAY = f"""
select way.address from (select %s::uuid as organization_id, %s::uuid as user_id, %s as channel) message
{reach.WAY.format(message="message")}
"""
KEY = Fernet.generate_key().decode()
FORM = "application/x-www-form-urlencoded"


class Slack(FakeSlack):
    """The fake, which knows the world's people by their addresses and hands its requests to Django."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.deliver = self._deliver
        self._users: dict[str, User] = {}

    def _deliver(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        answer: Any = Client().post(path, data=body, content_type=FORM, headers=headers)
        return answer.status_code, answer.content

    def joins(self, *people: Person, guest: bool = False, deleted: bool = False, external: bool = False) -> None:
        """These people are in the workspace too, under the same addresses."""
        for each in people:
            user = self.person(each.name, each.email, guest=guest, deleted=deleted, external=external)
            self._users[each.email] = user

    def user(self, person: Person) -> User:
        """Who that is here."""
        return self._users[person.email]

    def page_of(self, person: Person) -> Message:
        """The one direct message somebody has."""
        (message,) = self.to(self.user(person))
        return message

    def presses(self, person: Person, action: str, message: Message | None = None) -> None:
        """Somebody presses a button, of their own page unless it is said of which message, and Slack is content."""
        reply = self.click(message or self.page_of(person), action, self.user(person))
        assert not reply.trouble, reply

    def has_alerts(self) -> None:
        """There is a channel in which every incident is shown from now on."""
        self.alerts = self.channel("alerts")
        chosen: dict[str, Any] = {"alerts_channels": [self.alerts], "incident_channels": False}
        workspaces.choose(self.world.zoe.principal, **chosen, archive_on_resolve=False)

    def alert(self, title: str = "DB pool exhausted") -> Message:
        """What that channel shows of an incident."""
        (message,) = [each for each in self.in_channel(self.alerts) if each.shows(title)]
        return message

    def contact(self, person: Person) -> Contact:
        """What the organization's workspace brings to somebody."""
        return Contact.objects.get(user_id=person.id, organization_id=person.world.organization.id)

    def told(self, person: Person) -> str:
        """What was last said to somebody alone."""
        return next((each.plain for each in self.ephemerals if each.user is self.user(person)), "")


def way(person: Person, channel: str = "slack") -> str | None:
    """Where a message for somebody goes."""
    with connection.cursor() as cursor:
        cursor.execute(_WAY, [person.world.organization.id, person.id, channel])
        (address,) = cursor.fetchone()
    return None if address is None else str(address)


def configured(before: Settings, slack: FakeSlack) -> Settings:
    """The settings of an installation that has the fake's app."""
    return environment.changed(before, **_settings(slack))


def environ(slack: FakeSlack) -> dict[str, str]:
    """The same for a process."""
    return {f"NIGHTBELL_{name}".upper(): value for name, value in _settings(slack).items()}


def _settings(slack: FakeSlack) -> dict[str, str]:
    return {
        "slack_client_id": slack.client_id,
        "slack_client_secret": slack.client_secret,
        "slack_signing_secret": slack.signing_secret,
        "slack_api_url": slack.api_url,
        "encryption_keys": KEY,
    }


@contextmanager
def patience(seconds: int) -> Iterator[None]:
    """How long a call to Slack may take, in a story about one that takes too long."""
    before, transport.CALL_SECONDS = transport.CALL_SECONDS, seconds
    try:
        yield
    finally:
        transport.CALL_SECONDS = before
