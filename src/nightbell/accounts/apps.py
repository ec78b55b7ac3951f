"""What happens at every sign-in, by whichever door."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from nightbell.data.access import sessions


class Accounts(AppConfig):
    """The account library's hooks of ours."""

    name = "nightbell.accounts"

    def ready(self) -> None:
        """Note in the session since when it is one."""
        user_logged_in.connect(_signed_in)


def _signed_in(request: HttpRequest, **_: Any) -> None:
    sessions.begin(request.session)
