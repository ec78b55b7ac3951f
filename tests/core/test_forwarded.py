"""X-Forwarded-For: whose address it is, and what somebody only wished to write there."""

import pytest

from nightbell.core import forwarded

PROXY = "10.0.0.5"


@pytest.mark.parametrize(
    ("peer", "header", "proxies", "client"),
    [
        # Nobody stands before us: whatever is written there is the client's own.
        ("203.0.113.9", "198.51.100.1", 0, "203.0.113.9"),
        (PROXY, "", 1, PROXY),
        (PROXY, "203.0.113.9", 1, "203.0.113.9"),
        (PROXY, "1.1.1.1, 203.0.113.9", 1, "203.0.113.9"),
        (PROXY, "1.1.1.1,2.2.2.2 , 203.0.113.9,10.0.0.4", 2, "203.0.113.9"),
        # Fewer than there are proxies: somebody came past the outer ones.
        (PROXY, "203.0.113.9", 2, "203.0.113.9"),
        (PROXY, "198.51.100.1, nonsense, 203.0.113.9", 2, "203.0.113.9"),
        (PROXY, "198.51.100.1, ", 1, PROXY),
        (PROXY, "198.51.100.1, unknown", 1, PROXY),
        (PROXY, "1.2.3", 1, PROXY),
        (PROXY, "203.0.113.9:4711", 1, "203.0.113.9"),
        (PROXY, "[2001:db8::1]:4711", 1, "2001:db8::1"),
        (PROXY, "[2001:db8::1]", 1, "2001:db8::1"),
        (PROXY, "2001:DB8:0::1", 1, "2001:db8::1"),
        (PROXY, "::ffff:203.0.113.9", 1, "203.0.113.9"),
        ("::ffff:203.0.113.9", "", 0, "203.0.113.9"),
        ("fe80::1%eth0", "", 0, "fe80::1"),
        ("", "203.0.113.9", 0, ""),
        ("", "203.0.113.9", 1, "203.0.113.9"),
    ],
)
def test_x02_the_address_is_what_our_outermost_proxy_heard(peer: str, header: str, proxies: int, client: str) -> None:
    assert forwarded.client(peer, header, proxies) == client


@pytest.mark.parametrize(
    ("configured", "peer", "https", "proxies"),
    [
        (None, "127.0.0.1", True, 1),
        (None, "::1", True, 1),
        (None, "::ffff:10.1.2.3", True, 1),
        (None, "192.168.1.9", True, 1),
        (None, "fd00::1", True, 1),
        (None, "127.0.0.1", False, 0),
        (None, "8.8.8.8", True, 0),
        (None, "", True, 0),
        (0, "127.0.0.1", True, 0),
        (3, "8.8.8.8", False, 3),
    ],
)
def test_x02_one_proxy_is_taken_for_granted_where_only_a_proxy_can_be_meant(
    configured: int | None, peer: str, https: bool, proxies: int
) -> None:
    assert forwarded.proxies(configured, peer, https=https) == proxies
