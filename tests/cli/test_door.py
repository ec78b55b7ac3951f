"""Whoever sends slowly, too much or nothing: the web server's door, with real sockets and a real database behind."""

import asyncio
import contextlib
import http.client
import json
import resource
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
import requests

from nightbell.cli import life
from nightbell.cli.door import _Body, _Refused, _Room
from tests.cli import installations
from tests.cli.installations import Installation

pytestmark = [pytest.mark.xdist_group("door"), pytest.mark.timeout(180)]

PATIENCE = 0.5
LIMIT = 256 * 1024


@dataclass(frozen=True)
class Served:
    """An installation whose patience is a twentieth, and what opens an incident in it."""

    at: Installation
    port: int
    key: str
    owner: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def opens(self, title: str = "Slow") -> "requests.Response":
        """An incident, by somebody with a key."""
        body = {"title": title, "severity": "high", "ownerId": self.owner}
        return requests.post(f"{self.url}/v1/incidents", json=body, headers=self.headers, timeout=20)

    def raw(self, head: str, body: bytes = b"") -> socket.socket:
        """A connection on which this much of a request was sent."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        made.sendall(head.replace("\n", "\r\n").encode() + body)
        return made

    def says(self, head: str, body: bytes = b"") -> "Answer":
        """What is answered to it."""
        return answer_on(self.raw(head, body), head.split(" ", 1)[0])


class Answer(http.client.HTTPResponse):
    said = ""


def answer_on(made: socket.socket, method: str = "GET") -> Answer:
    """What is answered there."""
    with made:
        answer = Answer(made, method=method)
        answer.begin()
        answer.said = answer.read().decode()
        return answer


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with installations.installation({}, prepared=True) as at:
        at.start()
        ana = at.data("org", "create", "Acme", "--admin", "ana@example.com", "--first-name", "Ana")
        key = at.data("key", "create", "ci", "--org", "acme")["key"]
        with web(at, PATIENCE) as (port, _):
            yield Served(at, port, key, ana["userId"])
        assert at.stop() == 0


@contextlib.contextmanager
def web(at: Installation, patience: float) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Another web server beside the one of `serve`; its port."""
    port = installations.free_port()
    verb = ("web", "--port", str(port), "--patience", str(patience))
    process = subprocess.Popen([*installations.NIGHTBELL, *verb], env=at.environ)
    try:
        wait_for(lambda: life.answers("127.0.0.1", port, 5))
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_p30_unfinished_bodies_are_408_and_keep_nobody_with_a_key_waiting(served: Served) -> None:
    heads = (
        "POST /v1/incidents HTTP/1.1\nHost: localhost\nContent-Length: 10\n\n",
        "POST /accounts/login/ HTTP/1.1\nHost: localhost\nContent-Length: 9\n\n",
        "POST /v1/incidents HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n5\n",
        "GET /v1/incidents HTTP/1.1\nHost: localhost\nContent-Length: 10\n\n",
    )
    unfinished = [served.raw(head, b"abc") for head in heads for _ in range(16)]
    began = time.monotonic()
    opened = served.opens()
    # Had a thread waited for bytes it could not have been before these gave up.
    assert (opened.status_code, time.monotonic() - began < 1) == (201, True)
    answers = [answer_on(each) for each in unfinished]
    assert {each.status for each in answers} == {408}
    assert {each.getheader("Connection") for each in answers} == {"close"}
    in_envelope = json.loads(answers[0].said)
    assert (in_envelope["statusCode"], in_envelope["code"]) == (408, "request_timeout")
    assert in_envelope["requestId"] == answers[0].getheader("X-Request-Id")
    assert answers[16].said == "The body did not come in time.\n"


def test_p30_a_body_that_never_ends_is_cut_by_its_deadline_however_busy_it_is(served: Served) -> None:
    with served.raw("POST /v1/incidents HTTP/1.1\nHost: localhost\nContent-Length: 1000\n\n") as dripping:
        dripping.settimeout(PATIENCE / 10)
        began = time.monotonic()
        said = b""
        while not said and time.monotonic() - began < 20:
            dripping.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                said = dripping.recv(1000)
        assert said.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", ["/v1/incidents", "/accounts/login/", "/slack/commands", "/nowhere"])
