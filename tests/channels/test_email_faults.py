"""What can go wrong between Nightbell and a mail server, and what is made of it."""

import socket
import ssl
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from nightbell.channels import registry
from nightbell.channels.declaration import Ability
from nightbell.channels.email.channel import EmailChannel
from nightbell.core import delivery
from nightbell.demo.mail import MailCatcher
from tests.channels import servers
from tests.channels.conftest import Connect
from tests.channels.pages import notice, page

Certificate = tuple[Path, ssl.SSLContext]


def unavailable(outcome: delivery.Outcome) -> str:
    assert isinstance(outcome, delivery.Unavailable), outcome
    return outcome.error


def refused(outcome: delivery.Outcome) -> str:
    assert isinstance(outcome, delivery.Refused), outcome
    return outcome.error


def test_e01_a_refused_connection_is_tried_again(catcher: MailCatcher, email: EmailChannel) -> None:
    with catcher.refusing_connections():
        assert "Connection refused" in unavailable(email.send(page()))
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()


def test_e01_a_server_that_does_not_speak_is_tried_again(catcher: MailCatcher, connect: Connect) -> None:
    catcher.stall("connect")
    email = connect(catcher.url, attempt=0.2)
    assert unavailable(email.send(page())).endswith("no answer within 0.2 s")
    catcher.behave()
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_e01_a_server_that_falls_silent_is_tried_again(catcher: MailCatcher, connect: Connect, stage: str) -> None:
    catcher.stall(stage)  # type: ignore[arg-type]
    email = connect(catcher.url, attempt=0.2, answer=0.2)
    assert unavailable(email.send(page())).endswith("no answer within 0.2 s")


def test_e01_a_certificate_nobody_trusts_is_tried_again(connect: Connect, certificate: Certificate) -> None:
    for security in ("smtps", "smtp+starttls"):
        with MailCatcher(security=security, certificate=certificate[1]) as catcher:
            assert "certificate verify failed" in unavailable(connect(catcher.url).send(page()))
            catcher.assert_no_more()


def test_e01_a_server_without_tls_is_tried_again(catcher: MailCatcher, connect: Connect) -> None:
    without = f"localhost:{catcher.port}"
    assert "STARTTLS" in unavailable(connect(f"smtp+starttls://{without}").send(page()))
    assert "wrong version number" in unavailable(connect(f"smtps://{without}").send(page())).lower()


def test_e01_a_host_that_does_not_exist_is_tried_again(connect: Connect) -> None:
    assert unavailable(connect("smtp://mail.invalid").send(page())).startswith("mail.invalid:25: ")
    assert unavailable(connect("smtp://mail..example").send(page())).startswith("mail..example:25: ")


@pytest.mark.parametrize("command", [b"MAIL", b"RCPT", b"DATA"])
def test_e01_an_answer_without_a_code_is_told_as_it_came(connect: Connect, command: bytes) -> None:
    with servers.serving(servers.talks({command: b"Hello there"})) as place:
        error = unavailable(connect(f"smtp://{place}").send(page()))
    assert error == f"{place}: not an answer of a mail server: Hello there"


def test_e01_a_stalled_server_does_not_hold_up_another(catcher: MailCatcher, connect: Connect) -> None:
    with MailCatcher() as stalled:
        stalled.stall("connect")
        slow = connect(stalled.url, attempt=2.0)
        outcomes: list[delivery.Outcome] = []
        thread = threading.Thread(target=lambda: outcomes.append(slow.send(page())))
        thread.start()
        assert connect(catcher.url).send(page()) == delivery.Accepted()
        assert not outcomes
        catcher.wait_for()
        stalled.hang_up()
        thread.join()
        unavailable(outcomes[0])


@pytest.mark.parametrize("code", [421, 450, 451])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_e02_a_temporary_answer_is_tried_again(
    catcher: MailCatcher, email: EmailChannel, code: int, stage: str
) -> None:
    catcher.answer(**{stage: f"{code} come back later"}, times=1)
    assert unavailable(email.send(page())) == f"127.0.0.1:{catcher.port}: {code} come back later"
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()


def test_e02_the_waits_grow_to_ten_minutes_and_stay_there() -> None:
    assert EmailChannel.backoff == tuple(timedelta(seconds=wait) for wait in (15, 60, 120, 300, 600))


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "550 no such user", "551 moved", "553 bad name"])
def test_e03_a_refused_recipient_is_refused_for_good(catcher: MailCatcher, email: EmailChannel, answer: str) -> None:
    catcher.answer("bo@example.com", rcpt=answer)
    assert refused(email.send(page())) == f"127.0.0.1:{catcher.port}: {answer}"


@pytest.mark.parametrize(
    "answer",
    ["530 5.7.0 Authentication required", "554 5.7.1 <bo@example.com>: Relay access denied", "503 need MAIL command"],
)
def test_e03_a_fault_of_the_installation_told_at_the_recipient_is_tried_again(
    catcher: MailCatcher, email: EmailChannel, answer: str
) -> None:
    catcher.answer(rcpt=answer)
    unavailable(email.send(page()))


