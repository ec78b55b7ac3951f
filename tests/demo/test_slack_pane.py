"""The demo's Slack in the browser, in front of a tiny app: what is shown, and what comes of every button."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from pytest_django import Settings
from slack_sdk import WebClient

from nightbell.cli import demo_settings
from nightbell.data.models import Account, Workspace
from nightbell.demo import clock, people
from nightbell.demo.slack.fake import FakeSlack
from nightbell.demo.slack.records import User
from nightbell.demo.workspace import WORKSPACE
from tests import environment
from tests.cli import installations
from tests.demo import slack_app
from tests.demo.slack_app import MODAL, App, answers_with, opens_a_modal, plain

pytestmark = pytest.mark.django_db(transaction=True)

SURE = {
    "title": plain("Sure?"),
    "text": plain("For good."),
    "confirm": plain("Yes"),
    "deny": plain("No"),
    "style": "danger",
}
RESOLVE = {"type": "button", "action_id": "resolve", "text": plain("Resolve"), "confirm": SURE, "style": "danger"}
SEE = {"type": "button", "action_id": "see", "text": plain("View"), "url": "http://127.0.0.1:8000/incidents/7?a=1&b=2"}
ACK = slack_app.ACK
BLOCKS: list[dict[str, Any]] = [
    {"type": "header", "text": plain("🔴 CRITICAL <b>Disk</b>")},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Cy* is next"}, "fields": [plain("Severity: high")]},
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "#7"}, plain("Night Owls")]},
    {"type": "actions", "elements": [ACK, RESOLVE, SEE]},
]


@pytest.fixture
def slack(app: App) -> Iterator[FakeSlack]:
    port = installations.free_port()
    WORKSPACE.listen(port, app.url, client_id="1.2", client_secret="quiet", signing_secret=slack_app.SECRET)
    assert WORKSPACE.slack is not None
    yield WORKSPACE.slack
    WORKSPACE.close()


@pytest.fixture
def bot(slack: FakeSlack) -> WebClient:
    return WebClient(people.GRANTED.token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def ana(slack: FakeSlack) -> User:
    user = WORKSPACE.user(people.ADMIN.email)
    assert user is not None
    return user


@pytest.fixture
def browser(settings: Settings, client: Client) -> Client:
    """Somebody who has looked at the demo's first page, and is Ana."""
    settings.INSTALLED_APPS = demo_settings.INSTALLED_APPS
    settings.TEMPLATES = demo_settings.TEMPLATES
    settings.ROOT_URLCONF = demo_settings.ROOT_URLCONF
    people.prepare()
    client.get("/demo/")
    return client


def opened(browser: Client, address: str = "/demo/slack/") -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def pressed(browser: Client, action_id: str, page: str) -> str:
    """The page after the press of a button that is on another."""
    value = re.search(rf'name="press" value="([^"]* {action_id})"', page)
    assert value is not None, f"no {action_id} on the page"
    return browser.post("/demo/slack/press", {"press": value[1]}, follow=True).content.decode()


def test_ones_own_messages_are_shown_newest_first_and_escaped(browser: Client, bot: WebClient, ana: User) -> None:
    assert "Nothing here yet" in opened(browser)
    bot.chat_postMessage(channel=ana.id, text="First")
    bot.chat_postMessage(channel=ana.id, text="Second", blocks=BLOCKS)
    page = opened(browser)
    assert page.index("<h2>🔴 CRITICAL &lt;b&gt;Disk&lt;/b&gt;</h2>") < page.index("First")
    assert "<b>Cy</b> is next" in page
    assert "Severity: high" in page
    assert 'href="http://127.0.0.1:8000/incidents/7?a=1&amp;b=2"' in page
    assert "For good." in page
    assert browser.get("/demo/slack/?count").content == b"2"
    assert 'Slack <span class="demo-count"' in opened(browser, "/demo/")
    part = opened(browser, "/demo/slack/?part=said")
    assert "<html" not in part
    assert part == opened(browser, "/demo/slack/?part=said")


