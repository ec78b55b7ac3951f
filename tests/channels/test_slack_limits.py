"""How long a call to Slack may take as a whole, whatever trickles in meanwhile."""

import socket
import ssl
import time
from pathlib import Path

import pytest

from nightbell.channels.slack import client, transport
from nightbell.channels.slack.buckets import Buckets, Priority
from nightbell.channels.slack.channel import SlackChannel
from nightbell.core import delivery
from tests.channels import servers
from tests.channels.pages import page
from tests.channels.workspaces import unavailable
from tests.workspace import patience

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 600\r\n\r\n"
FAULT = HEAD.replace(b"200 OK", b"500 Oh no")
AT_ONCE = 8.0


def gives_up(address: str) -> None:
    began = time.monotonic()
    error = unavailable(SlackChannel(f"{address}/api/", Buckets()).send(page("T1/U1")))
    assert time.monotonic() - began < AT_ONCE
    # A socket's words where it was given all that was left, the limit's where nothing was.
    assert "timed out" in error or "no answer within 1 s" in error


@pytest.mark.parametrize(
    ("said", "at_once"),
    [(HEAD, 0), (HEAD + b" " * 600, len(HEAD)), (FAULT + b" " * 600, len(FAULT))],
    ids=["head", "body", "body of a fault"],
)
def test_p32_a_slack_that_trickles_is_left_in_time(said: bytes, at_once: int) -> None:
    with servers.serving(servers.trickles(said, at_once, 0.3)) as place, patience(1):
        gives_up(f"http://{place}")


def test_p32_a_slack_that_trickles_over_tls_is_left_in_time(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(line: socket.socket) -> None:
        with certificate[1].wrap_socket(line, server_side=True) as protected:
            trickle(protected)

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    trickle = servers.trickles(HEAD + b" " * 600, len(HEAD), 0.3)
    with servers.serving(serve) as place, patience(1):
        gives_up(f"https://{place.replace('127.0.0.1', 'localhost')}")


def test_p32_a_slack_that_says_nothing_when_tls_should_begin_is_left_in_time() -> None:
    with servers.serving(servers.mute) as place, patience(1):
        gives_up(f"https://{place}")


def test_p32_what_is_said_to_whoever_clicked_is_not_waited_for_without_end() -> None:
    with servers.serving(servers.trickles(HEAD, 0, 0.3)) as place, patience(1):
        began = time.monotonic()
        assert not client.respond(f"http://{place}", "hello")
        assert time.monotonic() - began < AT_ONCE


def test_two_calls_are_over_before_a_lease_is() -> None:
    assert delivery.LEASE.total_seconds() > 2 * transport.CALL_SECONDS


def test_the_hold_is_renewed_between_the_calls_that_one_parcel_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        renewed = 0

        def why_not(self) -> str | None:
            return None

        def renew(self) -> None:
            self.renewed += 1

    monkeypatch.setattr(delivery, "RENEW_AFTER", delivery.RENEW_AFTER * 0)
    hold = Held()
    api = client.Client("http://127.0.0.1:1/api/", Buckets(), "T1", "xoxb-1", hold)
    for _ in range(3):
        with pytest.raises(client.Failed):
            api.call("auth.test", Priority.PAGE)
    assert hold.renewed == 3
