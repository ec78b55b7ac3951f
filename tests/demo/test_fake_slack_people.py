"""What people do in the fake Slack: clicks and commands, delivered to an app as Slack delivers them."""

import json
import time
from typing import Any

import pytest
from slack_sdk import WebClient, WebhookClient

from nightbell.demo.slack.fake import FakeSlack
from nightbell.demo.slack.records import Message, User
from tests.demo import slack_app
from tests.demo.slack_app import BLOCKS, SECRET, App, answers_with, opens_a_modal, plain


def test_a_click_comes_signed_and_says_who_and_where(slack: FakeSlack, app: App, ana: User, message: Message) -> None:
    reply = slack.click(message, "ack", by=ana)
    assert (reply.status, reply.body, reply.trouble, reply.errors) == (200, b"", "", {})
    assert app.forged == 0
    (came,) = app.came
    assert (came["path"], came["type"]) == ("/slack/interactivity", "block_actions")
    assert came["team"] == {"id": slack.team_id, "domain": "night-owls"}
    assert came["user"] == {"id": ana.id, "username": "ana", "name": "ana", "team_id": slack.team_id}
    assert came["container"]["message_ts"] == came["message"]["ts"] == message.id
    assert came["channel"] == {"id": message.channel, "name": "directmessage"}
    assert came["actions"][0]["text"]["text"] == "Acknowledge"
    assert {"action_id": "ack", "block_id": "do", "value": "incident-7", "type": "button"}.items() <= came["actions"][
        0
    ].items()
    slack.again(reply)
    assert app.came[1] == came
    slack.assert_clean()


def test_an_option_of_a_message_is_chosen(slack: FakeSlack, bot: WebClient, app: App, ana: User) -> None:
    options = [{"text": plain("One hour"), "value": "60"}, {"text": plain("Two hours"), "value": "120"}]
    select = {"type": "static_select", "action_id": "snooze", "options": options}
    bot.chat_postMessage(channel=ana.id, text="Later?", blocks=[{"type": "actions", "elements": [select]}])
    message = slack.wait_for()
    slack.click(message, "snooze", by=ana, option="120")
    assert app.came[0]["actions"][0]["selected_option"] == options[1]
    with pytest.raises(LookupError, match="not offered"):
        slack.click(message, "snooze", by=ana, option="Three hours")


def test_a_forged_request_is_one_signed_with_something_else(slack: FakeSlack, app: App) -> None:
    good = slack.sign(b"payload=%7B%7D")
    assert slack.sign(b"payload=%7B%7D!")["X-Slack-Signature"] != good["X-Slack-Signature"]
    with slack_app.running("another secret") as other:
        stranger = FakeSlack(signing_secret=SECRET, app_url=other.url)
        reply = stranger.command("who", by=stranger.person("Ana", "ana@example.org"))
    assert (reply.status, reply.trouble, other.forged, other.came) == (401, "http_service_error", 1, [])
    assert slack.sign(b"", at=5)["X-Slack-Request-Timestamp"] == "5"


def test_nobody_clicks_what_is_not_theirs_or_not_there(slack: FakeSlack, app: App, ana: User, message: Message) -> None:
    bo = slack.person("Bo", "bo@example.org")
    with pytest.raises(LookupError, match="does not see"):
        slack.click(message, "ack", by=bo)
    with pytest.raises(LookupError, match="ack"):
        slack.click(message, "resolve", by=ana)
    assert app.came == []


def test_a_click_is_delivered_wherever_it_should_be(slack: FakeSlack, ana: User, message: Message) -> None:
    seen: list[tuple[str, str]] = []

    def deliver(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        seen.append((path, headers["Content-Type"]))
        assert body.startswith(b"payload=")
        return 500, b""

    slack.deliver = deliver
    assert slack.click(message, "see", by=ana).trouble == "http_service_error"
    assert seen == [("/slack/interactivity", "application/x-www-form-urlencoded")]


def test_an_answer_that_takes_too_long_is_a_problem(
    slack: FakeSlack, app: App, ana: User, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightbell.demo.slack.gestures.PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("nightbell.demo.slack.records.PATIENCE_SECONDS", 0.05)

    def answers(_payload: dict[str, Any]) -> tuple[int, bytes]:
        time.sleep(0.1)
        return 200, b""

    app.answers = answers
    assert slack.click(message, "ack", by=ana).trouble == "operation_timeout"
    assert "operation_timeout" in slack.problems[0]


def test_nobody_there_is_no_answer(slack: FakeSlack, ana: User) -> None:
    nobody = FakeSlack(app_url="http://127.0.0.1:9")
    assert nobody.command("help", by=ana).trouble == "operation_timeout"


# response_url


def test_a_response_url_answers_one_person_and_changes_the_message(
    slack: FakeSlack, app: App, ana: User, message: Message
) -> None:
    slack.click(message, "ack", by=ana)
    webhook = WebhookClient(app.came[0]["response_url"])
    assert webhook.send(text="Only you see this", response_type="ephemeral").body == "ok"
    assert [(each.user, each.channel) for each in slack.ephemerals] == [(ana, message.channel)]
    webhook.send(text="Taken", replace_original=True, blocks=[BLOCKS[0]])
    assert message.text == "Taken"
    assert list(message.buttons) == ["see"]
    webhook.send(text="For everybody", response_type="in_channel")
    assert slack.wait_for().to is ana
    webhook.send(delete_original=True)
    assert message not in slack.messages
    with pytest.raises(LookupError, match="gone"):
        slack.click(message, "see", by=ana)
    assert [call.method for call in slack.calls[1:]] == ["response_url"] * 4
    slack.assert_clean()
    assert webhook.send(text="five").status_code == 200
    assert webhook.send(text="six").status_code == 404
    assert "used_url" in slack.problems[0]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"text": "x", "response_type": "loud"}, "loud"),
        ({"text": "x", "colour": "red"}, "colour"),
        ({"text": "<!channel>"}, "everybody"),
        ({"text": "x", "blocks": [{"type": "image"}]}, "known type"),
    ],
)
def test_a_response_url_takes_no_more_than_slack_does(
    slack: FakeSlack, app: App, ana: User, message: Message, said: dict[str, Any], problem: str
) -> None:
    slack.click(message, "ack", by=ana)
    WebhookClient(app.came[0]["response_url"]).send_dict(said)
    assert problem in slack.problems[0]


