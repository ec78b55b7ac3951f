"""Pages and notices as mail: the only place that says what a mail looks like."""

import html
import re
from dataclasses import dataclass
from datetime import timedelta
from email.utils import getaddresses
from functools import lru_cache
from pathlib import Path
from typing import assert_never, final
from uuid import UUID

from django.core.mail.message import sanitize_address
from django.template import Context, Engine, Node, Variable
from django.template.base import FilterExpression, TextNode, VariableNode
from django.utils.encoding import punycode

from nightbell.channels.base import Channel, Hold, Parcel
from nightbell.channels.email import mime
from nightbell.channels.email.smtp import LIMITS, Conversation, Limits, parse_url
from nightbell.core import delivery, message
from nightbell.core.incident import effects, state

# Word and colour; each colour carries white text at 4.5:1 and more.
COLOURS = {
    state.Severity.CRITICAL: "#b42318",
    state.Severity.HIGH: "#b54708",
    state.Severity.MEDIUM: "#8a6100",
    state.Severity.LOW: "#175cd3",
}
DESCRIPTION_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom mail comes from: the From header, the envelope's address, and the domain of every Message-ID."""

    header: str
    address: str
    domain: str


def parse_sender(mail_from: str) -> Sender:
    """The sender that `Nightbell <pager@example.com>` or a bare address names; raises ValueError for anything else."""
    pairs = getaddresses([mail_from]) if mail_from.isprintable() else []
    address = mailbox(pairs[0][1]) if len(pairs) == 1 else None
    if address is None:
        raise ValueError("must be a mail address, like Nightbell <pager@example.com>")
    # A long name is folded over lines, which a header given as text must not have.
    header = sanitize_address((pairs[0][0], address), "utf-8").replace("\n", "")
    return Sender(header, address, address.rpartition("@")[2])


@final
class EmailChannel(Channel):
    """Mail over SMTP, to the account's address."""

    name = "email"
    backoff = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 120, 300, 600))

    def __init__(self, smtp_url: str | None, mail_from: str, limits: Limits = LIMITS) -> None:
        """Raises ValueError where the address of the server or the sender cannot be read."""
        self._sender = parse_sender(mail_from)
        self._conversation = Conversation(parse_url(smtp_url), limits) if smtp_url else None

    def _send(self, parcel: Parcel, hold: Hold) -> delivery.Outcome:
        if self._conversation is None:
            return delivery.Unavailable("no SMTP server is configured (NIGHTBELL_SMTP_URL)")
        recipient = mailbox(parcel.address)
        if recipient is None:
            return delivery.Refused(f"not a mail address: {message.clean(parcel.address, 100)}")
        content = compose(parcel, recipient, self._sender)
        return self._conversation.hand_over(self._sender.address, recipient, content, hold)

    def close(self) -> None:
        """End the conversation with the server."""
        if self._conversation is not None:
            self._conversation.close()


# A dot-atom and a host name, as RFC 5322 has them. Quoted local parts and address literals are legal and nobody's.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAILBOX = re.compile(rf"(?!=\?){_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9_-]{{1,63}}(?:\.[A-Za-z0-9_-]{{1,63}})*")


def mailbox(address: str) -> str | None:
    """The address as it is written on an envelope, or None where it is not one plain mail address."""
    local, _, domain = address.rpartition("@")
    try:
        on_the_wire = f"{local}@{punycode(domain)}"
    except ValueError:
        return None
    return on_the_wire if len(on_the_wire) <= 254 and _MAILBOX.fullmatch(on_the_wire) else None


def compose(parcel: Parcel, recipient: str, sender: Sender) -> bytes:
    """The whole message: the same headers every time, a text and an HTML part."""
    match parcel:
        case delivery.Page():
            subject = message.subject(parcel.facts)
            thread_id: UUID | None = parcel.facts.incident_id
            name, context = "page", _page_context(parcel.facts)
        case delivery.Notice():
            subject = message.clean(parcel.subject, 200) or "Nightbell"
            thread_id = None
            name, context = "notice", {"subject": subject, "body": message.clean(parcel.body, 10_000, lines=True)}
        case delivery.Copy():
            raise TypeError("a mail cannot be brought up to date")
        case _:
            assert_never(parcel)
    parts = _render(f"{name}.txt", context), _render(f"{name}.html", context)
    return mime.write(parcel.id, thread_id, sender.header, sender.domain, recipient, subject, *parts)


def _page_context(facts: message.Facts) -> dict[str, object]:
    """What the templates show: text only, every bit of it clean."""
    description = message.clean(facts.description or "", DESCRIPTION_LENGTH, lines=True)
    return {
        "number": str(facts.number),
        "severity": facts.severity.upper(),
        "colour": COLOURS[facts.severity],
        "title": message.title(facts),
        "organization": message.clean(facts.organization, 100),
        "recipient": message.clean(facts.recipient, 100),
        "owner": message.clean(facts.owner, 100),
        "status": facts.status.value,
        "lead": message.lead(facts),
        "since": message.since(facts),
        "more": _more(facts),
        "description": description,
        "description_lines": description.splitlines(),
        "acknowledge_url": facts.acknowledge_url,
        "view_url": facts.view_url,
    }


def _more(facts: message.Facts) -> list[str]:
    """What follows the lead, a sentence a line; the lead of a handoff has said already who, why and who is next."""
    told = facts.reason is effects.Reason.HANDOFF
    lines = [message.late(facts), *(() if told else (message.why(facts), message.next_step(facts)))]
    return [line for line in lines if line]


# Its own engine: a mail needs no request, no context processor and no other application's templates.
_ENGINE = Engine(dirs=[str(Path(__file__).parent / "templates")])


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a template shows a value of this name."""

    name: str


@lru_cache
def _pieces(name: str) -> tuple[str | _Value | Node, ...]:
    """A template, taken apart once: most of its values are just shown, and need no look through a context."""
    return tuple(_piece(node) for node in _ENGINE.get_template(name).nodelist)


def _piece(node: Node) -> str | _Value | Node:
    match node:
        case TextNode(s=text):
            return text
        case VariableNode(filter_expression=FilterExpression(filters=[], var=Variable(lookups=(name,)))):
            return _Value(name)
        case _:
            return node


def _render(name: str, context: dict[str, object]) -> str:
    """Each value escaped in HTML, as Django does it."""
    is_html = name.endswith(".html")
    whole = Context(context, autoescape=is_html, use_l10n=False, use_tz=False)
    written: list[str] = []
    for piece in _pieces(name):
        match piece:
            case str():
                written.append(piece)
            case _Value(key):
                value = str(context[key])
                written.append(html.escape(value) if is_html else value)
            case _:
                written.append(piece.render(whole))
    return "".join(written)
