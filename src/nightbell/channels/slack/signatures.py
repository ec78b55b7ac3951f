"""Whether a request is Slack's: the only place that checks a signature, on the raw body, before anything reads it."""

from collections.abc import Mapping

from slack_sdk.signature import SignatureVerifier


def valid(secret: str | None, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether Slack signed this body within five minutes of now. Without a secret nothing is."""
    if not secret:
        return False
    timestamp, signature = headers.get("X-Slack-Request-Timestamp"), headers.get("X-Slack-Signature")
    try:
        return bool(SignatureVerifier(secret).is_valid(body, timestamp, signature))
    except (OverflowError, TypeError, ValueError):
        # What is no number, no UTF-8 or no ASCII is not Slack's either.
        return False
