"""What the account library asks of us: who may sign up and how often try, where links lead, how its mail leaves."""

import logging
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from nightbell.accounts import devices
from nightbell.channels import email as mail
from nightbell.channels import smtp
from nightbell.core import delivery, forwarded
from nightbell.data.models import Account

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made from the command line; nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- the library's signature
        """Closed."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose attempts are counted: not the proxy's, which everybody comes through."""
        peer = request.META.get("REMOTE_ADDR", "")
        own = settings.NIGHTBELL
        proxies = forwarded.proxies(own.trusted_proxies, peer, https=own.https)
        return forwarded.client(peer, request.headers.get("X-Forwarded-For", ""), proxies)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt. Nobody elsewhere can use up those of a device that signed in before."""
        device = devices.known(request, credentials.get("email", ""))
        if device is None:
            super().pre_authenticate(request, **credentials)
        elif not ratelimit.consume(request, action="login_on_known_device", key=device):
            raise self.validation_error("too_many_login_attempts")

    def post_login(self, request: HttpRequest, user: Account, **kwargs: Any) -> HttpResponse:
        """Know this device from now on; what was tried on it before counts no longer."""
        if device := devices.known(request, user.email):
            ratelimit.clear(request, action="login_on_known_device", key=device)
        answer: HttpResponse = super().post_login(request, user, **kwargs)
        devices.mark(request, answer, user)
        return answer

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002
        # The library's has the host name in it, which whoever asks may choose.
        return str(credentials.get("email", "")).lower()

    def format_email_subject(self, subject: str) -> str:
        """As the template has it, with no site's name before it."""
        return subject

    def get_reset_password_from_key_url(self, key: str) -> str:
        """By the configured address, never by the Host header of whoever asked for the mail."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return str(settings.NIGHTBELL.url) + path.replace("UID-KEY", quote(key))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Hand it to the installation's mail server. That it did not leave is logged, and not told to whoever asked."""
        message = self.render_mail(template_prefix, email, {"email": email, **context})
        outcome = _hand_over(message)
        if not isinstance(outcome, delivery.Accepted):
            log.error("Mail about an account did not leave: %s", outcome.error)


def _hand_over(message: EmailMessage) -> delivery.Outcome:
    url = settings.NIGHTBELL.smtp_url
    recipient = mail.mailbox(message.to[0])
    if url is None or recipient is None:
        return delivery.Unavailable("no SMTP server is configured (NIGHTBELL_SMTP_URL)")
    # Somebody waits for the page.
    conversation = smtp.Conversation(smtp.parse_url(url), smtp.Limits(answer=20.0))
    try:
        sender = mail.parse_sender(settings.DEFAULT_FROM_EMAIL)
        return conversation.hand_over(sender.address, recipient, _content(message))
    finally:
        conversation.close()


def _content(message: EmailMessage) -> bytes:
    """As it goes over the wire: every line ends as SMTP wants it."""
    return message.message().as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
