"""What can go wrong between Nightbell and Slack when somebody is paged, and what is made of it."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.db import connections

from nightbell.channels.email.channel import EmailChannel
from nightbell.channels.slack import client
from nightbell.channels.slack.buckets import POST, Buckets
from nightbell.channels.slack.channel import SlackChannel
from nightbell.core import delivery
from nightbell.demo.mail import MailCatcher
from tests.channels.pages import notice, page
from tests.channels.workspaces import BO, Office, accepted, open_office, refused, unavailable
from tests.workspace import patience


@pytest.fixture
def office() -> Iterator[Office]:
    """A workspace; at the end it has nothing to complain of."""
    opened = open_office()
    yield opened
    opened.slack.stop()
    opened.slack.assert_clean()


def postponed(outcome: delivery.Outcome) -> float:
    assert isinstance(outcome, delivery.Postponed), outcome
    return outcome.wait.total_seconds()


def test_a_page_arrives_and_says_which_page_it_is(office: Office) -> None:
    parcel = office.page()
    where = accepted(office.send(parcel))
    message = office.slack.wait_for()
    assert message.to is office.bo
    assert where == f"{message.channel}/{message.id}"
    assert message.metadata == {"event_type": "nightbell_page", "event_payload": {"page_id": str(parcel.id)}}
    (call,) = office.slack.calls_of(POST)
    assert (call.arguments["unfurl_links"], call.arguments["unfurl_media"]) == (False, False)


def test_whoever_is_known_by_their_id_is_not_looked_up(office: Office) -> None:
    assert office.send(office.page()) == delivery.Accepted(_only_message(office), None, stays=True)
    assert office.methods() == [POST]


def test_whoever_is_known_by_their_address_is_looked_up_and_named(office: Office) -> None:
    outcome = office.send(office.page("BO@example.com"))
    assert outcome == delivery.Accepted(_only_message(office), (office.slack.team_id, office.bo.id), stays=True)
    assert office.methods() == ["users.lookupByEmail", POST]


def _only_message(office: Office) -> str:
    message = office.slack.wait_for()
    return f"{message.channel}/{message.id}"


@pytest.mark.parametrize("kind", ["guest", "deleted", "external", "bot"])
def test_a_page_goes_to_nobody_who_is_not_of_the_workspace_itself(office: Office, kind: str) -> None:
    setattr(office.slack.person("Eve", "eve@example.com"), kind, True)
    outcome = refused(office.send(office.page("eve@example.com")))
    assert outcome.absent_from == office.slack.team_id
    assert not outcome.access_lost
    assert "eve@example.com" in outcome.error
    assert office.methods() == ["users.lookupByEmail"]


def test_an_address_that_nobody_has_is_refused_for_this_workspace(office: Office) -> None:
    outcome = refused(office.send(office.page("nobody\u202e\n@example.com")))
    assert outcome == delivery.Refused("Slack knows nobody by nobody @example.com", absent_from=office.slack.team_id)


def test_s01_slacks_word_holds_back_one_place_and_nothing_else(office: Office) -> None:
    cy = office.slack.person("Cy Ito", "cy@example.com")
    office.slack.answer(POST, status=429, retry_after=30, times=1, when=lambda given: given["channel"] == office.bo.id)
    assert postponed(office.send(office.page())) == 30
    assert len(office.slack.calls) == 1
    office.seconds += 29
    assert postponed(office.send(office.page())) == pytest.approx(1)
    assert len(office.slack.calls) == 1, "Slack was asked although it had asked for a pause"
    # Others go on meanwhile: another person, another method, mail.
    accepted(office.send(office.page(cy.id)))
    assert refused(office.send(office.page("nobody@example.com"))).absent_from
    with MailCatcher() as catcher:
        mail = EmailChannel(catcher.url, "Nightbell <pager@example.com>")
        assert mail.send(page()) == delivery.Accepted()
        mail.close()
    office.seconds += 1
    accepted(office.send(office.page()))


def test_s01_a_pause_of_a_method_holds_back_all_of_that_workspace_that_needs_it(office: Office) -> None:
    office.slack.answer("users.lookupByEmail", status=429, retry_after=30, times=1)
    assert postponed(office.send(office.page(BO))) == 30
    assert postponed(office.send(office.page("cy@example.com"))) == pytest.approx(30)
    # Whoever is known needs no look-up, and another workspace has asked for nothing.
    accepted(office.send(office.page()))
    other = replace(office.page(), address=f"T0OTHER/{BO}")
    assert accepted(office.send(other))
    assert len(office.slack.calls_of("users.lookupByEmail")) == 2


def test_s01_all_senders_of_a_process_wait_together(office: Office) -> None:
    buckets = Buckets()
    first, second = (SlackChannel(office.slack.api_url, buckets) for _ in range(2))
    office.slack.answer(POST, status=429, retry_after=30)
    assert postponed(first.send(office.page())) == 30
    assert postponed(second.send(office.page())) == pytest.approx(30, abs=1)
    assert len(office.slack.calls) == 1


@pytest.mark.parametrize("said", [None, "soon", "", "-1", "1.5", "²", "9" * 30])
def test_s01_a_pause_that_says_no_sensible_length_is_half_a_minute(said: str | None) -> None:
    head = b"" if said is None else f"Retry-After: {said}\r\n".encode("latin-1")
    with answering(b"HTTP/1.1 429 Too Many Requests\r\n" + head + b"Content-Length: 0\r\n\r\n") as channel:
        assert postponed(channel.send(page("T1/U1"))) == 30


def test_s01_being_asked_to_wait_is_no_failed_attempt(office: Office) -> None:
    office.slack.answer(POST, status=429, retry_after=7)
    now = page().facts.opened_at
    settled = delivery.settle(office.send(office.page()), 5, office.channel.backoff, now)
    assert (settled.state, settled.due_at) == (delivery.State.QUEUED, now + timedelta(seconds=7))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_s02_a_server_that_fails_is_tried_again(office: Office, status: int) -> None:
    office.slack.answer(POST, status=status, times=1)
    assert str(status) in unavailable(office.send(office.page()))
    accepted(office.send(office.page()))
    assert office.methods() == [POST, POST], "the library tried again by itself"


def test_s02_a_refused_connection_is_tried_again(office: Office) -> None:
    with office.slack.refusing_connections():
        assert "refused" in unavailable(office.send(office.page())).lower()
    accepted(office.send(office.page()))


def test_s02_a_server_that_takes_the_call_and_says_nothing_is_left_in_time(office: Office) -> None:
    office.slack.shut(POST, goes_on=False)
    with patience(1):
        assert "timed out" in unavailable(office.send(office.page()))
    office.slack.open(POST)


def test_s02_a_host_that_does_not_exist_is_tried_again() -> None:
    channel = SlackChannel("http://slack.invalid/api/", Buckets())
    assert unavailable(channel.send(page("T1/U1"))).startswith("Slack does not answer: ")


OK = b"HTTP/1.1 200 OK\r\n"
ODD = {
    "a page": OK + b"Content-Type: text/html\r\n\r\n<html>Sign in to the guest network</html>",
    "nothing": OK + b"Content-Length: 0\r\n\r\n",
    "half a word": OK + b'Content-Length: 900\r\n\r\n{"ok": tr',
    "a list": OK + b"\r\n[1]",
    "a word": OK + b'\r\n"ok"',
    "null": OK + b"\r\nnull",
    "a number": OK + b"\r\n5",
    "not even text": OK + b"Content-Type: application/json; charset=utf-8\r\n\r\n\xff\xfe{",
    "an unknown charset": OK + b'Content-Type: text/html; charset=klingon\r\n\r\n{"ok": true}',
    "packed": OK + b"Content-Type: application/gzip\r\n\r\n\x1f\x8b",
    "an error without a name": OK + b'\r\n{"ok": false}',
    "an error that is no name": OK + b'\r\n{"ok": false, "error": {"a": 1}}',
    "no answer to what was asked": OK + b'\r\n{"ok": true}',
    "an error that is a speech": OK + b'\r\n{"ok": false, "error": "a\\u0000\\u202e\\n' + b"x" * 5000 + b'"}',
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a redirection to nowhere": b"HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n",
    "a redirection for ever": b"HTTP/1.1 307 X\r\nLocation: /api/\r\nContent-Length: 0\r\n\r\n",
    "a status alone": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("odd", ODD)
def test_s02_an_answer_that_is_not_slacks_is_tried_again_and_never_raises(odd: str) -> None:
    for address in ("T1/U1", f"T1/{BO}"):
        with answering(ODD[odd]) as channel:
            error = unavailable(channel.send(page(address)))
        assert error
        assert len(error) < 400
        assert error.isprintable()


@contextmanager
def answering(raw: bytes) -> Iterator[SlackChannel]:
    """A way to something on Slack's address that says this to everybody, and hangs up."""

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line, line.makefile("rb") as asked:
                length = 0
                while (head := asked.readline().strip()) != b"":
                    name, _, value = head.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                asked.read(length)
                line.sendall(raw)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield SlackChannel(f"http://127.0.0.1:{listener.getsockname()[1]}/api/", Buckets())
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_s02_the_waits_grow_and_no_two_are_the_same() -> None:
    channel = SlackChannel("http://127.0.0.1:1/api/", Buckets())
    many = [channel.backoff for _ in range(50)]
    steps = (2, 5, 15, 30, 60, 120)
    for step, waits in zip(steps, zip(*many, strict=True), strict=True):
        seconds = [wait.total_seconds() for wait in waits]
        assert step * 0.75 <= min(seconds) < step < max(seconds) <= step * 1.25
        assert len(set(seconds)) > 40
    assert all(list(waits) == sorted(waits) for waits in many)


