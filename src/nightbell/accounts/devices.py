"""Which devices signed in to which account: the only place that marks a browser, and reads its mark."""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from nightbell.data.models import Account

_SALT = "nightbell.device"
# As long as browsers keep a cookie at all; every sign-in begins it anew.
_KEPT_SECONDS = 400 * 24 * 60 * 60
# On a device that several people use, the latest few are known.
_ACCOUNTS = 4


def mark(request: HttpRequest, response: HttpResponseBase, account: Account) -> None:
    """Somebody has just signed in on this device."""
    known = _marks(request)
    own = str(account.pk)
    number = known.pop(own, None) or secrets.token_urlsafe(12)
    kept = dict([*known.items(), (own, number)][-_ACCOUNTS:])
    response.set_cookie(
        settings.NIGHTBELL.cookie("device"),
        signing.dumps(kept, salt=_SALT),
        max_age=_KEPT_SECONDS,
        secure=settings.NIGHTBELL.https,
        httponly=True,
        samesite="Lax",
    )


def known(request: HttpRequest, email: str) -> str | None:
    """What this device is called, if somebody signed in on it by this address before."""
    marks = _marks(request)
    if not marks:
        return None
    account = Account.objects.filter(email=email).first()
    number = marks.get(str(account.pk)) if account else None
    return f"{number}:{account.pk}" if account and number else None


def _marks(request: HttpRequest) -> dict[str, str]:
    """The number of this device by account. A mark that we did not sign is none."""
    try:
        found: Any = signing.loads(
            request.COOKIES.get(settings.NIGHTBELL.cookie("device"), ""), salt=_SALT, max_age=_KEPT_SECONDS
        )
    except signing.BadSignature:
        return {}
    return dict(found)
