"""What mail says of itself."""

from nightbell.channels.base import Channel
from nightbell.channels.declaration import Ability, Address, Brought, Configured, Declaration
from nightbell.channels.email import rehearsal
from nightbell.channels.email.channel import EmailChannel, mailbox
from nightbell.channels.email.settings import MailSettings


def _offered(_configured: Configured) -> bool:
    """Always: without a server pages wait, because nobody must be without any way at all."""
    return True


def _check(configured: Configured, admin: str | None) -> tuple[bool, str]:
    given = configured.of(MailSettings)
    if given.smtp_url is None:
        return False, "NIGHTBELL_SMTP_URL is not set: nobody can be paged by mail"
    return rehearsal.of(given.mail_from, given.smtp_url, admin)


def _make(configured: Configured) -> Channel:
    given = configured.of(MailSettings)
    return EmailChannel(given.smtp_url, given.mail_from)


def _canonical(typed: str) -> str | None:
    """As it was typed: how a server reads what stands before the @ is its own affair."""
    return typed if mailbox(typed) else None


def _masked(address: str) -> str:
    """`a…@example.com`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


DECLARATION: Declaration = Declaration(
    name=EmailChannel.name,
    title="mail",
    part=MailSettings,
    abilities=frozenset({Ability.PAGE}),
    brought=Brought.ACCOUNT,
    address=Address("a mail address", _canonical, _masked),
    offered=_offered,
    check=_check,
    make=_make,
)