def test_a_response_url_can_fail(slack: FakeSlack, app: App, ana: User, message: Message) -> None:
    slack.click(message, "ack", by=ana)
    webhook = WebhookClient(app.came[0]["response_url"], retry_handlers=[])
    slack.answer("response_url", status=503, times=1)
    assert webhook.send(text="x").status_code == 503
    assert WebhookClient(slack.url + "/actions/T1/2/3").send(text="x").status_code == 404
    assert len(slack.problems) == 1


def test_buttons_that_one_person_sees_can_be_pressed(slack: FakeSlack, bot: WebClient, app: App, ana: User) -> None:
    bot.chat_postEphemeral(channel=slack.channel("alerts"), user=ana.id, text="Sure?", blocks=BLOCKS)
    slack.click(slack.ephemerals[0], "ack", by=ana)
    assert app.came[0]["container"]["is_ephemeral"]
    assert "message" not in app.came[0]
    WebhookClient(app.came[0]["response_url"]).send(text="Done", replace_original=True)
    assert [each.plain for each in slack.ephemerals] == ["Done"]
    slack.assert_clean()


# Commands.


def test_a_command_says_who_typed_what_where(slack: FakeSlack, app: App, ana: User) -> None:
    slack.person("Bo Lind", "bo.lind@example.org")
    channel = slack.channel("alerts")
    app.answers = lambda _payload: (200, b"")
    slack.command(" handoff 12 @bo.lind <b> & @nobody in #alerts", by=ana, channel=channel)
    (came,) = app.came
    bo = next(user for user in slack.users.values() if user.name == "Bo Lind")
    assert came["path"] == "/slack/commands"
    assert (came["command"], came["user_id"], came["channel_id"]) == ("/nightbell", ana.id, channel)
    assert (came["team_id"], came["channel_name"]) == (slack.team_id, "alerts")
    assert came["text"] == f"handoff 12 <@{bo.id}|bo.lind> &lt;b&gt; &amp; @nobody in <#{channel}|alerts>"
    assert came["trigger_id"]
    WebhookClient(came["response_url"]).send(text="Later")
    assert slack.ephemerals[0].plain == "Later"
    assert WebhookClient(came["response_url"]).send(text="x", replace_original=True).status_code == 400
    assert "there was none" in slack.problems[0]


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (b"Ana is on call &amp; awake", "Ana is on call & awake"),
        (json.dumps({"response_type": "ephemeral", "text": "x", "blocks": BLOCKS}).encode(), "Disk\nSee\nAcknowledge"),
        (b"", ""),
    ],
)
def test_what_a_command_is_answered_with_is_for_whoever_typed_it(
    slack: FakeSlack, app: App, ana: User, said: bytes, seen: str
) -> None:
    app.answers = lambda _payload: (200, said)
    slack.command("who", by=ana)
    assert [each.plain for each in slack.ephemerals] == ([seen] if seen else [])
    slack.assert_clean()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"response_type": "in_channel", "text": "x"}, "in_channel"),
        ({"text": "<b>"}, "not escaped"),
        ({"text": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_command_answered_wrongly_is_a_problem(
    slack: FakeSlack, app: App, ana: User, said: dict[str, Any], problem: str
) -> None:
    answers_with(app, said)
    slack.command("who", by=ana)
    assert problem in slack.problems[0]


def test_no_secret_is_ever_shown(slack: FakeSlack, bot: WebClient, app: App, ana: User, message: Message) -> None:
    opens_a_modal(app, bot)
    reply = slack.click(message, "ack", by=ana)
    shown = repr((slack, slack.messages, slack.views, slack.calls_of("chat.postMessage"), reply))
    for secret in (SECRET, slack.client_secret, bot.token or "", app.came[0]["token"], app.came[0]["response_url"]):
        assert secret not in shown