@pytest.mark.parametrize(
    "framed",
    [f"Content-Length: {200 * 1024 * 1024}\n", f"Content-Length: {LIMIT + 1}\n", "Transfer-Encoding: chunked\n"],
)
def test_p30_a_body_over_the_limit_is_413_and_is_not_taken(served: Served, path: str, framed: str) -> None:
    form = "Content-Type: application/x-www-form-urlencoded\n"
    body = chunked([b"x" * 65536] * 5) if "chunked" in framed else b""
    answer = replace(served, port=served.at.port).says(f"POST {path} HTTP/1.1\nHost: localhost\n{form}{framed}\n", body)
    assert answer.status == 413
    if path.startswith("/v1/"):
        assert json.loads(answer.said)["code"] == "body_too_large"
    else:
        assert answer.said == "The body is larger than 256 KiB.\n"


def test_p30_crumbs_are_413(served: Served) -> None:
    answer = replace(served, port=served.at.port).says(
        "POST /v1/incidents HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n", chunked([b"x"] * 1100)
    )
    assert answer.status == 413


def test_p30_idle_connections_are_cut_and_keep_nobody_waiting(served: Served) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as open_ones:
        open_ones.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        heads = ("", "POST /v1/incidents HTTP/1.1\nHost: loc")
        cut = [open_ones.enter_context(served.raw(heads[each % 2])) for each in range(100)]
        # Where they are not cut so soon.
        patient = replace(served, port=served.at.port)
        _ = [open_ones.enter_context(patient.raw(heads[each % 2])) for each in range(2500)]
        began = time.monotonic()
        opened = patient.opens()
        assert (opened.status_code, time.monotonic() - began < 1) == (201, True)
        assert {each.recv(1000) for each in cut} == {b""}


def test_i04_a_body_in_chunks_counts_too(served: Served) -> None:
    whole = json.dumps({"title": "In chunks", "severity": "high", "ownerId": served.owner}).encode()
    asked = f"POST /v1/incidents HTTP/1.1\nHost: localhost\nAuthorization: Bearer {served.key}\n"
    answer = served.says(f"{asked}Transfer-Encoding: chunked\n\n", chunked([whole[:9], whole[9:]]))
    assert (answer.status, json.loads(answer.said)["data"]["title"]) == (201, "In chunks")
    answer = served.says(f"{asked}Transfer-Encoding: chunked\n\n", chunked([b'{"title": 5}']))
    assert answer.status == 422


@pytest.mark.parametrize("framed", ["Content-Length: 500", "Transfer-Encoding: chunked"])
def test_i08_a_client_that_leaves_within_its_request_changes_nothing(served: Served, framed: str) -> None:
    """What came is whole JSON: only the framing knows that it was not all."""
    whole = json.dumps({"title": "Broken off", "severity": "high", "ownerId": served.owner}).encode()
    asked = f"POST /v1/incidents HTTP/1.1\nHost: localhost\nAuthorization: Bearer {served.key}\n{framed}\n\n"
    with served.raw(asked, chunked([whole]).removesuffix(b"0\r\n\r\n") if "chunked" in framed else whole) as left:
        left.shutdown(socket.SHUT_WR)
        assert left.recv(1000).startswith(b"HTTP/1.1 400 ")
    found = requests.get(f"{served.url}/v1/incidents?q=Broken", headers=served.headers, timeout=20).json()["data"]
    assert found["incidents"] == []


def test_a_request_is_framed_in_one_way_or_refused(served: Served) -> None:
    """Nobody's second request is read out of a body."""
    asked = "POST /v1/incidents HTTP/1.1\nHost: localhost\n"
    for framed in ("Content-Length: 3\nContent-Length: 4\n", "Content-Length: +3\n", "Transfer-Encoding: xchunked\n"):
        with served.raw(f"{asked}{framed}\n", b"abc") as made:
            assert made.recv(1000).startswith(b"HTTP/1.1 400 ")
    smuggled = b"GET /v1/users HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for framed in (
        "Content-Length: 4\nTransfer-Encoding: chunked\n",
        "Transfer-Encoding: chunked\nContent-Length: 4\n",
    ):
        with served.raw(f"{asked}{framed}\n", b"0\r\n\r\n" + smuggled) as made:
            assert everything(made).count(b"HTTP/1.1 ") == 1


