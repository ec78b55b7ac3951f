"""Who a request is from, behind proxies: the only place that reads X-Forwarded-For."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address

# `192.0.2.1:4711` and `[2001:db8::1]:4711`: some proxies write the port as well.
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](:\d+)?|(?P<four>[\d.]+):\d+")


def client(peer: str, forwarded: str, proxies: int) -> str:
    """The address a request came from, where `proxies` of ours stand before us.

    Each proxy writes whom it heard behind what it was told, so that the last `proxies` entries are ours and all before
    them are whatever somebody wished to write. `peer` is who speaks to us; an entry that is no address counts as never
    written, and so do all before it.
    """
    heard = [peer]
    for entry in reversed(forwarded.split(",")):
        address = _address(entry)
        if address is None or len(heard) > proxies:
            break
        heard.append(str(address))
    found = _address(heard[-1])
    return str(found) if found else heard[-1]


def proxies(configured: int | None, peer: str, *, https: bool) -> int:
    """How many proxies stand before us: as configured, or one where only a proxy can be what speaks to us.

    We speak no TLS ourselves: where the public address is https (`https`), a peer on this machine or of a private
    network is the one that does.
    """
    if configured is not None:
        return configured
    address = _address(peer)
    return 1 if https and address is not None and (address.is_private or address.is_loopback) else 0


def _address(text: str) -> Address | None:
    """None where it is none; one of version 4 written as version 6 is of version 4."""
    text = text.strip()
    if with_port := _WITH_PORT.fullmatch(text):
        text = with_port["six"] or with_port["four"] or ""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
