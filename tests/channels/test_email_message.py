"""What a mail looks like, and that nothing from outside changes what it is."""

import random
from email import message_from_bytes, policy

import pytest

from nightbell.channels.email.channel import EmailChannel, parse_sender
from nightbell.core import delivery, message
from nightbell.core.incident.effects import Reason
from nightbell.core.incident.state import Severity
from nightbell.demo.mail import MailCatcher, Message
from tests.channels.pages import FACTS, notice, page

PAGE_HEADERS = [
    "Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "In-Reply-To", "References",
    "Auto-Submitted",
]  # fmt: skip
NOTICE_HEADERS = [name for name in PAGE_HEADERS if name not in ("In-Reply-To", "References")]


def sent(email: EmailChannel, catcher: MailCatcher, parcel: delivery.Page | delivery.Notice) -> Message:
    assert email.send(parcel) == delivery.Accepted()
    return catcher.wait_for()


def names(raw: bytes) -> list[str]:
    """The header names as an old and a new parser see them; they must agree."""
    modern = message_from_bytes(raw, policy=policy.default).keys()
    assert message_from_bytes(raw).keys() == modern
    return modern


def test_a_page_has_exactly_these_headers(catcher: MailCatcher, email: EmailChannel) -> None:
    parcel = page()
    mail = sent(email, catcher, parcel)
    assert names(mail.raw) == PAGE_HEADERS
    headers = dict(mail.headers)
    assert headers["Subject"] == "[#42] CRITICAL DB pool exhausted"
    assert headers["From"] == "Nightbell <pager@example.com>"
    assert headers["To"] == "bo@example.com"
    assert headers["Message-ID"] == f"<{parcel.id}@example.com>"
    assert headers["In-Reply-To"] == headers["References"] == f"<{FACTS.incident_id}@example.com>"
    assert headers["Auto-Submitted"] == "auto-generated"


def test_a_notice_has_exactly_these_headers(catcher: MailCatcher, email: EmailChannel) -> None:
    mail = sent(email, catcher, notice(subject="Cy took\n#42", body="You have\nnothing <b>to do</b>."))
    assert names(mail.raw) == NOTICE_HEADERS
    assert mail.subject == "Cy took #42"
    assert mail.text.strip() == "You have\nnothing <b>to do</b>."
    assert "You have\nnothing &lt;b&gt;to do&lt;/b&gt;." in mail.html


def test_pages_of_one_incident_thread_and_those_of_another_do_not(catcher: MailCatcher, email: EmailChannel) -> None:
    first, second = sent(email, catcher, page()), sent(email, catcher, page(round=2))
    other = sent(email, catcher, page(incident_id=page().id))
    assert first.parsed["References"] == second.parsed["References"] != other.parsed["References"]
    assert first.subject == second.subject
    assert first.id != second.id


def test_the_page_is_the_same_on_every_attempt(catcher: MailCatcher, email: EmailChannel) -> None:
    parcel = page()
    first, second = sent(email, catcher, parcel), sent(email, catcher, parcel)
    assert first.id == second.id
    assert first.text == second.text
    assert first.html == second.html


@pytest.mark.parametrize("part", ["text", "html"])
def test_both_parts_tell_the_whole_story(catcher: MailCatcher, email: EmailChannel, part: str) -> None:
    mail = sent(email, catcher, page(late_seconds=45 * 60))
    shown = getattr(mail, part)
    for words in (
        "CRITICAL",
        "#42",
        "Acme",
        "DB pool exhausted",
        "Open since Mon 23 Nov 2026, 02:14 (Europe/Berlin)",
        "You are paged.",
        "This page is 45 min late.",
        "Layer 2 of 3 of Payments: nobody answered in time.",
        "Cy Ito is paged at 02:19 (Europe/Berlin) unless someone acknowledges.",
        "Owner: Ana Ruiz",
        "investigating",
        "All 40 connections are taken.",
        "Acknowledge",
        FACTS.acknowledge_url,
        "View incident",
        FACTS.view_url,
    ):
        assert words in shown


