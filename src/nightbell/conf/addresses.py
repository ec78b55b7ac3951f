"""Public addresses and host names: the only place that brings them into the one form in which a browser sends them."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import idna

_USUAL_PORTS = {"http": 80, "https": 443}
# What a request may name; anything else is refused before it is looked at.
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def origin(text: str) -> str:
    """`https://pager.example.com`: scheme, host, and a port that is not the usual one. Raises ValueError."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"must be an address like https://pager.example.com ({error})") from None
    if parts.scheme not in _USUAL_PORTS or not parts.hostname:
        raise ValueError("must be an address like https://pager.example.com")
    if _has_more(parts) or text != text.strip():
        raise ValueError("must be a scheme, a host and a port alone, like https://pager.example.com")
    shown = "" if port in (None, _USUAL_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host(f'[{parts.hostname}]' if ':' in parts.hostname else parts.hostname)}{shown}"


def host(text: str) -> str:
    """A host name in ASCII, or an address; one of version 6 in brackets. Raises ValueError."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in bare and "%" not in bare:  # a zone means something on one machine only
        try:
            return f"[{ipaddress.IPv6Address(bare).compressed}]"
        except ValueError:
            raise ValueError(f"{text!r} is not a host name") from None
    try:
        # As browsers do it: capitals, width and composition do not count, and ß is a letter of its own.
        name = idna.encode(bare, uts46=True).decode() if not bare.isascii() else bare.lower()
    except idna.IDNAError as error:
        raise ValueError(f"{text!r} is not a host name: {error}") from None
    name = name.removesuffix(".")
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"{text!r} is not a host name")
    return name


def pattern(text: str) -> str:
    """A host name, or all below one (`.example.com`), or all there are (`*`). Raises ValueError."""
    if text == "*":
        return text
    return f".{host(text[1:])}" if text.startswith(".") else host(text)


def _has_more(parts: SplitResult) -> bool:
    return bool(parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