def test_what_is_somebody_elses_is_not_shown(browser: Client, slack: FakeSlack, bot: WebClient) -> None:
    bo = WORKSPACE.user("bo@night-owls.example")
    assert bo is not None
    dm = bot.chat_postMessage(channel=bo.id, text="For Bo alone")["channel"]
    bot.chat_postEphemeral(channel=people.ALERTS_CHANNEL, user=bo.id, text="A whisper")
    slack.channel("locked", private=True)
    without_ana = slack.channel("bo-only", private=True)
    slack.channels[without_ana].members.clear()
    for address in ("/demo/slack/", f"/demo/slack/?in={dm}", f"/demo/slack/?in={people.ALERTS_CHANNEL}"):
        page = opened(browser, address)
        assert "For Bo alone" not in page
        assert "A whisper" not in page
        assert "bo-only" not in page
        assert "locked" in page


def test_a_button_works(browser: Client, app: App, bot: WebClient, ana: User) -> None:
    bot.chat_postMessage(channel=ana.id, text="Disk", blocks=BLOCKS)
    answers_with(app, {})
    page = opened(browser)
    assert "Direct messages to you, Ana" in pressed(browser, "ack", page)
    pressed(browser, "resolve", page)
    assert [(came["user"]["id"], came["actions"][0]["action_id"]) for came in app.came] == [
        (ana.id, "ack"),
        (ana.id, "resolve"),
    ]
    ts = app.came[0]["message"]["ts"]
    bot.chat_update(channel=app.came[0]["channel"]["id"], ts=ts, text="Over")
    assert "has changed meanwhile" in pressed(browser, "ack", page)
    assert "(edited)" in opened(browser)
    gone = browser.post("/demo/slack/press", {"press": "C1 2 ack"}, follow=True).content.decode()
    assert "has changed meanwhile" in gone


def test_an_app_that_fails_is_told_of(browser: Client, app: App, bot: WebClient, ana: User) -> None:
    bot.chat_postMessage(channel=ana.id, text="Disk", blocks=BLOCKS)
    app.answers = lambda _payload: (500, b"")
    assert "answered with an error" in pressed(browser, "ack", opened(browser))


def test_a_modal_is_filled_in(browser: Client, app: App, slack: FakeSlack, bot: WebClient, ana: User) -> None:
    bot.chat_postMessage(channel=ana.id, text="Disk", blocks=BLOCKS)
    said = {"type": "section", "text": plain("Whom?")}
    opens_a_modal(app, bot, {**MODAL, "blocks": [said, *MODAL["blocks"]]})
    page = pressed(browser, "ack", opened(browser))
    assert re.search(r'<optgroup label="On call"><option value="bo-id">Bo Lind</option></optgroup>', page)
    form = {"in": slack.dm_of(ana), "view": slack.views[ana.id].id, "target": "bo-id", "note": "a <b>plane</b>"}
    assert slack.views[ana.id].id in opened(browser, "/demo/slack/?part=modal")

    answers_with(app, {"response_action": "errors", "errors": {"whom": "Bo is asleep."}})
    refused = browser.post("/demo/slack/submit", form)
    assert refused.status_code == 422
    again = refused.content.decode()
    assert "Bo is asleep." in again
    # Looked for anew it would come without what is wrong with it.
    assert "?part=modal" not in again
    assert 'value="bo-id" selected' in again
    assert "a &lt;b&gt;plane&lt;/b&gt;" in again
    incomplete = browser.post("/demo/slack/submit", {**form, "target": ""})
    assert "Please complete this." in incomplete.content.decode()

    stale = browser.post("/demo/slack/submit", {**form, "view": "V0EARLIER"}, follow=True)
    assert "That form is gone." in stale.content.decode()
    answers_with(app, {})
    assert 'role="dialog"' not in browser.post("/demo/slack/submit", form, follow=True).content.decode()
    sent = app.came[-1]["view"]["state"]["values"]
    assert sent["whom"]["target"]["selected_option"]["value"] == "bo-id"
    assert sent["why"]["note"]["value"] == "a <b>plane</b>"
    assert "That form is gone." in browser.post("/demo/slack/submit", form, follow=True).content.decode()