def test_the_servers_words_are_cleaned_and_cut(catcher: MailCatcher, email: EmailChannel) -> None:
    catcher.answer(rcpt="550 no\x1b[31m \u202esuch\tuser " + "x" * 800)
    error = refused(email.send(page()))
    assert error.startswith(f"127.0.0.1:{catcher.port}: 550 no[31m such user xxx")
    assert error.isprintable()
    assert len(error) < 350


@pytest.mark.parametrize("stage", ["mail", "data"])
def test_e03_a_refusal_that_is_not_of_the_recipient_is_tried_again(
    catcher: MailCatcher, email: EmailChannel, stage: str
) -> None:
    catcher.answer(**{stage: "550 we do not like you"})  # type: ignore[arg-type]
    assert "550 we do not like you" in unavailable(email.send(page()))


def test_e06_a_refused_recipient_costs_nobody_else_their_mail(catcher: MailCatcher, email: EmailChannel) -> None:
    catcher.answer("bo@example.com", rcpt="550 no such user")
    outcomes = [email.send(page(address)) for address in ("ana@example.com", "bo@example.com", "cy@example.com")]
    assert [type(outcome) for outcome in outcomes] == [delivery.Accepted, delivery.Refused, delivery.Accepted]
    assert catcher.wait_for().to == "ana@example.com"
    assert catcher.wait_for().to == "cy@example.com"
    assert catcher.connections == 1


def test_e06_a_server_that_refuses_and_hangs_up_has_refused(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve_once, args=(listener, {b"RCPT": b"550 no such user"}, b"RSET"))
        thread.start()
        email = connect(f"smtp://127.0.0.1:{listener.getsockname()[1]}")
        assert "550 no such user" in refused(email.send(page()))
        thread.join()


def test_a_server_that_drops_the_line_after_the_data_is_tried_again_with_the_same_id(
    catcher: MailCatcher, email: EmailChannel
) -> None:
    catcher.drop_after_data()
    parcel = page()
    unavailable(email.send(parcel))
    assert email.send(parcel) == delivery.Accepted()
    first, second = catcher.wait_for(), catcher.wait_for()
    assert first.id == second.id == f"{parcel.id}@example.com"


def test_one_connection_serves_many_messages(catcher: MailCatcher, email: EmailChannel) -> None:
    for parcel in (page(), notice(), page()):
        assert email.send(parcel) == delivery.Accepted()
        catcher.wait_for()
    assert catcher.connections == 1


def test_a_connection_that_died_while_it_rested_is_replaced_at_once(catcher: MailCatcher, email: EmailChannel) -> None:
    assert email.send(page()) == delivery.Accepted()
    catcher.hang_up()
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()
    catcher.wait_for()
    assert catcher.connections == 2


def test_a_farewell_that_was_waiting_on_the_line_is_not_taken_for_an_answer(
    catcher: MailCatcher, email: EmailChannel
) -> None:
    assert email.send(page()) == delivery.Accepted()
    catcher.answer(mail="421 4.4.2 idle for too long", times=1)
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()
    catcher.wait_for()
    assert catcher.connections == 2


def test_a_dead_connection_is_replaced_once_and_not_for_ever(catcher: MailCatcher, email: EmailChannel) -> None:
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()
    catcher.answer(mail="421 4.4.2 idle for too long")
    unavailable(email.send(page()))
    assert catcher.connections == 2


def test_a_sender_refused_on_a_connection_that_lives_is_not_asked_twice(
    catcher: MailCatcher, email: EmailChannel
) -> None:
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()
    catcher.answer(mail="550 not you", times=1)
    assert "550 not you" in unavailable(email.send(page()))
    assert catcher.connections == 1


