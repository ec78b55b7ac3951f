"""The fake Slack's bad days: errors, silence, a connection that breaks, and too much asked of it."""

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from nightbell.demo.slack.fake import FakeSlack
from tests.demo.slack_app import refused


def test_it_answers_what_a_test_wrote_down(slack: FakeSlack, bot: WebClient) -> None:
    ana = slack.person("Ana", "ana@example.org")
    slack.answer("chat.postMessage", "fatal_error", times=1, when=lambda given: given["text"] == "two")
    bot.chat_postMessage(channel=ana.id, text="one")
    assert refused(bot.chat_postMessage, channel=ana.id, text="two") == "fatal_error"
    bot.chat_postMessage(channel=ana.id, text="two")
    slack.answer("chat.postMessage", "ratelimited", status=429, retry_after=7)
    with pytest.raises(SlackApiError) as raised:
        bot.chat_postMessage(channel=ana.id, text="three")
    assert (raised.value.response.status_code, raised.value.response.headers["Retry-After"]) == (429, "7")
    slack.answer(status=503)
    slack.behave()
    slack.answer(status=503)
    assert "non-JSON" in refused(bot.auth_test)
    slack.behave()
    assert bot.auth_test()["ok"]
    assert [call.error for call in slack.calls_of("chat.postMessage")] == [None, "fatal_error", None, "ratelimited"]
    slack.assert_clean()


def test_a_request_whose_sender_was_killed_in_the_middle_was_never_made(slack: FakeSlack, bot: WebClient) -> None:
    place = urlsplit(slack.api_url)
    head = b"POST /api/chat.postMessage HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection((str(place.hostname), place.port or 80), timeout=5) as cut:
        cut.sendall(head + b"Content-Length: 100\r\n\r\n{")
        cut.shutdown(socket.SHUT_WR)
        assert cut.recv(100) == b""
    assert bot.auth_test()["ok"]
    assert slack.calls_of("chat.postMessage") == []
    slack.assert_clean()


def test_it_hangs_until_it_is_opened(slack: FakeSlack, bot: WebClient) -> None:
    ana = slack.person("Ana", "ana@example.org")
    slack.shut("chat.postMessage")
    waiting = threading.Thread(target=lambda: bot.chat_postMessage(channel=ana.id, text="late"))
    waiting.start()
    slack.wait_until(lambda: len(slack.calls) == 1)
    time.sleep(0.05)
    assert slack.messages == []
    assert not slack.calls[0].answered
    slack.open("chat.postMessage")
    waiting.join(5)
    assert slack.wait_for().text == "late"


def test_it_does_what_is_asked_and_hangs_up(slack: FakeSlack, bot: WebClient) -> None:
    ana = slack.person("Ana", "ana@example.org")
    slack.drop_after("chat.postMessage")
    with pytest.raises(ConnectionError):
        bot.chat_postMessage(channel=ana.id, text="did it arrive?")
    bot.chat_postMessage(channel=ana.id, text="again")
    assert [message.text for message in slack.to(ana)] == ["again", "did it arrive?"]


def test_it_refuses_connections_for_a_while(slack: FakeSlack, bot: WebClient) -> None:
    with slack.refusing_connections(), pytest.raises(OSError, match="refused"):
        bot.auth_test()
    assert bot.auth_test()["ok"]


def test_a_fault_of_its_own_is_told(slack: FakeSlack, bot: WebClient) -> None:
    slack.answer("auth.test", when=lambda given: given["nothing"])
    with pytest.raises(ConnectionError):
        bot.auth_test()
    slack.wait_until(lambda: bool(slack.problems))
    assert "itself broke: KeyError('nothing')" in slack.problems[0]


def test_it_hangs_up_on_who_waits(slack: FakeSlack, bot: WebClient) -> None:
    errors: list[Exception] = []

    def call() -> None:
        try:
            bot.auth_test()
        except ConnectionError as error:
            errors.append(error)

    slack.shut(goes_on=False)
    waiting = threading.Thread(target=call)
    waiting.start()
    slack.wait_until(lambda: len(slack.calls) == 1)
    slack.open()
    waiting.join(5)
    assert len(errors) == 1
    assert slack.connections == 1


def test_it_limits_how_often_it_is_asked() -> None:
    with FakeSlack(limits=True) as slack:
        bot = WebClient(slack.install(), base_url=slack.api_url, retry_handlers=[])
        ana, bo = slack.person("Ana", "ana@example.org"), slack.person("Bo", "bo@example.org")
        for text in ("one", "two", "three"):
            bot.chat_postMessage(channel=ana.id, text=text)
        with pytest.raises(SlackApiError) as raised:
            bot.chat_postMessage(channel=ana.id, text="four")
        assert (raised.value.response["error"], raised.value.response.headers["Retry-After"]) == ("ratelimited", "1")
        bot.chat_postMessage(channel=bo.id, text="another channel has its own")
        assert bot.auth_test()["ok"]
        slack.assert_clean()
