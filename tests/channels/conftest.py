"""A mail server to send to, and channels that are closed again."""

import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nightbell.channels.email.channel import EmailChannel
from nightbell.channels.email.smtp import LIMITS
from nightbell.demo.mail import MailCatcher

Connect = Callable[..., EmailChannel]


@pytest.fixture
def catcher() -> Iterator[MailCatcher]:
    """A mail server. What arrives and is not waited for fails the test."""
    with MailCatcher() as server:
        yield server
        server.assert_no_more()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Make a channel to a server; closed when the test is over."""
    opened: list[EmailChannel] = []

    def make(url: str | None, **limits: float) -> EmailChannel:
        channel = EmailChannel(url, "Nightbell <pager@example.com>", replace(LIMITS, **limits))
        opened.append(channel)
        return channel

    yield make
    for channel in opened:
        channel.close()


@pytest.fixture
def email(catcher: MailCatcher, connect: Connect) -> EmailChannel:
    """The channel to the catcher."""
    return connect(catcher.url)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `localhost` that nobody trusts, and the server's side of it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-nodes", "-days", "2"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return certificate, context
