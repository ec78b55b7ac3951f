"""Calling Slack: the only place that uses its library, and that knows which of its errors are for good."""

import http.client
import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urljoin

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from nightbell.channels.base import UNHELD, Hold, outside_transaction
from nightbell.channels.limit import Pulse
from nightbell.channels.slack import transport
from nightbell.channels.slack.buckets import Buckets, Priority
from nightbell.core import delivery, message

ERROR_LENGTH = 200
SCOPES = (
    *("chat:write", "im:write", "channels:manage", "groups:write", "users:read", "users:read.email", "pins:read"),
    "commands",
)

# Our way in is gone: nothing we send with this token will be taken.
ACCESS_LOST = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})
# This recipient, or this place, is refused for good. What Slack says beyond these may pass.
FOR_GOOD = ACCESS_LOST | {
    *("cannot_dm_bot", "cant_update_message", "channel_not_found", "edit_window_closed", "invalid_blocks"),
    *("is_archived", "is_inactive", "message_not_found", "missing_scope", "msg_too_long", "no_permission"),
    *("not_in_channel", "restricted_action", "user_disabled", "user_not_found", "users_not_found", "user_not_visible"),
}
# What Slack asks to wait where it does not say how long.
UNSAID_WAIT = timedelta(seconds=30)
# Its Retry-After, in seconds.
_LENGTH = re.compile(r"[0-9]{1,5}")

# The library logs every answer where debugging is on, and the answer to an exchange of codes is a token; what failed is
# told where it is settled.
_quiet = logging.getLogger("nightbell.slack_sdk")
_quiet.setLevel(logging.CRITICAL)


class Failed(Exception):  # noqa: N818 -- what became of a call
    """A call that did not do what was asked; `outcome` is what that means for whatever was to be sent."""

    def __init__(self, outcome: delivery.Refused | delivery.Unavailable | delivery.Postponed, error: str) -> None:
        super().__init__(f"Slack: {error}")
        self.outcome = outcome
        self.error = error


class Client:
    """One workspace, as one token may see it."""

    def __init__(self, api_url: str, buckets: Buckets, team_id: str, token: str, hold: Hold = UNHELD) -> None:
        """`hold` is renewed between calls, however many there are."""
        self._pulse = Pulse(hold, delivery.RENEW_AFTER.total_seconds())
        self._buckets = buckets
        self._team_id = team_id
        self._api = _api(api_url, token)

    def call(
        self, method: str, priority: Priority = Priority.PAGE, *, channel: str = "", **given: Any
    ) -> Mapping[str, Any]:
        """What a method answers; `channel` is one of its arguments, and where its calls are counted. Raises Failed."""
        wait = self._buckets.take(self._team_id, method, channel, priority)
        if wait is not None:
            raise Failed(delivery.Postponed(wait, "Slack asked to wait"), "ratelimited")
        self._pulse.keep()
        try:
            return _call(self._api, method, {**given, **({"channel": channel} if channel else {})})
        except Failed as failed:
            if isinstance(failed.outcome, delivery.Postponed):
                self._buckets.shut(self._team_id, method, channel, failed.outcome.wait)
            raise


def exchange(api_url: str, *, client_id: str, client_secret: str, code: str, redirect_uri: str) -> Mapping[str, Any]:
    """The workspace and the token that a code from Slack's page stands for. Raises Failed."""
    given = {"client_id": client_id, "client_secret": client_secret, "code": code, "redirect_uri": redirect_uri}
    return _call(_api(api_url, None), "oauth.v2.access", given)


def authorize_url(api_url: str, *, client_id: str, state: str, redirect_uri: str) -> str:
    """Slack's own page, on which an admin lets us in."""
    asked = {"client_id": client_id, "scope": ",".join(SCOPES), "state": state, "redirect_uri": redirect_uri}
    return f"{urljoin(api_url, '/oauth/v2/authorize')}?{urlencode(asked)}"


def respond(response_url: str, text: str) -> bool:
    """Say something to whoever clicked, and to nobody else; whether Slack took it."""
    outside_transaction("Slack")
    said = {"text": text, "response_type": "ephemeral", "replace_original": False}
    try:
        return transport.post(response_url, said) == 200
    except (OSError, http.client.HTTPException, ValueError):
        return False


def _api(api_url: str, token: str | None) -> WebClient:
    # Trying again is the engine's, which looks once more before it does.
    return transport.Api(token, base_url=api_url, logger=_quiet, retry_handlers=[])


class _Answer(dict[str, Any]):
    """What a method answered; where it has not what every answer has, it is not Slack's."""

    def __missing__(self, name: str) -> Any:
        raise _away(f"what it says has no {name}")


def _call(api: WebClient, method: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    outside_transaction("Slack")
    ask = getattr(api, _name(method))
    try:
        answer = ask(**given).data
    except SlackApiError as error:
        raise _failed(error) from None
    except (OSError, http.client.HTTPException, SlackRequestError, ValueError, AttributeError, LookupError) as error:
        # The last two are the library's, where what stands on Slack's address says something that is not Slack's.
        raise _away(str(error) or type(error).__name__) from None
    if not isinstance(answer, dict):
        raise _away("what it says is no object")
    return _Answer(answer)


def _name(method: str) -> str:
    """What the library calls a method: `chat.postMessage` is `chat_postMessage`."""
    return method.replace(".", "_")


def _failed(error: SlackApiError) -> Failed:
    answer: Any = error.response
    status = getattr(answer, "status_code", 0)
    if status == 429:
        asked = {name.lower(): value for name, value in answer.headers.items()}.get("retry-after", "")
        # At least a second, or whatever waits would ask again at once.
        wait = timedelta(seconds=max(1, int(asked))) if _LENGTH.fullmatch(asked) else UNSAID_WAIT
        return Failed(delivery.Postponed(wait, f"Slack asks to wait {wait.total_seconds():.0f} s"), "ratelimited")
    data = getattr(answer, "data", None)
    said = data.get("error") if isinstance(data, dict) else None
    if status != 200 or not isinstance(said, str):
        return _away(f"HTTP {status}")
    if said == "ratelimited":
        return Failed(delivery.Postponed(UNSAID_WAIT, "Slack asks to wait"), said)
    if said in FOR_GOOD:
        return Failed(delivery.Refused(said, access_lost=said in ACCESS_LOST), said)
    return Failed(delivery.Unavailable(message.clean(said, ERROR_LENGTH)), said)


def _away(why: str) -> Failed:
    said = message.clean(f"Slack does not answer: {why}", ERROR_LENGTH)
    return Failed(delivery.Unavailable(said, of_channel=True), "unavailable")
