"""What the account library asks of us: who may sign up, and how often somebody may try to sign in."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from nightbell.accounts import devices
from nightbell.actions import signing
from nightbell.core import forwarded
from nightbell.core.record import Kind
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Account


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

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002 -- as above
        """It is on the record of whoever has the address; nothing tells whether anybody has."""
        self._note(Kind.SIGN_IN_FAILED, credentials.get("email", ""))

    def post_login(self, request: HttpRequest, user: Account, **kwargs: Any) -> HttpResponse:
        """Know this device from now on; what was tried on it before counts no longer."""
        if device := devices.known(request, user.email):
            ratelimit.clear(request, action="login_on_known_device", key=device)
        answer: HttpResponse = super().post_login(request, user, **kwargs)
        devices.mark(request, answer, user)
        self._note(Kind.SIGNED_IN, user.email)
        return answer

    def set_password(self, user: Account, password: str) -> None:
        """However they come to it: by a link, or by the one they had."""
        super().set_password(user, password)
        self._note(Kind.PASSWORD_CHANGED, user.email)

    def _note(self, happened: Kind, email: str) -> None:
        signing.note(SYSTEM, happened, email, self.get_client_ip(self.request))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002
        # The library's has the host name in it, which whoever asks may choose.
        return str(credentials.get("email", "")).lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Never: whatever leaves is a row that an engine sends (ADR 0012)."""
        raise NotImplementedError(f"The account library wants to send {template_prefix}.")
