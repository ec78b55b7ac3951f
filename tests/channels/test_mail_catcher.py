"""The mail server the other tests trust: it must see everything, and fail when it should."""

import smtplib
import threading

import pytest

from nightbell.channels.email.channel import EmailChannel
from nightbell.core import delivery
from nightbell.demo.mail import MailCatcher
from tests.channels.conftest import Connect
from tests.channels.pages import page


def test_mail_that_nobody_expected_fails_a_test(connect: Connect) -> None:
    with MailCatcher() as catcher:
        connect(catcher.url).send(page())
        with pytest.raises(AssertionError, match=r"nobody expected.*CRITICAL DB pool exhausted' to bo@example.com"):
            catcher.assert_no_more()
        catcher.clear()
        catcher.assert_no_more()
        assert catcher.messages == []


def test_mail_that_comes_while_one_listens_fails_a_test_too(connect: Connect) -> None:
    with MailCatcher() as catcher:
        email = connect(catcher.url)
        late = threading.Timer(0.1, email.send, (page(),))
        late.start()
        with pytest.raises(AssertionError, match="nobody expected"):
            catcher.assert_no_more(within=5.0)
        late.join()


def test_waiting_for_mail_that_does_not_come_says_what_came(catcher: MailCatcher, email: EmailChannel) -> None:
    email.send(page())
    with pytest.raises(TimeoutError, match=r"CRITICAL DB pool exhausted' to bo@example.com"):
        catcher.wait_for(lambda mail: mail.to == "cy@example.com", timeout=0.05)
    catcher.wait_for(lambda mail: mail.to == "bo@example.com")


def test_mail_is_kept_newest_first_and_no_more_than_asked(connect: Connect) -> None:
    with MailCatcher(kept=2) as catcher:
        email = connect(catcher.url)
        for address in ("ana@example.com", "bo@example.com", "cy@example.com"):
            email.send(page(address))
        assert [mail.to for mail in catcher.messages] == ["cy@example.com", "bo@example.com"]


def test_mail_to_several_is_one_message_for_each(catcher: MailCatcher) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.port, timeout=5) as smtp:
        smtp.sendmail("x@example.com", ["a@example.com", "b@example.com"], b"Subject: hi\r\n\r\nhello\r\n")
    first, second = catcher.wait_for(), catcher.wait_for()
    assert [first.recipient, second.recipient] == ["a@example.com", "b@example.com"]
    assert first.text == "hello\n"
    assert first.html == ""
    with pytest.raises(LookupError, match="no Acknowledge link"):
        _ = first.acknowledge_url


def test_an_answer_is_given_as_often_as_it_was_scripted(catcher: MailCatcher, email: EmailChannel) -> None:
    catcher.answer("bo@example.com", rcpt="450 later", times=2)
    outcomes = [type(email.send(page())) for _ in range(3)]
    assert outcomes == [delivery.Unavailable, delivery.Unavailable, delivery.Accepted]
    catcher.wait_for()


def test_a_taken_port_is_an_error(catcher: MailCatcher) -> None:
    second = MailCatcher(port=catcher.port)
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.stop()


def test_it_can_be_stopped_twice() -> None:
    catcher = MailCatcher().start()
    assert catcher.url == f"smtp://127.0.0.1:{catcher.port}"
    catcher.stop()
    catcher.stop()
