"""One-time links: the only place that makes the one by which somebody sets a password and is signed in."""

from urllib.parse import quote

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from nightbell.data.models import Account


def sign_in_url(account: Account) -> str:
    """Where this person sets a password once, and is then signed in; void after it was used, or after 3 days."""
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(account)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(account), "key": "KEY"})
    return settings.NIGHTBELL.url + path.replace("KEY", quote(token))