def test_s02_a_slack_that_is_away_holds_up_nobodys_mail(office: Office) -> None:
    office.slack.shut(POST, goes_on=False)
    outcomes: list[delivery.Outcome] = []
    with patience(2), MailCatcher() as catcher:
        thread = threading.Thread(target=lambda: outcomes.append(office.send(office.page())))
        thread.start()
        mail = EmailChannel(catcher.url, "Nightbell <pager@example.com>")
        assert mail.send(page()) == delivery.Accepted()
        mail.close()
        assert not outcomes
        office.slack.open(POST)
        thread.join()
    unavailable(outcomes[0])


def test_s03_a_page_that_was_taken_although_nobody_said_so_comes_again_with_the_same_id(office: Office) -> None:
    office.slack.drop_after(POST)
    parcel = office.page()
    unavailable(office.send(parcel))
    accepted(office.send(parcel))
    second, first = office.slack.to(office.bo)
    assert (
        first.metadata
        == second.metadata
        == {
            "event_type": "nightbell_page",
            "event_payload": {"page_id": str(parcel.id)},
        }
    )


@pytest.mark.parametrize("error", ["account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"])
def test_s04_a_token_that_is_void_is_refused_with_everything_it_sends(office: Office, error: str) -> None:
    office.slack.answer(POST, error)
    assert office.send(office.page()) == delivery.Refused(error, access_lost=True)


