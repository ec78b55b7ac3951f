"""The address of a mail server."""

import pytest

from nightbell.channels.email.channel import EmailChannel
from nightbell.channels.email.smtp import Security, SmtpServer, parse_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 25, Security.PLAIN)),
        ("smtp://127.0.0.1:2525/", SmtpServer("127.0.0.1", 2525, Security.PLAIN)),
        ("smtp://[::1]:2525", SmtpServer("::1", 2525, Security.PLAIN)),
        ("smtp+starttls://u:p@mail.example.com", SmtpServer("mail.example.com", 587, Security.STARTTLS, "u", "p")),
        ("SMTPS://u%40x:p%3A%2F@Mail.Example.com", SmtpServer("mail.example.com", 465, Security.TLS, "u@x", "p:/")),
    ],
)
def test_an_address_names_a_server(url: str, server: SmtpServer) -> None:
    assert parse_url(url) == server


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must start with"),
        ("mail.example.com:25", "must start with"),
        ("https://mail.example.com", "must start with"),
        ("smtp://", "must name a server"),
        ("smtp://:25", "must name a server"),
        ("smtp://mail.example.com:0", "must name a server"),
        ("smtp://mail.example.com:99999", "cannot be read"),
        ("smtp://mail.example.com:s3cret", "cannot be read"),
        ("smtp://[::1", "cannot be read"),
        ("smtp://user:s3cret/x@mail.example.com", "cannot be read|end after the port"),
        ("smtp://user:s3cret#x@mail.example.com", "cannot be read|end after the port"),
        ("smtp://mail.example.com?starttls=1", "must end after the port"),
        ("smtp://mail.example.com/inbox", "must end after the port"),
        ("smtp://user@mail.example.com", "both a user name and a password"),
        ("smtp://:s3cret@mail.example.com", "both a user name and a password"),
        ("smtp://user:s3cr%C3%A9t@mail.example.com", "ASCII"),
        ("smtp://mail.example.com\n", "printable"),
        ("smtp://mäil.example.com", "printable"),
        ("smtp://us er:x@mail.example.com", "printable"),
    ],
)
def test_a_wrong_address_is_explained_and_never_repeated(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as raised:
        parse_url(url)
    assert "s3cr" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(parse_url("smtp://user:s3cret@mail.example.com"))


def test_a_channel_refuses_a_wrong_address() -> None:
    with pytest.raises(ValueError, match="must start with"):
        EmailChannel("mail.example.com", "Nightbell <pager@example.com>")