def test_a_client_that_waits_to_be_told_to_go_on_is_told(served: Served) -> None:
    asked = "POST /v1/incidents HTTP/1.1\nHost: localhost\nExpect: 100-continue\n"
    with served.raw(f"{asked}Content-Length: 2\n\n") as made:
        assert made.recv(1000).startswith(b"HTTP/1.1 100 ")
        made.sendall(b"{}")
        assert made.recv(1000).startswith(b"HTTP/1.1 401 ")
    assert served.says(f"{asked}Content-Length: {LIMIT + 1}\n\n").status == 413


def test_headers_pass_the_door_as_they_came(served: Served) -> None:
    asked = f"HTTP/1.1\nHost: localhost\nAuthorization: Bearer {served.key}\n"
    assert served.says(f"GET /v1/users {asked}\n").status == 200
    # One that WSGI cannot tell from `Idempotency-Key` is none.
    body = json.dumps({"title": "Twice", "severity": "high", "ownerId": served.owner}).encode()
    twice = [
        served.says(f"POST /v1/incidents {asked}Idempotency_Key: 1\nContent-Length: {len(body)}\n\n", body)
        for _ in range(2)
    ]
    assert len({json.loads(each.said)["data"]["id"] for each in twice}) == 2
    assert served.says("GET /v1/users HTTP/1.1\n\n").status == 400
    assert served.says("GET /v1/users HTTP/1.1\nHost: localhost\nHost: localhost\n\n").status == 400
    head = served.says("HEAD /static/nightbell/nightbell.css HTTP/1.1\nHost: localhost\n\n")
    assert served.says("GET /%ff%00 HTTP/1.1\nHost: localhost\n\n").status == 404
    assert (head.status, head.said) == (200, "")
    assert int(head.getheader("Content-Length") or 0) > 0


def test_p30_who_has_been_sending_the_longest_gives_way_and_nobody_with_a_key_waits(served: Served) -> None:
    slow = replace(served, port=served.at.port)
    head = f"POST /v1/incidents HTTP/1.1\nHost: localhost\nContent-Length: {LIMIT}\n\n"
    with contextlib.ExitStack() as open_ones:
        first = slow.raw(head)
        # All the room there is, and some more.
        for _ in range(300):
            open_ones.enter_context(slow.raw(head))
        assert slow.opens().status_code == 201
        gave_way = answer_on(first)
        assert (gave_way.status, gave_way.getheader("Retry-After")) == (503, "5")
        assert json.loads(gave_way.said)["code"] == "unavailable"


def test_a_body_that_is_here_gives_way_to_none() -> None:
    room, deadline = _Room(10), asyncio.Timeout(None)
    here = _Body(10, deadline)
    room.take(here)
    room.came(here)
    with pytest.raises(_Refused) as refused:
        room.take(_Body(1, deadline))
    assert refused.value.status == 503
    room.give_back(here)
    room.take(_Body(10, deadline))


def test_a_stop_waits_for_what_is_under_way(served: Served) -> None:
    body = json.dumps({"title": "At the stop", "severity": "high", "ownerId": served.owner}).encode()
    head = f"POST /v1/incidents HTTP/1.1\nHost: localhost\nAuthorization: Bearer {served.key}\n"
    with web(served.at, 8.0) as (port, process):
        patient = replace(served, port=port)
        made = patient.raw(f"{head}Content-Length: {len(body)}\n\n", body[:-1])
        process.terminate()
        wait_for(lambda: not life.answers("127.0.0.1", port, 5))
        made.sendall(body[-1:])
        assert answer_on(made).status == 201
        assert process.wait(20) == 0


def chunked(pieces: Sequence[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in [*pieces, b""])


def everything(made: socket.socket) -> bytes:
    return b"".join(iter(lambda: made.recv(65536), b""))