def test_a_modal_is_put_away(browser: Client, app: App, slack: FakeSlack, bot: WebClient, ana: User) -> None:
    bot.chat_postMessage(channel=ana.id, text="Disk", blocks=BLOCKS)
    opens_a_modal(app, bot)
    pressed(browser, "ack", opened(browser))
    form = {"in": slack.dm_of(ana), "view": slack.views[ana.id].id, "close": "1"}
    assert 'role="dialog"' not in browser.post("/demo/slack/submit", form, follow=True).content.decode()
    assert slack.views == {}


def test_a_command_is_answered_to_whoever_typed_it(browser: Client, app: App, ana: User) -> None:
    app.answers = lambda _payload: (200, b"Nobody is on call &amp; awake")
    place = people.ALERTS_CHANNEL
    page = browser.post("/demo/slack/say", {"in": place, "text": "oncall"}, follow=True).content.decode()
    assert "Only visible to you" in page
    assert "Nobody is on call &amp; awake" in page
    assert (app.came[0]["text"], app.came[0]["user_id"], app.came[0]["channel_id"]) == ("oncall", ana.id, place)


def test_messages_go_with_the_moved_clock_and_signatures_do_not(
    browser: Client, app: App, bot: WebClient, ana: User
) -> None:
    first = float(bot.chat_postMessage(channel=ana.id, text="Before", blocks=BLOCKS)["ts"])
    browser.post("/demo/fast-forward/", {"by": "5"})
    assert 300 <= float(bot.chat_postMessage(channel=ana.id, text="After")["ts"]) - first < 360
    pressed(browser, "ack", opened(browser))
    assert (app.forged, len(app.came)) == (0, 1)
    clock.reset()


def test_whoever_was_added_since_is_not_in_it(browser: Client, slack: FakeSlack) -> None:
    del slack
    account = Account.objects.get(email=people.ADMIN.email)
    account.email = "renamed@night-owls.example"
    account.save()
    assert browser.get("/demo/slack/").status_code == 404
    assert "/demo/slack/" not in opened(browser, "/demo/")


def test_the_organization_is_connected_to_it_where_it_can_be(
    settings: Settings, transactional_db: None, slack: FakeSlack
) -> None:
    with_slack = {
        "slack_client_id": slack.client_id,
        "slack_client_secret": slack.client_secret,
        "encryption_keys": Fernet.generate_key().decode(),
    }
    settings.NIGHTBELL = environment.changed(settings.NIGHTBELL, **with_slack)
    people.prepare()
    row = Workspace.objects.get()
    assert (row.team_id, row.team_name, row.bot_user_id) == (slack.team_id, slack.team_name, slack.bot_user_id)
    assert row.alerts_channels == [people.ALERTS_CHANNEL]
    assert slack.channels[people.ALERTS_CHANNEL].name == "alerts"
    assert (row.incident_channels, row.archive_on_resolve) == (True, False)
    assert people.GRANTED.token not in (row.token or "")


def test_without_it_there_is_no_page_and_no_tab(browser: Client) -> None:
    assert WORKSPACE.slack is None
    assert len(WORKSPACE) == 0
    for address in ("/demo/slack/", "/demo/slack/?part=said"):
        assert browser.get(address).status_code == 404
    assert browser.post("/demo/slack/press", {"press": "C1 2 ack"}).status_code == 404
    assert "/demo/slack/" not in opened(browser, "/demo/")


def test_pages_keep_the_strict_policy(browser: Client, bot: WebClient, ana: User) -> None:
    bot.chat_postMessage(channel=ana.id, text="Disk", blocks=BLOCKS)
    answer = browser.get("/demo/slack/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    page = answer.content.decode()
    assert not re.search(r" style=|<style| on[a-z]+=|<script>", page)
    assert Client().get("/demo/slack/").status_code == 302
    assert browser.get("/demo/slack/press").status_code == 405
