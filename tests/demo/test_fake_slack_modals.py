"""Modals in the fake Slack: opened by a click, filled in as Slack lets one, and answered in one of Slack's ways."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from nightbell.demo.slack import memory
from nightbell.demo.slack.fake import FakeSlack
from nightbell.demo.slack.records import Message, User
from tests.demo.slack_app import CY, MODAL, App, answers_with, opens_a_modal, plain


def test_a_modal_is_opened_filled_in_and_closed(
    slack: FakeSlack, bot: WebClient, app: App, ana: User, message: Message
) -> None:
    opens_a_modal(app, bot)
    slack.click(message, "ack", by=ana)
    assert slack.views[ana.id].title == "Hand off"
    slack.submit(ana, {"target": "Cy Osei"})
    sent = app.came[1]
    assert (sent["type"], sent["view"]["callback_id"]) == ("view_submission", "hand-off")
    assert sent["view"]["private_metadata"] == "incident-7"
    values = sent["view"]["state"]["values"]
    assert values["whom"]["target"] == {"type": "static_select", "selected_option": CY}
    assert values["why"]["note"] == {"type": "plain_text_input", "value": None}
    assert slack.views == {}
    slack.assert_clean()


def test_a_modal_stays_with_what_is_wrong(
    slack: FakeSlack, bot: WebClient, app: App, ana: User, message: Message
) -> None:
    opens_a_modal(app, bot)
    slack.click(message, "ack", by=ana)
    answers_with(app, {"response_action": "errors", "errors": {"whom": "Bo is asleep"}})
    assert slack.submit(ana, {"target": "bo-id"}).errors == {"whom": "Bo is asleep"}
    slack.assert_clean()
    answers_with(app, {"response_action": "errors", "errors": {"nowhere": "x"}})
    slack.submit(ana, {"target": "bo-id"})
    assert "not about its inputs" in slack.problems[0]
    answers_with(app, {"response_action": "update", "view": {**MODAL, "title": plain("Once more")}})
    slack.submit(ana, {"target": "bo-id"})
    assert slack.views[ana.id].title == "Once more"
    answers_with(app, {"response_action": "push", "view": {**MODAL, "title": plain("Sure?")}})
    slack.submit(ana, {"target": "bo-id"})
    assert slack.views[ana.id].title == "Sure?"
    assert slack.close(ana) is None
    assert slack.views[ana.id].title == "Once more"
    answers_with(app, {"response_action": "clear"})
    slack.submit(ana, {"target": "bo-id"})
    assert slack.views == {}
    assert len(slack.problems) == 1


@pytest.mark.parametrize(
    ("values", "error", "match"),
    [
        ({"target": "Dee"}, LookupError, "not offered"),
        ({"target": "bo-id", "other": "x"}, LookupError, "does not ask"),
        ({"note": "x"}, ValueError, "nothing chosen"),
        ({"target": "bo-id", "note": "x" * 21}, ValueError, "21 characters"),
        ({"target": "bo-id", "note": "x"}, ValueError, "1 characters"),
    ],
)
def test_nothing_is_submitted_that_slack_would_not_let_through(
    slack: FakeSlack,
    bot: WebClient,
    app: App,
    ana: User,
    message: Message,
    values: dict[str, str],
    error: type[Exception],
    match: str,
) -> None:
    opens_a_modal(app, bot)
    slack.click(message, "ack", by=ana)
    with pytest.raises(error, match=match):
        slack.submit(ana, values)
    assert len(app.came) == 1
    assert ana.id in slack.views


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (b"[]", "answered with"),
        (b"fine", "answered with"),
        (b'{"response_action": "explode"}', "explode"),
        (b'{"response_action": "update", "view": {}}', "missing required field"),
    ],
)
def test_a_modal_is_answered_in_one_of_slacks_ways(
    slack: FakeSlack, bot: WebClient, app: App, ana: User, message: Message, said: bytes, problem: str
) -> None:
    opens_a_modal(app, bot)
    slack.click(message, "ack", by=ana)
    app.answers = lambda _payload: (200, said)
    slack.submit(ana, {"target": "bo-id"})
    assert problem in slack.problems[0]


def test_a_modal_that_wants_to_know_is_told_when_it_is_closed(
    slack: FakeSlack, bot: WebClient, app: App, ana: User, message: Message
) -> None:
    opens_a_modal(app, bot, {**MODAL, "notify_on_close": True})
    slack.click(message, "ack", by=ana)
    assert slack.close(ana) is not None
    assert app.came[1]["type"] == "view_closed"
    with pytest.raises(LookupError, match="no modal"):
        slack.close(ana)


def test_a_trigger_opens_one_modal_and_only_for_a_moment(
    slack: FakeSlack, bot: WebClient, app: App, ana: User, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened() -> str:
        try:
            bot.views_open(trigger_id=app.came[-1]["trigger_id"], view=MODAL)
        except SlackApiError as error:
            return str(error.response["error"])
        return "ok"

    slack.click(message, "ack", by=ana)
    assert [opened(), opened()] == ["ok", "exchanged_trigger_id"]
    slack.click(message, "ack", by=ana)
    monkeypatch.setattr(memory, "TRIGGER_SECONDS", 0.0)
    assert opened() == "expired_trigger_id"
    slack.assert_clean()
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        bot.views_open(trigger_id="made-up", view=MODAL)
    assert len(slack.problems) == 1


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"title": plain("x" * 25)}, "1 to 24"),
        ({"submit": None}, "must be an object"),
        ({"type": "home"}, "must be one of modal"),
        ({"private_metadata": "x" * 3001}, "3000"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<b>"}}]}, "not escaped"),
        ({"blocks": [MODAL["blocks"][0], MODAL["blocks"][0]]}, "there twice"),
    ],
)
def test_a_modal_that_slack_would_refuse_is_a_problem(
    slack: FakeSlack,
    bot: WebClient,
    app: App,
    ana: User,
    message: Message,
    changed: dict[str, Any],
    problem: str,
) -> None:
    slack.click(message, "ack", by=ana)
    try:
        bot.views_open(trigger_id=app.came[0]["trigger_id"], view={**MODAL, **changed})
    except SlackApiError as error:
        assert error.response["error"] == "invalid_arguments"  # noqa: PT017 -- mark-up is taken, and only complained of
    assert any(problem in each for each in slack.problems)
