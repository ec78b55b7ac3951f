"""The client against servers that are not what they should be; how it speaks with one that is, `test_serve` tells."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner, Result

from nightbell.cli import whereabouts, words
from nightbell.cli.client import incident
from nightbell.cli.oncall import oncall, override
from tests.cli import installations

SHOWN = {
    "number": 7,
    "title": "Disk \x1b[31mfull\u202e",
    "severity": "high",
    "status": "investigating",
    "createdAt": "2026-11-23T10:00:00.000Z",
    "ownerId": "a",
    "description": "first\nsecond",
    "escalation": {
        "state": "paging",
        "layerPosition": 1,
        "layerCount": 2,
        "nextEscalationAt": "2026-11-23T10:05:00.000Z",
        "acknowledgedBy": None,
        "notifiedResponders": [
            {
                "id": "a",
                "name": "Ana",
                "pagedAt": "2026-11-23T10:00:00.000Z",
                "channels": [{"channel": "email", "state": "failed", "error": "550 no such user"}],
            }
        ],
        "nextLayer": {"responders": [{"id": "b", "name": "Bo"}]},
    },
    "auditTrail": [{"at": "2026-11-23T10:00:00.000Z", "kind": "incident_opened", "actor": {"name": "ci"}}],
}


class Answers(BaseHTTPRequestHandler):
    """Answers what the test has laid out, one after the other; the last for ever."""

    laid_out: ClassVar[list[tuple[int, Any]]] = []
    asked: ClassVar[list[tuple[str, str, dict[str, str], Any]]] = []

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.asked.append((self.command, self.path, dict(self.headers), body))
        status, data = self.laid_out.pop(0) if len(self.laid_out) > 1 else self.laid_out[0]
        content = data.encode() if isinstance(data, str) else json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 -- the library calls them so

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    Answers.laid_out, Answers.asked = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def ask(url: str, *arguments: str, key: str | None = "nb_live_x") -> Result:
    return CliRunner(env={"NIGHTBELL_URL": url, "NIGHTBELL_API_KEY": key}).invoke(incident, list(arguments))


def test_without_a_key_it_says_how_to_make_one() -> None:
    refused = ask("http://127.0.0.1:8000", "list", key=None)
    assert refused.exit_code == 2
    assert "nightbell key create" in refused.output


@pytest.mark.parametrize("url", ["pager", "ftp://pager.example.com", "http://"])
def test_an_address_that_is_none_is_a_wrong_use(url: str) -> None:
    refused = ask(url, "list")
    assert refused.exit_code == 2
    assert "NIGHTBELL_URL" in refused.output


def test_a_key_that_cannot_be_one_is_a_wrong_use(url: str) -> None:
    assert ask(url, "list", key="nb_live_é").exit_code == 2


def test_a_server_that_is_not_there_is_one_line() -> None:
    refused = ask(f"http://127.0.0.1:{installations.free_port()}", "list")
    assert refused.exit_code == 1
    assert "does not answer" in refused.output


def test_another_server_is_told_apart(url: str) -> None:
    Answers.laid_out = [(200, "<html>")]
    assert "is not a Nightbell" in ask(url, "list").output
    Answers.laid_out = [(404, [])]
    assert "answered 404" in ask(url, "list").output


def test_a_refusal_has_its_fields_and_a_fault_its_request(url: str) -> None:
    errors = [{"field": "title", "message": "too long"}]
    Answers.laid_out = [(422, {"message": "Wrong.", "code": "validation_error", "errors": errors})]
    assert ask(url, "ack", "7").output == "Error: Wrong. (validation_error)\n  title: too long\n"
    Answers.laid_out = [(500, {"message": "Ours.", "code": "server_error", "requestId": "r1"})]
    assert "request r1" in ask(url, "ack", "7").output


def test_not_now_is_tried_again_with_the_same_idempotency_key(url: str) -> None:
    Answers.laid_out = [(503, {}), (503, {}), (200, {"data": SHOWN})]
    assert ask(url, "ack", "7").exit_code == 0
    keys = {headers["Idempotency-Key"] for _, _, headers, _ in Answers.asked}
    assert (len(Answers.asked), len(keys)) == (3, 1)


def test_a_reference_stays_one_segment_of_the_path(url: str) -> None:
    Answers.laid_out = [(200, {"data": SHOWN})]
    ask(url, "resolve", "../users?x")
    assert Answers.asked[0][:2] == ("POST", "/v1/incidents/..%2Fusers%3Fx/resolve")


def test_the_list_is_read_to_its_end_and_no_further(url: str) -> None:
    resolved = {**SHOWN, "status": "resolved"}
    first = {"data": {"incidents": [resolved, SHOWN], "nextCursor": "c"}}
    second = {"data": {"incidents": [resolved], "nextCursor": None}}
    Answers.laid_out = [(200, first), (200, second)]
    listed = ask(url, "list", "--json")
    assert [each["number"] for each in json.loads(listed.stdout)["incidents"]] == [7]
    assert "cursor=c" in Answers.asked[1][1]
    Answers.laid_out = [(200, second)]
    assert ask(url, "list").output == "No incidents.\n"


def test_an_incident_is_shown_whole_and_moves_no_cursor(url: str) -> None:
    people = {"users": [{"id": "a", "firstName": "Ana", "lastName": "Ruiz", "email": "ana@example.com"}]}
    Answers.laid_out = [(200, {"data": SHOWN}), (200, {"data": people})]
    shown = ask(url, "show", "7").output
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    for part in (
        "#7 HIGH",
        "owner Ana Ruiz",
        "email failed (550 no such user)",
        "next Bo",
        "second",
        "incident_opened",
    ):
        assert part in shown
    Answers.laid_out = [(200, {"data": SHOWN})]
    assert json.loads(ask(url, "show", "7", "--json").stdout)["number"] == 7


def test_x21_a_resolved_incident_says_since_when_it_is(url: str) -> None:
    people: Any = {"users": []}
    entry: Any = {"at": "2026-11-23T12:00Z", "kind": "status_changed", "actor": {"name": "ci"}}
    resolved = {**SHOWN, "status": "resolved", "resolvedAt": "2026-11-24T11:00:00.000Z"}
    Answers.laid_out = [(200, {"data": resolved}), (200, {"data": people})]
    assert f"resolved since {words.instant('2026-11-24T11:00:00.000Z')}" in ask(url, "show", "7").output
    Answers.laid_out = [(200, {"data": {**SHOWN, "auditTrail": [entry]}}), (200, {"data": people})]
    assert f"investigating since {words.instant('2026-11-23T12:00Z')}" in ask(url, "show", "7").output


def test_x21_the_server_and_the_key_stand_behind_every_verb(url: str) -> None:
    Answers.laid_out = [(200, {"data": {"incidents": [], "nextCursor": None, "schedules": []}})]
    named = ("--url", url, "--key", "nb_live_y")
    for verb, arguments in ((incident, ("list", *named)), (oncall, named)):
        done = CliRunner(env={"NIGHTBELL_URL": "http://127.0.0.1:1"}).invoke(verb, arguments)
        assert done.exit_code == 0, done.output
    for group in (incident, override):
        for command in group.commands.values():
            assert {"url", "key"} <= {each.name for each in command.params}
    assert {headers["Authorization"] for _, _, headers, _ in Answers.asked} == {"Bearer nb_live_y"}


def test_x21_the_running_serve_is_found(url: str, tmp_path: Path) -> None:
    Answers.laid_out = [(200, {"data": {"incidents": [], "nextCursor": None}})]
    whereabouts.leave(tmp_path, "https://pager.example.com", url)
    environ = {"NIGHTBELL_DATA_DIR": str(tmp_path), "NIGHTBELL_URL": None, "NIGHTBELL_API_KEY": "nb_live_x"}
    assert CliRunner(env=environ).invoke(incident, ["list"]).output == "No incidents.\n"


def test_an_acknowledger_is_named() -> None:
    escalation = {"state": "acknowledged", "acknowledgedBy": {"name": "Bo"}}
    assert "acknowledged, by Bo" in words.row({**SHOWN, "escalation": escalation})


def test_p27_a_clock_that_a_restore_holds_is_said() -> None:
    escalation = {"state": "paging", "nextEscalationAt": None}
    assert "paging, held since the restore: nobody is paged" in words.row({**SHOWN, "escalation": escalation})