def test_a_handoff_leads_with_who_and_why_and_says_nothing_twice(catcher: MailCatcher, email: EmailChannel) -> None:
    mail = sent(
        email, catcher, page(reason=Reason.HANDOFF, cause=None, handed_off_by="Ana Ruiz", note="watch\nthe <pool>")
    )
    lead = (
        "Ana Ruiz handed this incident to you: “watch the <pool>”. Answer by 02:19 (Europe/Berlin) or Cy Ito is paged."
    )
    assert mail.text.count(lead) == 1
    assert mail.text.count("Cy Ito") == mail.text.count("handed") == 1
    assert "“watch the &lt;pool&gt;”" in mail.html


@pytest.mark.parametrize("severity", list(Severity))
def test_every_severity_is_a_word_and_a_colour(catcher: MailCatcher, email: EmailChannel, severity: Severity) -> None:
    mail = sent(email, catcher, page(severity=severity))
    assert f'color:#ffffff;font-weight:700;letter-spacing:.04em">{severity.upper()}</span>' in mail.html


def test_the_links_can_be_pressed(catcher: MailCatcher, email: EmailChannel) -> None:
    mail = sent(email, catcher, page())
    assert mail.links == [mail.acknowledge_url, mail.view_url] == [FACTS.acknowledge_url, FACTS.view_url]
    assert mail.html.count("<a ") == 2


def test_a_description_cannot_pass_for_the_page_itself(catcher: MailCatcher, email: EmailChannel) -> None:
    fake = "Acknowledge:\nhttps://evil.example/a\n<a href='https://evil.example'>Acknowledge</a>"
    mail = sent(email, catcher, page(description=fake, title="Acknowledge:\nhttps://evil.example/t"))
    assert mail.acknowledge_url == FACTS.acknowledge_url
    assert "\n> Acknowledge:\n> https://evil.example/a\n" in mail.text
    assert mail.html.count("<a ") == 2


def test_a_page_without_a_description_has_no_empty_quote(catcher: MailCatcher, email: EmailChannel) -> None:
    mail = sent(email, catcher, page(description=None))
    assert ">" not in mail.text
    assert '<div class="quote' not in mail.html


@pytest.mark.parametrize("length", [998, 999, 2000, 10_000])
def test_a_line_too_long_for_the_wire_arrives(catcher: MailCatcher, email: EmailChannel, length: int) -> None:
    line = "ü" * length
    mail = sent(email, catcher, page(description=line))
    assert message.clean(line, 2000) in mail.text
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998


def test_a_dot_on_its_own_line_does_not_end_the_mail(catcher: MailCatcher, email: EmailChannel) -> None:
    mail = sent(email, catcher, notice(body="before\n.\n..\nafter"))
    assert mail.text.strip() == "before\n.\n..\nafter"


INJECTIONS = [
    "x\r\nBcc: eve@example.com",
    "x\nSubject: other\n\nbody",
    "x\rX-Evil: 1",
    "=?UTF-8?Q?=0ABcc:eve@example.com?=",
    "=?utf-8?b?CkJjYzogZXZlQGV4YW1wbGUuY29t?=",
    "ü =?UTF-8?Q?=0D=0ABcc:eve@example.com?= ü",
    "=\x00?UTF-8?Q?=0ABcc:eve@example.com?=",
    "=?a b?q?=0A?=",
    "\u202eevil\u2066\u2069",
    "\x00\x01\x1b[31m\x7f\x85",
    "\u2028Bcc: eve@example.com\u2029",
    "<script>alert(1)</script>",
    "{{ acknowledge_url }}{% load x %}",
    "\ud800\udfff",
    "%0aBcc:eve@example.com",
    ".",
    "",
    "--=_boundary",
    "🔥" * 100,
    "a" * 100,
]


def hostile_titles(count: int) -> list[str]:
    """Every injection as it is, then mixtures of them with noise."""
    chance = random.Random(42)
    alphabet = [
        *INJECTIONS,
        *map(chr, range(0x20, 0x7F)),
        *"\r\n\t\0 \u200b\u202e\u2067\u0301üß漢🔥",
        "\r\n ",
        "=?",
        "?=",
    ]
    mixtures = [
        "".join(chance.choices(alphabet, k=chance.randint(1, 12)))[:100] for _ in range(count - len(INJECTIONS))
    ]
    return INJECTIONS + mixtures


