"""A mail as bytes: written by Django's mail classes, as far as it is the same in every mail only once."""

import re
from email import message_from_bytes, policy
from email.header import Header
from email.utils import formatdate
from functools import lru_cache
from secrets import token_bytes
from uuid import UUID

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import RFC5322_EMAIL_LINE_LENGTH_LIMIT, SafeMIMEText

_LINE_END = "\r\n"
_CHARSET = "utf-8"
# As wide as Django's own mails.
_WIDTH = 78
# What stands in a frame for a mail's own values. Random, so that no address contains one; as long as an id, so that a
# header with an id in it is folded as it will be.
_BOUNDARY, _SUBJECT, _DATE, _ID, _THREAD = (str(UUID(bytes=token_bytes(16))) for _ in range(5))
_CUTS = re.compile(f"{_BOUNDARY}|{_SUBJECT}|{_DATE}|{_ID}|{_THREAD}")


def write(
    mail_id: UUID, thread_id: UUID | None, sender: str, domain: str, recipient: str, subject: str, text: str, html: str
) -> bytes:
    """The whole mail. `sender` and `recipient` are headers as they are; nothing about `subject` and the parts is."""
    own = {
        # Nobody outside knows the id beforehand, and so nobody can write a part of their own.
        _BOUNDARY: f"=_{mail_id.hex}",
        # Django folds a subject without counting the header's name, which puts a long one on the line after it.
        _SUBJECT: Header(subject, header_name="Subject").encode(linesep=_LINE_END, maxlinelen=_WIDTH),
        _DATE: formatdate(),
        _ID: str(mail_id),
        _THREAD: str(thread_id),
    }
    headers = "".join(own.get(each, each) for each in _frame(sender, domain, recipient, thread_id is not None))
    between = f"--{own[_BOUNDARY]}".encode()
    return b"".join(
        (
            headers.encode("ascii"),
            between,
            b"\r\n",
            _part(text, "plain"),
            b"\r\n",
            between,
            b"\r\n",
            _part(html, "html"),
            b"\r\n",
            between,
            b"--\r\n",
        )
    )


def in_seven_bits(mail: bytes) -> bytes:
    """The same mail, each part of which is encoded that has a byte above 127."""
    return message_from_bytes(mail, policy=policy.SMTP.clone(cte_type="7bit", max_line_length=None)).as_bytes()


@lru_cache(maxsize=1024)
def _frame(sender: str, domain: str, recipient: str, threaded: bool) -> tuple[str, ...]:
    """Every header and the empty line, in pieces: as they are, or one of the names above."""
    thread = f"<{_THREAD}@{domain}>"
    mail = EmailMultiAlternatives(
        subject=_SUBJECT,
        from_email=sender,
        to=[recipient],
        headers={
            "Date": _DATE,
            "Message-ID": f"<{_ID}@{domain}>",
            **({"In-Reply-To": thread, "References": thread} if threaded else {}),
            "Auto-Submitted": "auto-generated",
        },
        alternatives=[("", "text/html")],
    ).message()
    mail.set_boundary(_BOUNDARY)
    headers, _, _ = mail.as_bytes(linesep=_LINE_END).partition(b"\r\n\r\n")  # type: ignore[call-arg]  # Django's own
    headers_and_empty_line = headers.decode("ascii") + 2 * _LINE_END
    pieces: list[str] = []
    at = 0
    for cut in _CUTS.finditer(headers_and_empty_line):
        pieces += [headers_and_empty_line[at : cut.start()], cut.group()]
        at = cut.end()
    return (*pieces, headers_and_empty_line[at:])


def _part(content: str, subtype: str) -> bytes:
    """A part with its headers."""
    body = content.encode()
    if "\r" in content or any(len(line) > RFC5322_EMAIL_LINE_LENGTH_LIMIT for line in body.split(b"\n")):
        part = SafeMIMEText(content, subtype, _CHARSET)
        return part.as_bytes(linesep=_LINE_END)
    return _part_headers(subtype, content.isascii()) + body.replace(b"\n", b"\r\n")


@lru_cache
def _part_headers(subtype: str, ascii_only: bool) -> bytes:
    content = "" if ascii_only else "é"
    written = SafeMIMEText(content, subtype, _CHARSET).as_bytes(linesep=_LINE_END)
    return bytes(written).removesuffix(content.encode())
