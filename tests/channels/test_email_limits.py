"""How long a mail server may take: up to DATA a little, whatever it does; for the answer to a message long."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError

from nightbell.channels.base import UNHELD
from nightbell.channels.email.channel import EmailChannel
from nightbell.channels.email.smtp import LIMITS, Limits
from nightbell.core import delivery
from nightbell.demo.mail import MailCatcher
from tests.channels import servers
from tests.channels.conftest import Connect
from tests.channels.pages import notice, page

Certificate = tuple[Path, ssl.SSLContext]

# What is bounded by half a second here ends within this on a machine that does much else; unbounded it never would.
AT_ONCE = 8.0


class Held:
    """A hold that counts how often it was asked and renewed."""

    def __init__(self, *, reason: str | None = None, asked: Callable[[], None] = UNHELD.renew) -> None:
        self.reason = reason
        self.looks = 0
        self.renewed = threading.Semaphore(0)
        self._asked = asked

    def why_not(self) -> str | None:
        self.looks += 1
        self._asked()
        return self.reason

    def renew(self) -> None:
        self.renewed.release()

    def was_renewed(self, times: int) -> bool:
        """Waits until it was renewed that often since the last question."""
        return all(self.renewed.acquire(timeout=AT_ONCE) for _ in range(times))


@contextmanager
def sending(email: EmailChannel, hold: Held, outcomes: list[delivery.Outcome]) -> Iterator[None]:
    """A page is sent meanwhile; it has been answered at the end of the block."""
    thread = threading.Thread(target=lambda: outcomes.append(email.send(page(), hold)))
    thread.start()
    yield
    thread.join(AT_ONCE)
    assert not thread.is_alive()


def gives_up(email: EmailChannel) -> str:
    """What an attempt says that ends in time, though nothing ends it but its limit."""
    began = time.monotonic()
    outcome = email.send(page())
    assert time.monotonic() - began < AT_ONCE
    assert isinstance(outcome, delivery.Unavailable), outcome
    return outcome.error.partition(": ")[2]


def test_e10_an_attempt_is_over_before_its_lease() -> None:
    assert LIMITS.attempt <= 20 < delivery.LEASE.total_seconds()
    assert LIMITS.renew_every == delivery.RENEW_AFTER.total_seconds()
    assert LIMITS.answer == 600


def test_the_limits_shrink_together() -> None:
    assert LIMITS.times(0.05) == Limits(1.0, 3.0, 30.0, 0.1, 0.5)


def test_p32_a_server_that_trickles_does_not_outlast_the_attempt(catcher: MailCatcher, connect: Connect) -> None:
    catcher.trickle(0.3)
    email = connect(catcher.url, attempt=0.5)
    assert gives_up(email) == "no answer within 0.5 s"
    catcher.behave()
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()


@pytest.mark.parametrize("security", ["smtps", "smtp+starttls"])
def test_p32_a_server_that_trickles_over_tls_does_not_either(
    security: str, connect: Connect, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with MailCatcher(security=security, certificate=certificate[1]) as catcher:  # type: ignore[arg-type]
        catcher.trickle(0.3)
        assert gives_up(connect(catcher.url, attempt=1.0)) == "no answer within 1 s"


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_p32_a_server_that_takes_the_connection_and_says_nothing_does_not_either(scheme: str, connect: Connect) -> None:
    with servers.serving(servers.mute) as place:
        assert gives_up(connect(f"{scheme}://{place}", attempt=0.3)) == "no answer within 0.3 s"


def test_p32_a_server_that_says_nothing_once_tls_should_begin_does_not_either(connect: Connect) -> None:
    offers = {b"EHLO": b"250-mini\r\n250 STARTTLS", b"STAR": b"220 go on"}

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"220 mini\r\n")
        for _ in range(2):
            connection.sendall(offers[connection.recv(4096)[:4].upper()] + b"\r\n")
        servers.mute(connection)

    with servers.serving(serve) as place:
        assert gives_up(connect(f"smtp+starttls://{place}", attempt=0.3)) == "no answer within 0.3 s"


def test_what_a_server_says_before_tls_counts_for_nothing_after_it(
    connect: Connect, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"220 mini\r\n")
        for answer in (b"250-mini\r\n250 STARTTLS\r\n", b"220 go on\r\n250 who knows who says this\r\n"):
            connection.recv(4096)
            connection.sendall(answer)
        with certificate[1].wrap_socket(connection, server_side=True) as protected:
            for answer in (b"250-mini\r\n250 SIZE\r\n", b"450 that is enough\r\n"):
                said.append(protected.recv(4096))
                protected.sendall(answer)
            servers.mute(protected)

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with servers.serving(serve) as place:
        url = f"smtp+starttls://{place.replace('127.0.0.1', 'localhost')}"
        assert gives_up(connect(url)) == "450 that is enough"
    assert b"size=" in said[1]


@pytest.mark.parametrize(
    ("piece", "says"),
    [
        (b"250-and more\r\n", "the server's answer does not end"),
        (b"x" * 1000, "the server's answer does not end"),
        (b"250-" + b"x" * 70_000 + b"\r\n", "the server's answer does not end"),
    ],
    ids=["lines", "no line", "long line"],
)
def test_an_answer_without_an_end_is_not_read_for_ever(piece: bytes, says: str, connect: Connect) -> None:
    with servers.serving(servers.floods(piece)) as place:
        assert gives_up(connect(f"smtp://{place}")) == says


def test_a_server_that_does_not_read_the_message_does_not_hold_a_sender(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(b"220 mini\r\n")
        while not (command := connection.recv(100)).startswith(b"DATA"):
            assert command
            connection.sendall(b"250 mini\r\n")
        connection.sendall(b"354 go ahead\r\n")
        over.wait(AT_ONCE)

    over = threading.Event()
    # More than both sides' buffers take.
    monkeypatch.setattr("nightbell.channels.email.channel.compose", lambda *_: b"x" * 30_000_000)
    with servers.serving(serve) as place:
        assert gives_up(connect(f"smtp://{place}", transfer=0.3)) == "no answer within 0.3 s"
        over.set()


def test_each_address_of_a_host_has_its_share_of_the_attempt(
    catcher: MailCatcher, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in (full, ("127.0.0.1", catcher.port))]

    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        full = deaf.getsockname()
        # Whoever comes after these waits for an answer that nobody gives.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full)
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert connect(catcher.url, attempt=3.0).send(page()) == delivery.Accepted()
        for each in waiting:
            each.close()
    catcher.wait_for()


def test_a_connection_that_was_cut_without_a_word_is_replaced_within_the_attempt(connect: Connect) -> None:
    taken: list[bytes] = []
    with servers.serving(servers.talks({}, taken, most=1), servers.talks({}, taken)) as place:
        email = connect(f"smtp://{place}", attempt=2.0)
        assert email.send(page()) == delivery.Accepted()
        assert email.send(page()) == delivery.Accepted()
    assert len(taken) == 2


def test_neither_a_reset_nor_a_goodbye_is_waited_for(catcher: MailCatcher, connect: Connect) -> None:
    email = connect(catcher.url, farewell=0.2)
    catcher.answer(rcpt="550 5.1.1 no such user", times=1)
    catcher.stall("rset")
    catcher.stall("quit")
    began = time.monotonic()
    assert isinstance(email.send(page()), delivery.Refused)
    assert email.send(page()) == delivery.Accepted()
    email.close()
    assert time.monotonic() - began < AT_ONCE
    catcher.wait_for()
    assert catcher.connections == 2


@pytest.mark.parametrize("security", ["smtp", "smtps"])
def test_e09_a_server_may_think_long_about_a_message_it_has(
    security: str, connect: Connect, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    outcomes: list[delivery.Outcome] = []
    hold = Held()
    with MailCatcher(security=security, certificate=certificate[1]) as catcher:  # type: ignore[arg-type]
        email = connect(catcher.url, attempt=2.0, renew_every=0.3)
        with sending(email, hold, outcomes), catcher.holding("thought") as thinks:
            assert thinks.wait(AT_ONCE)
            # As often as it takes to be later than the whole attempt was allowed to be.
            assert hold.was_renewed(8)
        assert outcomes == [delivery.Accepted()]
        catcher.wait_for()
        catcher.assert_no_more()
        assert email.send(page()) == delivery.Accepted()
        assert catcher.connections == 1


def test_e09_a_late_refusal_of_the_message_is_tried_again(catcher: MailCatcher, connect: Connect) -> None:
    outcomes: list[delivery.Outcome] = []
    hold = Held()
    catcher.answer(data="552 5.1.1 after all")
    with sending(connect(catcher.url, renew_every=0.1), hold, outcomes), catcher.holding("data") as thinks:
        assert thinks.wait(AT_ONCE)
        assert hold.was_renewed(2)
    assert outcomes == [delivery.Unavailable(f"127.0.0.1:{catcher.port}: 552 5.1.1 after all")]


def test_e09_a_line_lost_meanwhile_is_tried_again(catcher: MailCatcher, connect: Connect) -> None:
    outcomes: list[delivery.Outcome] = []
    with sending(connect(catcher.url), Held(), outcomes), catcher.holding("data") as thinks:
        assert thinks.wait(AT_ONCE)
        catcher.hang_up()
    assert isinstance(outcomes[0], delivery.Unavailable)


def test_e09_even_that_is_not_waited_for_without_end(catcher: MailCatcher, connect: Connect) -> None:
    catcher.stall("data")
    assert gives_up(connect(catcher.url, answer=0.3)) == "no answer within 0.3 s"


def test_e10_a_server_slow_at_every_stage_gets_one_mail(catcher: MailCatcher, connect: Connect) -> None:
    catcher.pause(0.1)
    hold = Held()
    assert connect(catcher.url, renew_every=0.2).send(page(), hold) == delivery.Accepted()
    assert hold.was_renewed(2)
    catcher.wait_for()
    assert catcher.connections == 1


@pytest.mark.parametrize("stage", ["ehlo", "mail", "rcpt", "go_ahead"])
def test_e10_a_stage_that_takes_what_is_left_of_the_attempt_ends_it(
    stage: str, catcher: MailCatcher, connect: Connect
) -> None:
    catcher.pause(60, stage)  # type: ignore[arg-type]
    assert gives_up(connect(catcher.url, attempt=0.4)) == "no answer within 0.4 s"


@pytest.mark.parametrize("parcel", [page(), notice()], ids=["page", "notice"])
def test_e10_what_is_not_wanted_any_more_once_the_recipient_is_taken_is_not_sent(
    parcel: delivery.Page | delivery.Notice, catcher: MailCatcher, connect: Connect
) -> None:
    email = connect(catcher.url)
    hold = Held(reason="acknowledged")
    assert email.send(parcel, hold) == delivery.Withdrawn("acknowledged")
    assert hold.looks == 1
    catcher.assert_no_more()
    # The line is as good as new.
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()
    assert catcher.connections == 1


def test_e10_the_last_look_comes_after_the_recipient_was_taken(catcher: MailCatcher, connect: Connect) -> None:
    outcomes: list[delivery.Outcome] = []
    hold = Held()
    with sending(connect(catcher.url), hold, outcomes), catcher.holding("rcpt") as asked:
        assert asked.wait(AT_ONCE)
        assert hold.looks == 0
        hold.reason = "acknowledged"
    assert outcomes == [delivery.Withdrawn("acknowledged")]


def test_e10_a_look_that_takes_what_is_left_of_the_attempt_ends_it(catcher: MailCatcher, connect: Connect) -> None:
    email = connect(catcher.url, attempt=0.5)
    outcome = email.send(page(), Held(asked=lambda: time.sleep(0.6)))
    assert isinstance(outcome, delivery.Unavailable), outcome


def test_what_a_hold_raises_goes_on_and_leaves_no_line_open(catcher: MailCatcher, connect: Connect) -> None:
    def away() -> None:
        raise OperationalError("the database is away")

    email = connect(catcher.url)
    assert email.send(page()) == delivery.Accepted()
    with pytest.raises(OperationalError):
        email.send(page(), Held(asked=away))
    assert email.send(page()) == delivery.Accepted()
    catcher.wait_for()
    catcher.wait_for()
    assert catcher.connections == 2


def test_one_domain_that_hangs_is_nobody_elses_trouble(catcher: MailCatcher, connect: Connect) -> None:
    catcher.hang("slow.example")
    email = connect(catcher.url, attempt=0.5)
    assert isinstance(email.send(page("bo@slow.example")), delivery.Unavailable)
    assert email.send(page("bo@quick.example")) == delivery.Accepted()
    catcher.wait_for()