def test_e07_a_hostile_text_is_cleaned_and_still_sent(catcher: MailCatcher, email: EmailChannel) -> None:
    titles = hostile_titles(200)
    assert len(titles) == 200
    for title in titles:
        parcel = page(
            title=title,
            description=title,
            note=title,
            organization=title,
            owner=title,
            recipient=title,
            policy_name=title,
            timezone=title,
            handed_off_by=title,
            reason=Reason.HANDOFF,
        )
        mail = sent(email, catcher, parcel)
        assert names(mail.raw) == PAGE_HEADERS
        assert mail.to == "bo@example.com"
        assert mail.recipient == "bo@example.com"
        assert mail.subject.startswith("[#42] CRITICAL ")
        assert len(mail.subject.splitlines()) == 1
        assert not set(mail.subject + mail.text) & set("\0\x1b\x7f\u202e\u2066\u2067\u2069\u2028")
        assert "<script" not in mail.html
        assert mail.links[:2] == [FACTS.acknowledge_url, FACTS.view_url]
        assert email.send(notice(subject=title, body=title)) == delivery.Accepted()
        assert names(catcher.wait_for().raw) == NOTICE_HEADERS
    assert catcher.connections == 1


@pytest.mark.parametrize(
    "title", ["ü" * 100, "Datenbank überlastet " * 4, "a" * 100, "漢" * 100, "long words " * 9 + "x"]
)
def test_a_long_subject_arrives_as_it_is(catcher: MailCatcher, email: EmailChannel, title: str) -> None:
    mail = sent(email, catcher, page(title=title))
    assert mail.subject == f"[#42] CRITICAL {title.strip()}"
    lines = mail.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(map(len, lines)) <= (78 if set(title) != {"a"} else 130)


def test_e07_what_looks_like_an_encoded_word_reads_as_it_was_written(catcher: MailCatcher, email: EmailChannel) -> None:
    mail = sent(email, catcher, page(title="=?UTF-8?Q?=0ABcc:x@y?="))
    assert mail.subject == "[#42] CRITICAL = ?UTF-8?Q?=0ABcc:x@y?="


@pytest.mark.parametrize(
    ("mail_from", "header", "address", "domain"),
    [
        ("pager@example.com", "pager@example.com", "pager@example.com", "example.com"),
        ("Nightbell <pager@example.com>", "Nightbell <pager@example.com>", "pager@example.com", "example.com"),
        ("Nightbell <nightbell@localhost>", "Nightbell <nightbell@localhost>", "nightbell@localhost", "localhost"),
        ('"Pager, night" <p@example.com>', '"Pager, night" <p@example.com>', "p@example.com", "example.com"),
        (
            "Nächt <p@bücher.example>",
            "=?utf-8?b?TsOkY2h0?= <p@xn--bcher-kva.example>",
            "p@xn--bcher-kva.example",
            "xn--bcher-kva.example",
        ),
    ],
)
def test_the_sender_is_read(mail_from: str, header: str, address: str, domain: str) -> None:
    sender = parse_sender(mail_from)
    assert (sender.header, sender.address, sender.domain) == (header, address, domain)


def test_a_sender_with_a_long_foreign_name_can_send(catcher: MailCatcher) -> None:
    name = "漢字の夜の鐘 " * 12
    email = EmailChannel(catcher.url, f"{name}<pager@example.com>")
    mail = sent(email, catcher, page())
    email.close()
    assert names(mail.raw) == PAGE_HEADERS
    shown = str(mail.parsed["From"]).replace(" ", "")
    assert shown == name.replace(" ", "") + "<pager@example.com>"


@pytest.mark.parametrize("mail_from", ["", "pager", "a@b, c@d", "x@y\nBcc: e@f", "Nightbell", "@", "x\r\n <a@b>"])
def test_a_sender_that_is_no_address_is_refused(mail_from: str) -> None:
    with pytest.raises(ValueError, match="must be a mail address"):
        parse_sender(mail_from)
