"""Mail servers that take seven bits, and say so by not offering 8BITMIME."""

from email import message_from_bytes, policy

import pytest

from nightbell.channels.email.channel import EmailChannel
from nightbell.core import delivery
from nightbell.demo.mail import MailCatcher
from tests.channels.conftest import Connect
from tests.channels.pages import notice, page

TITLE = "Überlauf im 東京 \N{OWL}"
DESCRIPTION = "Erste Zeile: ÄÖÜ\n.ein Punkt am Anfang\n" + "lang und breit " * 30


def parts(raw: bytes) -> list[str]:
    mail = message_from_bytes(raw, policy=policy.default)
    return [part.get_content().replace("\r\n", "\n") for part in mail.walk() if part.get_content_maintype() == "text"]


@pytest.mark.parametrize("kept_open", [False, True])
def test_x19_eight_bits_go_only_to_a_server_that_offers_them(
    catcher: MailCatcher, connect: Connect, kept_open: bool
) -> None:
    email: EmailChannel = connect(catcher.url)
    parcel = page(title=TITLE, description=DESCRIPTION)
    assert email.send(parcel) == delivery.Accepted()
    plain = catcher.wait_for()
    assert not plain.raw.isascii()
    catcher.take_seven_bits()
    if not kept_open:
        email.close()
    else:
        catcher.hang_up()
    assert email.send(parcel) == delivery.Accepted()
    mail = catcher.wait_for()
    assert mail.raw.isascii()
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998
    assert b"\n" not in mail.raw.replace(b"\r\n", b"")
    assert parts(mail.raw) == parts(plain.raw)
    assert [each for each in mail.headers if each[0] != "Date"] == [each for each in plain.headers if each[0] != "Date"]
    assert TITLE in mail.subject


def test_x19_what_is_ascii_goes_as_it_is(catcher: MailCatcher, connect: Connect) -> None:
    catcher.take_seven_bits()
    assert connect(catcher.url).send(notice()) == delivery.Accepted()
    assert catcher.wait_for().raw.count(b"Content-Transfer-Encoding: 7bit") == 2