def test_s04_a_token_that_was_revoked_or_never_issued_is_void(office: Office) -> None:
    office.slack.revoke()
    assert refused(office.send(office.page())) == delivery.Refused("token_revoked", access_lost=True)
    assert refused(office.send(office.page(BO))).access_lost
    unknown = replace(office.page(), credential="xoxb-never")
    assert refused(office.send(unknown)) == delivery.Refused("invalid_auth", access_lost=True)
    assert len(office.slack.problems) == 1
    office.slack.clear()


@pytest.mark.parametrize(
    "error",
    [
        *("channel_not_found", "is_archived", "user_not_found", "users_not_found", "cannot_dm_bot", "user_disabled"),
        *("not_in_channel", "restricted_action", "msg_too_long", "invalid_blocks", "missing_scope"),
    ],
)
def test_s04_a_recipient_that_is_refused_is_refused_for_good(office: Office, error: str) -> None:
    office.slack.answer(POST, error)
    assert office.send(office.page()) == delivery.Refused(error)


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable", "something_new"])
def test_s04_what_may_pass_and_what_nobody_knows_is_tried_again(office: Office, error: str) -> None:
    office.slack.answer(POST, error, times=1)
    assert unavailable(office.send(office.page())) == error
    accepted(office.send(office.page()))


