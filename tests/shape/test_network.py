"""Rule 3: the network is reached from a few rooms only, none of which holds a transaction."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from django.db import transaction

from nightbell.channels.email import smtp
from nightbell.channels.limit import Limit
from nightbell.channels.slack import client
from nightbell.channels.slack.buckets import Buckets
from tests.shape import source

NETWORK = ("aiosmtpd", "ftplib", "http.client", "requests", "smtplib", "socket", "ssl", "urllib.request", "urllib3")
# Channels refuse an open transaction, see below; the others never open one around a call.
ALLOWED = {"channels", "cli", "demo", "postgres"}


def stays_off_the_network(file: source.Source) -> Iterator[str]:
    if not file.room or file.room in ALLOWED:
        return
    for line, name in file.imports():
        if any(name == module or name.startswith(f"{module}.") for module in NETWORK):
            yield file.at(line, f"imports {name}; the ways out are channels/")


def test_only_the_ways_out_reach_the_network() -> None:
    source.check(stays_off_the_network, source.product())


@pytest.mark.parametrize(
    "text", ["import requests", "from smtplib import SMTP", "import urllib.request", "import http.client"]
)
@pytest.mark.parametrize("room", ["actions", "web", "data"])
def test_a_call_from_another_room_is_caught(room: str, text: str) -> None:
    assert source.broken(stays_off_the_network, [source.planted(f"{source.PACKAGE}/{room}/x.py", text)])


def test_a_channel_may_call() -> None:
    assert (
        source.broken(stays_off_the_network, [source.planted(f"{source.PACKAGE}/channels/email.py", "import smtplib")])
        == []
    )


# Where a channel begins a call: what is under it is reached through it alone.
DOORS = {
    "channels/slack/client.py": ("_call", "respond"),
    "channels/email/smtp.py": ("connect",),
    "channels/base.py": ("send",),
}


def test_every_way_out_refuses_an_open_transaction() -> None:
    """Each function that begins a call asks first, before anything else it does."""
    asked = {}
    for file in source.product():
        if file.inside in DOORS:
            for node in file.nodes:
                if isinstance(node, ast.FunctionDef) and node.name in DOORS[file.inside]:
                    body = [each for each in node.body if id(getattr(each, "value", None)) not in file.documentation]
                    asked[file.inside, node.name] = ast.unparse(body[0])
    assert asked.keys() == {(path, name) for path, names in DOORS.items() for name in names}
    assert all(said.startswith("outside_transaction(") for said in asked.values()), asked


@pytest.mark.django_db
def test_in_a_transaction_nobody_outside_is_called() -> None:
    for call in (
        lambda: client.respond("https://hooks.slack.com/x", "no"),
        lambda: client.Client("https://slack.com/api/", Buckets(), "T1", "xoxb").call("auth.test"),
        lambda: smtp.connect(smtp.SmtpServer("localhost", 1, smtp.Security.TLS), Limit(1)),
    ):
        with transaction.atomic(), pytest.raises(RuntimeError, match="while a database transaction is open"):
            call()
