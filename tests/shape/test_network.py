"""Rule 3: the network is reached from a few rooms only, none of which holds a transaction."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.shape import source

NETWORK = ("aiosmtpd", "ftplib", "http.client", "requests", "smtplib", "socket", "ssl", "urllib.request", "urllib3")
# Channels refuse an open transaction by themselves; the others never open one around a call.
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
