"""The form of whoever has forgotten their password: it says the same, and takes as long, whoever asks."""

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest

from nightbell.actions import people
from nightbell.data.access.principal import SYSTEM


class ForgottenPassword(ResetPasswordForm):  # type: ignore[misc]
    """The library's, which would look the account up here and talk to the mail server."""

    def clean_email(self) -> str:
        """Nobody is looked up."""
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **_: Any) -> str:  # noqa: ARG002 -- the library's signature
        """Have an engine send the link."""
        email: str = self.cleaned_data["email"]
        people.forgot_password(SYSTEM, email)
        return email
