"""What `nightbell check` says of the mail server: a page's conversation up to RCPT, and what to do where that fails."""

import re

from django.core.mail.utils import DNS_NAME

from nightbell.channels.email import smtp
from nightbell.channels.email.channel import mailbox, parse_sender

# What to do about a fault, by what the server or the system says of it; the first that fits. Block lists are before
# logins, because their answers link to pages that speak of everything.
_REMEDIES = tuple(
    (re.compile(pattern, re.IGNORECASE), remedy)
    for pattern, remedy in (
        (
            r"helo\b|ehlo\b|fully.qualified",
            "this machine calls itself {name}: give it a full host name that resolves, such as pager.example.com",
        ),
        (
            r"must issue a starttls|encryption (is )?(required|needed)|5\.7\.10\b",
            "the server wants TLS: write smtp+starttls:// in NIGHTBELL_SMTP_URL",
        ),
        (
            r"starttls extension not supported",
            "the server offers no STARTTLS on that port: try another port, or smtps://",
        ),
        (
            r"wrong.version.number|record layer failure",
            "nothing speaks TLS on that port: try smtp+starttls:// (port 587), or another port",
        ),
        (
            r"certificate",
            "the certificate must be valid for the host in NIGHTBELL_SMTP_URL; SSL_CERT_FILE names a private authority",
        ),
        (
            r"relay",
            "the server passes on no mail from here: log in (user:password@ in NIGHTBELL_SMTP_URL), or have it relay",
        ),
        (
            r"block.?list|black.?list|\bblocked\b|spamhaus|\brbl\b|reputation",
            "the server takes no mail from this machine's address: send through a relay that knows it",
        ),
        (r"^535\b|5\.7\.8\b", "user and password in NIGHTBELL_SMTP_URL are not taken: write what is special as %XX"),
        (
            r"^530\b|authenticat|auth extension|5\.7\.0\b",
            "the server wants a login, or another: see user:password@ in NIGHTBELL_SMTP_URL",
        ),
        (
            r"sender|5\.1\.[78]\b",
            "the server does not take the sender: set NIGHTBELL_MAIL_FROM to an address it knows as yours",
        ),
        (
            r"no answer within|timed out|refused$|unreachable|not known|resolution",
            "nothing answers there: look at host, port and firewall",
        ),
    )
)
_SENDER_REFUSED = _REMEDIES[-2][1]


def of(mail_from: str, smtp_url: str, admin: str | None) -> tuple[bool, str]:
    """Whether the server would take a page, and a sentence in its own words. Bounded in time; no mail is sent.

    The recipient is the first admin, who must be reached; before there is one it is the sender's own address, which
    should take what comes back.
    """
    server = smtp.parse_url(smtp_url)
    sender = parse_sender(mail_from).address
    recipient = (admin and mailbox(admin)) or sender
    found = smtp.Conversation(server, smtp.LIMITS).rehearse(sender, recipient)
    if not found.fault:
        return True, f"{server.place} takes mail to {recipient}" + (" for this login" if server.username else "")
    to = f" (the answer to {found.command})" if found.command else ""
    return False, f"{found.fault}{to}: {_remedy(found, recipient)}"


def _remedy(found: smtp.Rehearsal, recipient: str) -> str:
    if found.of_recipient:
        return f"{recipient} takes no mail; who has this address cannot be paged by it"
    # What follows the server's own name, which may be anything.
    words = found.fault.partition(": ")[2]
    for pattern, remedy in _REMEDIES:
        if pattern.search(words):
            return remedy.format(name=DNS_NAME.get_fqdn())
    if found.command.startswith("MAIL"):
        return _SENDER_REFUSED
    return "pages wait until the server says otherwise"
