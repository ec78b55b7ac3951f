"""What the log says of a request: never what grants something to whoever reads it."""

import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any, cast

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from nightbell.conf import logs
from tests.world import World

FORMAT: str = cast(Any, settings.LOGGING)["formatters"]["line"]["fmt"]
TOKEN = "eyJhIjoxfQ:1tOkEn-Of_Somebody:abcDEF0123456789"


@pytest.fixture
def told() -> Iterator[StringIO]:
    """What is logged, as an installation writes it."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.Line(FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


@pytest.mark.parametrize(
    "address",
    [
        f"/ack/{TOKEN}",
        f"/ack/{TOKEN}/",
        f"/ACK/{TOKEN}",
        f"//ack//{TOKEN}",
        f"/ack/{TOKEN}/more",
        f"/pager/ack/{TOKEN}",
        f"/accounts/password/reset/key/1-{TOKEN}/",
        f"/accounts/password/reset/key/1-{TOKEN}",
        f"/v1/oncall/me.ics?token={TOKEN}",
        f"/v1/oncall/me.ics/{TOKEN}",
        f"/v1/oncall/schedules/x.ics?token={TOKEN}",
        f"/slack/oauth?code={TOKEN}&state={TOKEN}",
        f"/{TOKEN}",
    ],
)
def test_x07_no_line_has_what_grants_something_even_while_the_database_is_away(
    world: World, told: StringIO, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.get(address)
    client.post(address, {"x": "1"})
    client.put(address)

    def away(*_args: object, **_kwargs: object) -> object:
        raise ValueError(f"a fault of ours at {address}, <WSGIRequest: GET '{address}'>")

    monkeypatch.setattr(connection, "cursor", away)
    monkeypatch.setattr("nightbell.actions.signed_links.read_acknowledge", away)
    client.get(address)
    client.post(address, {"x": "1"})
    monkeypatch.undo()
    # The exception itself is ours to word, and what is in it by our addresses is left out as well.
    lines = [line for line in told.getvalue().splitlines() if f"/{TOKEN}" != address or "fault of ours" not in line]
    assert "1tOkEn" not in "\n".join(lines)


def test_x07_a_fault_is_told_with_where_it_happened(
    world: World, told: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_token: str) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr("nightbell.actions.signed_links.read_acknowledge", fail)
    Client(raise_request_exception=False).get(f"/ack/{TOKEN}")
    assert "Internal Server Error: /ack/…\nTraceback" in told.getvalue()


def test_a_request_for_another_host_is_one_line(world: World, told: StringIO) -> None:
    Client().get("/", headers={"host": "elsewhere.example"})
    (line,) = (line for line in told.getvalue().splitlines() if "elsewhere.example" in line)
    assert "Invalid HTTP_HOST header" in line
    assert "Traceback" not in told.getvalue()


def test_x07_what_grants_nothing_is_told() -> None:
    uuid = "01890000-0000-7000-8000-000000000001"
    for address in ("/incidents/12/handoff", f"/v1/incidents/{uuid}/acknowledge", f"/v1/oncall/schedules/{uuid}.ics"):
        assert logs.path(address) == address
    assert logs.path("/incidents/12?note=secret") == "/incidents/12"
    assert logs.path("/accounts/password/reset/key/1-abc/") == "/accounts/password/reset/key/…/"