def test_a_farewell_that_goes_wrong_is_nobodys_fault(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        babble = {b"RCPT": b"550 no such user", b"QUIT": b"221 " + b"x" * 9000}
        thread = threading.Thread(target=_serve_once, args=(listener, babble, b"NOOP"))
        thread.start()
        email = connect(f"smtp://127.0.0.1:{listener.getsockname()[1]}")
        refused(email.send(page()))
        email.close()
        thread.join()


def test_a_closed_channel_opens_again(catcher: MailCatcher, email: EmailChannel) -> None:
    email.close()
    for _ in range(2):
        assert email.send(page()) == delivery.Accepted()
        catcher.wait_for()
        email.close()
        email.close()
    assert catcher.connections == 2


def test_a_connection_that_rested_too_long_is_not_used_again(
    catcher: MailCatcher, email: EmailChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightbell.channels.email.smtp.IDLE_SECONDS", 0.0)
    for _ in range(2):
        assert email.send(page()) == delivery.Accepted()
        catcher.wait_for()
    assert catcher.connections == 2


@pytest.mark.parametrize("security", ["smtps", "smtp+starttls"])
def test_mail_goes_over_tls_with_a_login(
    security: str, connect: Connect, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with MailCatcher(security=security, certificate=certificate[1], login=("nightbell", "s3cret")) as catcher:  # type: ignore[arg-type]
        email = connect(catcher.url)
        for _ in range(2):
            assert email.send(page()) == delivery.Accepted()
            catcher.wait_for()
        assert catcher.connections == 1


def test_a_percent_encoded_password_is_the_password(connect: Connect) -> None:
    with MailCatcher(login=("pager@example.com", "p:w/d @#%")) as catcher:
        url = f"smtp://pager%40example.com:p%3Aw%2Fd%20%40%23%25@127.0.0.1:{catcher.port}"
        assert connect(url).send(page()) == delivery.Accepted()
        catcher.wait_for()


def test_a_refused_login_is_tried_again_and_never_shows_the_password(connect: Connect) -> None:
    with MailCatcher(login=("pager", "right")) as catcher:
        error = unavailable(connect(f"smtp://pager:wr0ng-secret@127.0.0.1:{catcher.port}").send(page()))
        assert "535" in error
        assert "wr0ng-secret" not in error
        catcher.assert_no_more()


@pytest.mark.parametrize(
    "leak",
    ["wr0ng-secret", "d3IwbmctZXJyb3I=", "AHBhZ2VyAHdyMG5nLXNlY3JldA==", "cGFnZXI=", "pager"],
    ids=["password", "other", "plain", "encoded user", "user"],
)
def test_a_server_that_repeats_the_login_is_not_quoted(leak: str, catcher: MailCatcher) -> None:
    with MailCatcher(login=("pager", "wr0ng-secret")) as picky:
        picky.answer(mail=f"550 you are {leak}, go away")
        email = EmailChannel(f"smtp://pager:wr0ng-secret@127.0.0.1:{picky.port}", "Nightbell <nb@example.com>")
        error = unavailable(email.send(page()))
        email.close()
    assert ("***" in error) is (leak != "d3IwbmctZXJyb3I=")
    assert "wr0ng-secret" not in error
    assert "AHBhZ2VyAHdyMG5nLXNlY3JldA==" not in error


def test_a_server_without_login_is_tried_again(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve_once, args=(listener, {}, b"QUIT"))
        thread.start()
        url = f"smtp://pager:s3cret@127.0.0.1:{listener.getsockname()[1]}"
        error = unavailable(connect(url).send(page()))
        thread.join()
    assert "AUTH" in error
    assert "s3cret" not in error


def _serve_once(listener: socket.socket, answers: dict[bytes, bytes], last: bytes) -> None:
    """Say 250 to everything but `answers`; hang up at the command `last`."""
    line, _ = listener.accept()
    with line, line.makefile("rwb", buffering=0) as stream:
        stream.write(b"220 mini\r\n")
        while (command := stream.readline()[:4].upper()) and command != last:
            stream.write(answers.get(command, b"250 mini") + b"\r\n")


def test_without_a_server_every_mail_waits() -> None:
    email = EmailChannel(None, "Nightbell <pager@example.com>")
    assert unavailable(email.send(page())) == "no SMTP server is configured (NIGHTBELL_SMTP_URL)"
    email.close()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bo",
        "bo@",
        "@example.com",
        "bo@example.com\nBcc: x@y",
        "a@b, c@d",
        "Bo <bo@example.com>",
        "b\u202eo@example.com",
        "bö@example.com",
        "bo @example.com",
        "=?utf-8?q?=0ABcc:x?=@example.com",
        '"a b"@example.com',
        "bo@exa\0mple.com",
        "bo@" + "a" * 64 + ".example",
        "bo@[127.0.0.1",
    ],
)
def test_what_is_not_an_address_is_refused_for_good(address: str, email: EmailChannel, catcher: MailCatcher) -> None:
    error = refused(email.send(page(address)))
    assert error.startswith("not a mail address: ")
    assert error.isprintable()
    assert catcher.connections == 0


def test_an_international_domain_is_written_as_the_wire_wants_it(catcher: MailCatcher, email: EmailChannel) -> None:
    assert email.send(page("bo@bücher.example")) == delivery.Accepted()
    assert catcher.wait_for().to == "bo@xn--bcher-kva.example"


def test_nothing_is_sent_inside_a_transaction(
    catcher: MailCatcher, email: EmailChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections["default"], "in_atomic_block", True)
    with pytest.raises(RuntimeError, match=r"email was to be called while a database transaction is open"):
        email.send(page())
    assert catcher.connections == 0


def test_the_registry_makes_each_channel_from_the_settings() -> None:
    channels = {name: make() for name, make in registry.makers(Ability.PAGE).items()}
    assert {name: channel.name for name, channel in channels.items()} == {"email": "email"}
    for channel in channels.values():
        channel.close()
