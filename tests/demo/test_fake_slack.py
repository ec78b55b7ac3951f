"""What the fake Slack says to an app that calls it: as Slack would, and never more patiently."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from nightbell.demo.slack.fake import FakeSlack
from tests.demo.slack_app import refused

SECTION: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": "*Disk* is full"}}
BUTTON = {"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Acknowledge"}, "value": "7"}
BLOCKS: list[dict[str, Any]] = [SECTION, {"type": "actions", "elements": [BUTTON]}]


# Messages.


def test_a_direct_message_goes_to_a_channel_of_its_own_and_is_remembered(slack: FakeSlack, bot: WebClient) -> None:
    ana = slack.person("Ana Ruiz", "ana@example.org")
    metadata = {"event_type": "nightbell", "event_payload": {"page": "1"}}
    sent = bot.chat_postMessage(
        channel=ana.id, text="Disk", blocks=BLOCKS, metadata=metadata, unfurl_links=False, unfurl_media=False
    )
    assert sent["channel"] == f"D{ana.id[1:]}"
    message = slack.wait_for(lambda each: each.shows("Disk is full"))
    assert (message.id, message.channel, message.to, message.metadata) == (sent["ts"], sent["channel"], ana, metadata)
    assert message.plain == "Disk is full\nAcknowledge"
    assert message.buttons["ack"]["value"] == "7"
    assert slack.to(ana) == [message]
    assert slack.in_channel(message.channel) == [message]
    assert bot.chat_postMessage(channel=message.channel, text="To the same place")["channel"] == message.channel
    slack.assert_clean()


def test_a_message_nobody_waited_for_is_told(slack: FakeSlack, bot: WebClient) -> None:
    ana = slack.person("Ana", "ana@example.org")
    slack.assert_no_more()
    bot.chat_postMessage(channel=ana.id, text="one")
    bot.chat_postMessage(channel=ana.id, text="two")
    assert slack.wait_for().text == "one"
    with pytest.raises(AssertionError, match="two"):
        slack.assert_no_more()
    with pytest.raises(TimeoutError, match="two"):
        slack.wait_for(lambda message: message.text == "three", timeout=0.05)
    slack.clear()
    slack.assert_no_more()
    assert (slack.messages, slack.calls) == ([], [])


def test_an_edit_keeps_what_was_said_before(slack: FakeSlack, bot: WebClient) -> None:
    channel = slack.channel("alerts")
    sent = bot.chat_postMessage(channel=channel, text="Open", blocks=BLOCKS)
    message = slack.wait_for()
    bot.chat_update(channel=channel, ts=sent["ts"], text="Taken", blocks=[SECTION])
    assert (message.text, message.buttons, message.marked_edited) == ("Taken", {}, False)
    assert message.edits[0].text == "Open"
    assert [block["type"] for block in message.edits[0].blocks] == ["section", "actions"]
    bot.chat_update(channel=channel, ts=sent["ts"], text="Over")
    assert (message.plain, message.blocks, message.marked_edited) == ("Over", [], True)
    assert refused(bot.chat_update, channel=channel, ts="1.000000", text="x") == "message_not_found"
    slack.assert_clean()
    slack.assert_no_more()


def test_a_users_id_names_no_message_to_edit(slack: FakeSlack, bot: WebClient) -> None:
    ana = slack.person("Ana", "ana@example.org")
    ts = bot.chat_postMessage(channel=ana.id, text="one")["ts"]
    assert refused(bot.chat_update, channel=ana.id, ts=ts, text="two") == "channel_not_found"
    assert "direct messages' own id" in slack.problems[0]


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([{"type": "image"}], "known type"),
        ([{**SECTION, "colour": "red"}], "invalid additional property: colour"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "1 to 150"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "must be one of plain_text"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}], "1 to 3000"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "there twice"),
        ([{"type": "actions", "elements": []}], "1 to 25"),
        ([SECTION] * 51, "0 to 50 items"),
        ([{"type": "input", "label": {"type": "plain_text", "text": "x"}, "element": {}}], "for modals"),
    ],
)
def test_blocks_that_slack_would_refuse_are_refused(
    slack: FakeSlack, bot: WebClient, blocks: list[Any], problem: str
) -> None:
    channel = slack.channel("alerts")
    with pytest.raises(SlackApiError) as raised:
        bot.chat_postMessage(channel=channel, text="Disk", blocks=blocks)
    said = raised.value.response
    assert said["error"] == "invalid_blocks"
    assert any(problem in each and "json-pointer:/blocks" in each for each in said["response_metadata"]["messages"])
    assert any(problem in each for each in slack.problems)
    assert slack.messages == []
    assert slack.calls[0].error == "invalid_blocks"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a <!channel> b", "call everybody"),
        ("a <!here|here> b", "call everybody"),
        ("a <b> c", "not escaped"),
        ("<script>", "not escaped"),
        ("<!subteam^S1>", "not escaped"),
    ],
)
def test_markup_nobody_meant_is_a_problem(slack: FakeSlack, bot: WebClient, text: str, problem: str) -> None:
    channel = slack.channel("alerts")
    bot.chat_postMessage(channel=channel, text=text)
    bot.chat_postMessage(
        channel=channel, text="Fine", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
    )
    assert len(slack.problems) == 2
    assert all(problem in each for each in slack.problems)
    with pytest.raises(AssertionError, match=problem):
        slack.assert_clean()


def test_what_is_escaped_and_what_is_meant_is_fine(slack: FakeSlack, bot: WebClient) -> None:
    ana = slack.person("Ana Ruiz", "ana@example.org")
    channel = slack.channel("alerts")
    date = "<!date^1700000000^{date_short} {time}^https://example.org/1|Nov 14>"
    text = (
        f"_a_ &lt;b&gt; & <https://example.org/?a=1&amp;b=2|*c*> {date} <@{ana.id}> in <#{channel}> snake_case_x 2*3*4"
    )
    plain = {"type": "section", "text": {"type": "plain_text", "text": "<!channel> is a word here"}}
    bot.chat_postMessage(channel=channel, text=text)
    bot.chat_postMessage(channel=channel, text="x", blocks=[plain])
    slack.assert_clean()
    assert slack.wait_for().plain == "a <b> & *c* Nov 14 @Ana Ruiz in #alerts snake_case_x 2*3*4"
    assert slack.wait_for().plain == "<!channel> is a word here"


def test_a_message_needs_words_for_a_notification(slack: FakeSlack, bot: WebClient) -> None:
    channel = slack.channel("alerts")
    with pytest.warns(UserWarning, match="text"):
        bot.chat_postMessage(channel=channel, blocks=BLOCKS)
    assert "screen readers" in slack.problems[0]
    with pytest.warns(UserWarning, match="text"):
        assert refused(bot.chat_postMessage, channel=channel) == "no_text"


def test_where_nothing_can_be_posted(slack: FakeSlack, bot: WebClient) -> None:
    outside, secret = slack.channel("outside", member=False), slack.channel("secret", member=False, private=True)
    old, robot = slack.channel("old"), slack.person("Robot", "robot@example.org", bot=True)
    bot.conversations_archive(channel=old)
    gone = slack.person("Gone", "gone@example.org", deleted=True)
    for channel, error in (
        (outside, "not_in_channel"),
        (secret, "channel_not_found"),
        ("C0NOWHERE1", "channel_not_found"),
        (old, "is_archived"),
        (robot.id, "cannot_dm_bot"),
    ):
        assert refused(bot.chat_postMessage, channel=channel, text="x") == error
    assert bot.chat_postMessage(channel=gone.id, text="Slack takes it, and nobody reads it")["ok"]
    slack.assert_clean()


def test_an_ephemeral_message_is_one_persons(slack: FakeSlack, bot: WebClient) -> None:
    ana = slack.person("Ana", "ana@example.org")
    channel = slack.channel("alerts")
    bo = slack.person("Bo", "bo@example.org")
    bot.chat_postEphemeral(channel=channel, user=ana.id, text="Only you")
    assert [(each.user, each.plain) for each in slack.ephemerals] == [(ana, "Only you")]
    assert refused(bot.chat_postEphemeral, channel=channel, user=bo.id, text="x") == "user_not_in_channel"
    assert slack.messages == []


# Who and what is there.


def test_people_are_found_by_address_and_by_id(slack: FakeSlack, bot: WebClient) -> None:
    ana = slack.person("Ana Ruiz", "Ana@example.org", guest=True)
    slack.person("Gone", "gone@example.org", deleted=True)
    slack.person("Other", "other@example.org", external=True)
    found = bot.users_lookupByEmail(email="ana@EXAMPLE.org")["user"]
    assert (found["id"], found["is_restricted"], found["profile"]["email"]) == (ana.id, True, "Ana@example.org")
    ana.email = "ruiz@example.org"
    for email in ("ana@example.org", "gone@example.org", "other@example.org"):
        assert refused(bot.users_lookupByEmail, email=email) == "users_not_found"
    assert bot.users_info(user=ana.id)["user"]["real_name"] == "Ana Ruiz"
    assert refused(bot.users_info, user="U0NOBODY11") == "user_not_found"
    assert bot.auth_test()["team_id"] == slack.team_id
    slack.assert_clean()


def test_channels_are_made_filled_and_archived(slack: FakeSlack, bot: WebClient) -> None:
    ana, bo = slack.person("Ana", "ana@example.org"), slack.person("Bo", "bo@example.org")
    gone = slack.person("Gone", "gone@example.org", deleted=True)
    made = bot.conversations_create(name="inc-1-disk")["channel"]["id"]
    assert refused(bot.conversations_create, name="inc-1-disk") == "name_taken"
    assert refused(bot.conversations_invite, channel=made, users=[ana.id, gone.id]) == "cant_invite"
    assert ana.id not in slack.channels[made].members
    forced = bot.conversations_invite(channel=made, users=[ana.id, gone.id], force=True)
    assert [each["user"] for each in forced["errors"]] == [gone.id]
    assert slack.channels[made].members == {slack.bot_user_id, ana.id}
    assert refused(bot.conversations_invite, channel=made, users=ana.id) == "already_in_channel"
    bot.conversations_archive(channel=made)
    assert refused(bot.conversations_archive, channel=made) == "already_archived"
    assert refused(bot.conversations_invite, channel=made, users=bo.id) == "is_archived"
    assert slack.channels[made].archived
    assert slack.channels[made].created_by_app
    slack.assert_clean()


@pytest.mark.parametrize("name", ["Inc-1", "inc 1", "inc.1", "x" * 81, "größe"])
def test_a_channel_name_that_slack_would_not_take(slack: FakeSlack, bot: WebClient, name: str) -> None:
    assert refused(bot.conversations_create, name=name).startswith("invalid_name")
    assert slack.problems


def test_pins_tell_whether_the_bot_is_in(slack: FakeSlack, bot: WebClient) -> None:
    assert bot.pins_list(channel=slack.channel("in"))["items"] == []
    assert refused(bot.pins_list, channel=slack.channel("out", member=False)) == "not_in_channel"
    hidden = slack.channel("hidden", member=False, private=True)
    assert refused(bot.pins_list, channel=hidden) == "channel_not_found"
    slack.assert_clean()


# Being let in.


def test_an_app_is_installed_through_a_browser(slack: FakeSlack) -> None:
    ana = slack.person("Ana", "ana@example.org")
    asked = {
        "client_id": slack.client_id,
        "scope": "chat:write,users:read",
        "state": "s&1",
        "redirect_uri": "http://127.0.0.1:1/slack/callback?a=b",
    }

    def press() -> dict[str, list[str]]:
        page = requests.get(slack.url + "/oauth/v2/authorize", params=asked, allow_redirects=False, timeout=5)
        assert page.status_code == 302
        return parse_qs(urlsplit(page.headers["Location"]).query)

    slack.lets_in(False)
    assert press() == {"a": ["b"], "state": ["s&1"], "error": ["access_denied"]}
    slack.lets_in(True)
    code = press()["code"][0]
    new = WebClient(base_url=slack.api_url)
    known = {"client_id": slack.client_id, "client_secret": slack.client_secret, "code": code}
    assert refused(new.oauth_v2_access, **{**known, "client_secret": "x"}) == "bad_client_secret"
    assert refused(new.oauth_v2_access, **known) == "bad_redirect_uri"
    got = new.oauth_v2_access(**known, redirect_uri=asked["redirect_uri"])
    assert (got["team"]["id"], got["bot_user_id"], got["authed_user"]["id"]) == (
        slack.team_id,
        slack.bot_user_id,
        ana.id,
    )
    assert refused(new.oauth_v2_access, **known, redirect_uri=asked["redirect_uri"]) == "code_already_used"
    assert refused(new.oauth_v2_access, **{**known, "code": "x"}) == "invalid_code"
    let_in = WebClient(got["access_token"], base_url=slack.api_url)
    assert let_in.users_info(user=ana.id)["ok"]
    assert refused(let_in.users_lookupByEmail, email=ana.email) == "missing_scope"
    shown = repr((slack, slack.calls, slack.users, got["team"]))
    assert code not in shown
    assert slack.client_secret not in shown
    assert got["access_token"] not in shown


def test_a_link_that_asks_for_more_than_it_should_is_a_problem(slack: FakeSlack) -> None:
    asked = {"client_id": slack.client_id, "scope": "chat:write,admin", "state": "s", "redirect_uri": "http://x/"}
    page = requests.get(slack.url + "/oauth/v2/authorize", params=asked, allow_redirects=False, timeout=5)
    assert page.status_code == 400
    assert "admin" in slack.problems[0]


def test_a_token_is_needed_and_can_be_taken_away(slack: FakeSlack, bot: WebClient) -> None:
    assert bot.auth_test()["ok"]
    slack.accept("xoxb-fixed")
    other = WebClient("xoxb-fixed", base_url=slack.api_url)
    assert other.auth_revoke()["revoked"]
    assert refused(other.auth_test) == "token_revoked"
    slack.revoke()
    assert refused(bot.auth_test) == "token_revoked"
    assert WebClient(slack.install(), base_url=slack.api_url).auth_test()["ok"]
    slack.assert_clean()
    assert refused(WebClient("xoxb-made-up", base_url=slack.api_url).auth_test) == "invalid_auth"
    assert refused(WebClient(base_url=slack.api_url).auth_test) == "not_authed"
    assert len(slack.problems) == 2


def test_what_we_never_asked_for_is_refused(slack: FakeSlack, bot: WebClient) -> None:
    assert refused(bot.conversations_list) == "missing_scope"
    assert refused(bot.api_call, api_method="chat.shout") == "unknown_method"
    assert len(slack.problems) == 2


@pytest.mark.parametrize(
    ("method", "how", "error"),
    [
        ("chat.postMessage", {"json": {"channel": "C1", "text": "x", "icon_emoji": ":x:"}}, "invalid_arguments"),
        ("chat.postMessage", {"json": {"text": "x"}}, "invalid_arguments"),
        ("chat.postMessage", {"json": {"channel": "C1", "text": 5}}, "invalid_arguments"),
        ("chat.postMessage", {"json": ["C1"]}, "json_not_object"),
        ("chat.postMessage", {"data": {"channel": "C1", "blocks": "[{"}}, "invalid_blocks_format"),
        ("chat.postMessage", {"data": b"{", "headers": {"Content-Type": "application/json"}}, "invalid_json"),
        ("chat.postMessage", {"data": b"x", "headers": {"Content-Type": "text/plain"}}, "invalid_post_type"),
        ("users.lookupByEmail", {"json": {"email": "ana@example.org"}}, "invalid_post_type"),
        ("conversations.invite", {"data": {"channel": "C1", "users": "U1", "force": "yes"}}, "invalid_arguments"),
    ],
)
def test_a_call_in_another_form_is_refused(slack: FakeSlack, method: str, how: dict[str, Any], error: str) -> None:
    headers = {"Authorization": f"Bearer {slack.install()}", **how.pop("headers", {})}
    answer = requests.post(slack.api_url + method, headers=headers, timeout=5, **how).json()
    assert (answer["ok"], answer["error"]) == (False, error)
    assert slack.problems
    assert answer["response_metadata"]["messages"] if error.startswith("invalid_") else True


def test_a_form_says_the_same_as_json(slack: FakeSlack) -> None:
    channel = slack.channel("alerts")
    form = {
        "token": slack.install(),
        "channel": channel,
        "text": "Disk",
        "blocks": '[{"type": "divider"}]',
        "unfurl_links": "0",
    }
    assert requests.post(slack.api_url + "chat.postMessage", data=form, timeout=5).json()["ok"]
    assert slack.calls[0].arguments == {
        "channel": channel,
        "text": "Disk",
        "blocks": [{"type": "divider"}],
        "unfurl_links": False,
    }
    assert requests.get(slack.api_url + "auth.test", timeout=5).status_code == 404
    assert len(slack.problems) == 1
