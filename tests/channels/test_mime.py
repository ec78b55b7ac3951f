"""Our mails are Django's mails, byte for byte."""

from email.header import Header
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from hypothesis import given
from hypothesis import strategies as st

from nightbell.channels.email import channel as email
from nightbell.channels.email import mime
from tests.channels.pages import page

DOMAINS = st.sampled_from(["a.example", "example.com", "a-rather-long-name-of-a-host." * 7 + "example"])
SENDERS = st.sampled_from(
    ["pager@example.com", "Nightbell <pager@example.com>", "=?utf-8?q?J=C3=BCrgen?= <a@b.example>"]
)
RECIPIENTS = st.sampled_from(["bo@example.com", "100%d{x}@example.com", f"{'b' * 64}@{'c' * 63}.example"])
# What `clean` leaves of a subject is one line; a part may be anything.
SUBJECTS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=300)
PARTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.just("x" * 1000)).map(
    lambda lines: "\n".join(["Hello.", *lines])
)


def django_mail(
    mail_id: UUID, thread_id: UUID | None, sender: str, domain: str, recipient: str, subject: str, text: str, html: str
) -> bytes:
    thread = f"<{thread_id}@{domain}>"
    threading = {"In-Reply-To": thread, "References": thread} if thread_id else {}
    mail = EmailMultiAlternatives(
        body=text,
        from_email=sender,
        to=[recipient],
        headers={"Message-ID": f"<{mail_id}@{domain}>", **threading, "Auto-Submitted": "auto-generated"},
        alternatives=[(html, "text/html")],
    ).message()
    mail.replace_header("Subject", Header(subject, header_name="Subject"))
    mail.set_boundary(f"=_{mail_id.hex}")
    return mail.as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own


def without_date(mail: bytes) -> list[bytes]:
    return [line for line in mail.split(b"\r\n") if not line.startswith(b"Date: ")]


@given(st.booleans(), SENDERS, DOMAINS, RECIPIENTS, SUBJECTS, PARTS, PARTS)
def test_a_mail_is_what_django_makes_of_it(
    threaded: bool, sender: str, domain: str, recipient: str, subject: str, text: str, html: str
) -> None:
    thread_id = uuid4() if threaded else None
    values = (uuid4(), thread_id, sender, domain, recipient, subject, text, html)
    ours, theirs = mime.write(*values), django_mail(*values)
    assert without_date(ours) == without_date(theirs)
    assert ours.count(b"\r\nDate: ") == 1


@pytest.mark.parametrize("description", [None, "a <b>\n\n'c' & \"d\" {{ e }} {% f %}"])
@pytest.mark.parametrize("name", ["page.txt", "page.html"])
def test_a_part_is_what_django_renders(name: str, description: str | None) -> None:
    shown = email._page_context(page(title="<b>'\"&{{ x }}", description=description).facts)
    template = Engine(dirs=[str(Path(email.__file__).parent / "templates")]).get_template(name)
    context = Context(shown, autoescape=name.endswith(".html"), use_l10n=False, use_tz=False)
    assert email._render(name, shown) == template.render(context)