def test_s04_ratelimited_is_a_pause_whatever_the_status(office: Office) -> None:
    office.slack.answer(POST, "ratelimited", times=1)
    assert postponed(office.send(office.page())) == client.UNSAID_WAIT.total_seconds()
    assert postponed(office.send(office.page())) > 29
    assert len(office.slack.calls) == 1


def test_nothing_is_sent_inside_a_transaction(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections["default"], "in_atomic_block", True)
    for parcel in (office.page(), office.copy("C1")):
        with pytest.raises(RuntimeError, match=r"slack was to be called while a database transaction is open"):
            office.send(parcel)
    assert office.slack.connections == 0


def test_a_notice_arrives_as_a_direct_message_and_says_which_it_is(office: Office) -> None:
    told = replace(notice(f"{office.slack.team_id}/{office.bo.id}"), credential=office.token)
    accepted(office.send(told))
    message = office.slack.wait_for()
    assert message.to is office.bo
    assert message.metadata == {"event_type": "nightbell_notice", "event_payload": {"notice_id": str(told.id)}}
    office.channel.close()
    office.channel.close()


def test_the_token_is_in_nothing_that_anybody_reads(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("slack_sdk", "slack_sdk.web.base_client", "nightbell", "urllib3", "http"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    parcels: list[delivery.Page | delivery.Copy] = [
        office.page(),
        office.page(BO),
        office.copy(office.slack.channel("alerts")),
    ]
    outcomes = [office.send(parcel) for parcel in parcels]
    for script in ({"status": 500}, {"status": 429}, {"error": "invalid_auth"}, {"error": "something_new"}):
        office.slack.answer(**script, times=2)
        outcomes += [office.send(office.page()), office.send(office.page(BO))]
    with office.slack.refusing_connections():
        outcomes.append(office.send(office.page()))
    api = client.Client(office.slack.api_url, Buckets(), office.slack.team_id, office.token)
    office.slack.answer("auth.test", "invalid_auth")
    with pytest.raises(client.Failed) as failed:
        api.call("auth.test")
    chain = [
        failed.value,
        failed.value.__cause__,
        failed.value.__context__ if not failed.value.__suppress_context__ else 0,
    ]
    said = [*map(repr, (*parcels, *outcomes, api, office.channel, *chain)), *map(str, (*parcels, *outcomes, *chain))]
    logged = [f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records]
    assert office.token.startswith("xoxb-")
    for words in (*said, *logged, json.dumps([str(call.arguments) for call in office.slack.calls])):
        assert "xoxb-" not in words


def test_the_token_that_a_code_is_exchanged_for_is_in_no_log(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    back = "http://127.0.0.1:8000/slack/oauth"
    page = client.authorize_url(office.slack.api_url, client_id=office.slack.client_id, state="x", redirect_uri=back)
    sent = requests.get(page, allow_redirects=False, timeout=5).headers["Location"]
    (code,) = parse_qs(urlsplit(sent).query)["code"]
    app = {"client_id": office.slack.client_id, "client_secret": office.slack.client_secret, "redirect_uri": back}
    answer = client.exchange(office.slack.api_url, code=code, **app)
    with pytest.raises(client.Failed, match="code_already_used"):
        client.exchange(office.slack.api_url, code=code, **app)
    assert str(answer["access_token"]).startswith("xoxb-")
    # What urllib3 tells is of this test's own browser.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
    for secret in (answer["access_token"], office.slack.client_secret, code):
        assert not any(secret in line for line in logged)
