"""The door: what is not Slack's own is refused before it is read, and what is, in time."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import Settings

from nightbell.core.incident.state import State
from nightbell.demo.slack.fake import FakeSlack
from tests import environment
from tests.inbound.slack.conftest import Paged
from tests.workspace import FORM, Slack

PLACES = ("/slack/interactivity", "/slack/commands")


def click_of(slack: Slack, paged: Paged) -> tuple[bytes, Any]:
    """The body of a click that would acknowledge, and the incident it would acknowledge."""
    ana, _, incident = paged()
    bodies: list[bytes] = []

    def keep(_path: str, _headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        bodies.append(body)
        return 200, b""

    slack.deliver = keep
    slack.click(slack.page_of(ana), "acknowledge", slack.user(ana))
    return bodies[0], incident


def post(path: str, body: bytes, headers: dict[str, str]) -> int:
    answer = Client().post(path, data=body, content_type=FORM, headers=headers)
    # What is said to whoever clicked is nothing for a cache; what is too large is not said by us.
    assert "no-store" in answer.headers["Cache-Control"]
    return int(answer.status_code)


def test_s06_only_what_slack_signed_within_five_minutes_is_believed(slack: Slack, paged: Paged) -> None:
    body, incident = click_of(slack, paged)
    right = slack.sign(body)
    at = int(right["X-Slack-Request-Timestamp"])
    wrong: list[dict[str, str]] = [
        {},
        slack.sign(body, at - 301),
        slack.sign(body, at + 310),
        slack.sign(body + b" "),
        FakeSlack(signing_secret="another").sign(body),
        {"X-Slack-Request-Timestamp": str(at)},
        {"X-Slack-Signature": right["X-Slack-Signature"]},
        right | {"X-Slack-Request-Timestamp": "soon"},
        right | {"X-Slack-Request-Timestamp": "١٢٣"},
        right | {"X-Slack-Request-Timestamp": "9" * 400},
        right | {"X-Slack-Request-Timestamp": ""},
        right | {"X-Slack-Signature": "v0="},
        right | {"X-Slack-Signature": "ümlaut"},
        right | {"X-Slack-Signature": ""},
    ]
    for headers in wrong:
        for path in PLACES:
            assert post(path, body, headers) == 401, headers
    # Nobody looked inside: what is not even text is refused the same way, and signed it is no fault of ours.
    assert post(PLACES[0], b"\xff\xfe", slack.sign(body)) == 401
    assert post(PLACES[0], b"\xff\xfe", slack.sign(b"x")) == 401
    assert incident.now.state is State.PAGING
    assert post(PLACES[0], body, right) == 200
    assert len(incident.record("incident_acknowledged")) == 1


def test_s06_without_a_secret_the_endpoint_is_off(slack: Slack, paged: Paged, settings: Settings) -> None:
    body, incident = click_of(slack, paged)
    for secret in (None, "", "   "):
        settings.NIGHTBELL = environment.changed(settings.NIGHTBELL, slack_signing_secret=secret)
        for path in PLACES:
            assert post(path, body, FakeSlack(signing_secret=secret or "x").sign(body)) == 401
    assert incident.now.state is State.PAGING


@pytest.mark.parametrize("path", PLACES)
def test_nothing_but_a_post_is_answered(slack: Slack, path: str) -> None:
    assert Client().get(path).status_code == 405
    assert slack.calls == []


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"type": "block_actions"}',
        '{"type": "block_actions", "team": null, "user": {"id": "U1"}}',
        '{"type": "block_actions", "team": {"id": "T1"}, "user": "U1"}',
    ],
)
def test_a_signed_payload_that_is_none_is_a_400(slack: Slack, payload: str) -> None:
    body = urlencode({"payload": payload}).encode()
    assert post(PLACES[0], body, slack.sign(body)) == 400
    assert slack.calls == []


def test_a_signed_body_without_a_payload_is_a_400_and_one_that_is_too_large_a_413(slack: Slack) -> None:
    assert post(PLACES[0], b"a=b", slack.sign(b"a=b")) == 400
    large = b"payload=" + b"x" * 300_000
    assert post(PLACES[0], large, slack.sign(large)) == 413


@pytest.mark.parametrize("kind", ["view_closed", "block_suggestion", "something_new"])
def test_kinds_that_nothing_of_ours_causes_are_taken_note_of(slack: Slack, kind: str) -> None:
    given = {"type": kind, "team": {"id": slack.team_id}, "user": {"id": "U1"}, "view": {"callback_id": "open"}}
    body = urlencode({"payload": json.dumps(given)}).encode()
    assert post(PLACES[0], body, slack.sign(body)) == 200


def test_a_response_address_that_is_not_slacks_is_not_called(slack: Slack, paged: Paged) -> None:
    ana, bo, incident = paged()
    bo.acknowledges(incident)
    with FakeSlack() as elsewhere:

        def send(path: str, _headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
            moved = body.replace(urlencode({"": slack.url})[1:].encode(), urlencode({"": elsewhere.url})[1:].encode())
            assert moved != body
            return post(path, moved, slack.sign(moved)), b""

        slack.deliver = send
        assert slack.click(slack.page_of(ana), "acknowledge", slack.user(ana)).status == 200
        assert elsewhere.connections == 0
    assert slack.ephemerals == []


ODD: tuple[Any, ...] = (
    [],
    "text",
    None,
    7,
    {},
    {"type": "block_actions"},
    {"type": "block_actions", "team": "T1", "user": {"id": "U1"}},
    {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "actions": 5},
    {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "actions": [5]},
    {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "actions": "abc"},
    {"type": "block_actions", "team": {"id": "T\0"}, "user": {"id": "U1"}, "actions": [{"action_id": "resolve"}]},
    {"type": "block_actions", "team": {"id": {}}, "user": {"id": []}, "actions": [{"action_id": "resolve"}]},
    {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}, "view": []},
    {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}, "view": None},
    {"type": "view_submission", "team": {"id": "\ud800"}, "user": {"id": "U1"}, "view": {"callback_id": "open"}},
)


@pytest.mark.parametrize("payload", ODD, ids=str)
def test_x15_what_is_signed_and_odd_is_no_fault_of_ours(slack: Slack, payload: Any) -> None:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    assert 400 <= post(PLACES[0], body, slack.sign(body)) < 500


@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"payload=%5B", b"payload=" + b"%5B" * 50_000, b"text=list&team_id=%00&user_id=%ff"]
)
def test_x15_a_signed_body_of_another_shape_is_no_fault_of_ours(slack: Slack, body: bytes) -> None:
    for path in PLACES:
        assert post(path, body, slack.sign(body)) < 500
    assert 400 <= post(PLACES[0], body, slack.sign(body)) < 500
