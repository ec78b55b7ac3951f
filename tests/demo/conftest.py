"""What a test in a Slack of its own may ask for."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from nightbell.demo.slack.fake import FakeSlack
from nightbell.demo.slack.records import Message, User
from tests.demo import slack_app
from tests.demo.slack_app import App


@pytest.fixture
def app() -> Iterator[App]:
    with slack_app.running(slack_app.SECRET) as started:
        yield started


@pytest.fixture
def slack(app: App) -> Iterator[FakeSlack]:
    with FakeSlack(signing_secret=slack_app.SECRET, app_url=app.url) as fake:
        yield fake


@pytest.fixture
def bot(slack: FakeSlack) -> WebClient:
    return WebClient(slack.install(), base_url=slack.api_url, timeout=2, retry_handlers=[])


@pytest.fixture
def ana(slack: FakeSlack) -> User:
    return slack.person("Ana Ruiz", "ana@example.org")


@pytest.fixture
def message(slack: FakeSlack, bot: WebClient, ana: User) -> Message:
    bot.chat_postMessage(channel=ana.id, text="Disk", blocks=slack_app.BLOCKS)
    return slack.wait_for()
