"""`nightbell serve` as people run it: real processes, a real port, real signals."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from nightbell.cli.client import incident
from nightbell.demo.mail import MailCatcher
from tests.cli import installations
from tests.cli.installations import Installation

pytestmark = [pytest.mark.xdist_group("serve"), pytest.mark.timeout(180)]


@dataclass(frozen=True)
class Running:
    """A served installation with an organization, two people, a policy, a key, and their mail."""

    at: Installation
    said: str
    mail: MailCatcher
    ana: Any
    bo: Any
    policy: str
    key: str

    def post(self, path: str, body: Any) -> Any:
        """The data of a change through the REST API."""
        answer = requests.post(
            f"{self.at.url}{path}", json=body, headers={"Authorization": f"Bearer {self.key}"}, timeout=10
        )
        assert answer.ok, answer.text
        return answer.json()["data"]

    def opens(self, title: str) -> Any:
        """An incident of Ana's."""
        body = {"title": title, "severity": "high", "ownerId": self.ana["userId"], "escalationPolicyId": self.policy}
        return self.post("/v1/incidents", body)

    def says(self, *arguments: str) -> Result:
        """What `nightbell incident` says, in this process: it talks to the served one over HTTP alone."""
        return CliRunner(env={"NIGHTBELL_URL": self.at.url, "NIGHTBELL_API_KEY": self.key}).invoke(
            incident, list(arguments)
        )


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with MailCatcher() as mail, installations.installation({"NIGHTBELL_SMTP_URL": mail.url}) as at:
        said = at.start()
        ana = at.data("org", "create", "Acme", "--admin", "ana@example.com", "--first-name", "Ana", "--last-name", "R")
        bo = at.data("member", "add", "bo@example.com", "--org", "acme", "--first-name", "Bo", "--role", "admin")
        layers = ("--layer", "ana@example.com:5", "--layer", "bo@example.com,ana@example.com:15")
        policy = at.data("policy", "create", "Payments", "--org", "acme", *layers)
        key = at.data("key", "create", "ci", "--org", "acme")
        yield Running(at, said, mail, ana, bo, policy["id"], key["key"])
        family = at.family()
        assert at.stop() == 0
        installations.wait_until_gone(family)


def test_it_says_in_one_line_where_it_listens(running: Running) -> None:
    assert running.said == f"Nightbell listens on {running.at.url}"


def test_a_key_made_while_it_runs_opens_an_incident_and_somebody_is_paged(running: Running) -> None:
    opened = running.opens("DB pool exhausted")
    mail = running.mail.wait_for(lambda each: "DB pool exhausted" in each.subject, timeout=15)
    assert mail.recipient == "ana@example.com"
    assert mail.view_url == f"{running.at.url}/incidents/{opened['number']}"


def test_p04_the_web_process_dies_after_the_commit_and_a_retry_gets_the_stored_answer(running: Running) -> None:
    body = {"title": "Asked twice", "severity": "high", "ownerId": running.ana["userId"], "dedupKey": None}
    asked = {"Authorization": f"Bearer {running.key}", "Idempotency-Key": "p4"}
    first = requests.post(f"{running.at.url}/v1/incidents", json=body, headers=asked, timeout=10)
    assert first.status_code == 201
    web = running.at.one("nightbell.cli web")
    for pid in (web, *installations.descendants(web)):
        os.kill(pid, signal.SIGKILL)
    again = patiently(lambda: requests.post(f"{running.at.url}/v1/incidents", json=body, headers=asked, timeout=10))
    assert (again.status_code, again.json()["data"]["id"]) == (201, first.json()["data"]["id"])
    found = requests.get(f"{running.at.url}/v1/incidents?q=Asked", headers=asked, timeout=10).json()["data"]
    assert len(found["incidents"]) == 1


def patiently(ask: Callable[[], requests.Response]) -> requests.Response:
    """Ask until somebody answers: what died is started again."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return ask()
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_links_made_beside_it_lead_to_its_port(running: Running) -> None:
    assert running.ana["signInUrl"].startswith(f"{running.at.url}/accounts/")
    page = requests.get(running.ana["signInUrl"], timeout=10)
    assert page.status_code == 200
    assert 'type="password"' in page.text


def test_check_finds_everything_in_order(running: Running) -> None:
    found = running.at.data("check")
    assert found["ok"]
    assert {each["name"] for each in found["findings"]} == {
        "environment",
        "database",
        "sessions",
        "paging",
        "restore",
        "migrations",
        "clock",
        "time zones",
        "mail",
        "Slack",
    }


@pytest.mark.parametrize(
    "path", ["/demo/", "/demo/inbox/", "/demo/fast-forward/", "/demo/be/1/", "/static/demo/demo.js"]
)
def test_nothing_of_the_demo_can_be_reached(running: Running, path: str) -> None:
    assert requests.get(f"{running.at.url}{path}", timeout=10).status_code == 404
    assert requests.post(f"{running.at.url}{path}", timeout=10).status_code in {403, 404, 405}


def test_an_incident_goes_its_way_from_the_command_line(running: Running) -> None:
    opened = running.says("open", "Disk full", "--owner", "ANA@example.com", "--policy", running.policy)
    assert opened.exit_code == 0, opened.output
    number = opened.output.split()[0].removeprefix("#")
    running.mail.wait_for(lambda each: "Disk full" in each.subject, timeout=15)
    assert "acknowledged" in running.says("ack", number, "--for", "ana@example.com").output
    handed = running.says("handoff", number, "--to", "bo@example.com", "--note", "on a plane")
    assert "paging" in handed.output
    running.mail.wait_for(lambda each: each.recipient == "bo@example.com", timeout=15)
    assert "layer 2 of 2" in running.says("escalate", number).output
    shown = running.says("show", number).output
    assert "owner Bo" in shown
    assert "incident_handed_off  ci" in shown
    assert f"#{number} " in running.says("list").output
    assert "closed" in running.says("resolve", number, "--note", "bigger disk").output
    assert f"#{number} " not in running.says("list").output
    assert f"#{number} " in running.says("list", "--all").output


def test_a_refusal_names_the_field(running: Running) -> None:
    refused = running.says("open", "x" * 101, "--owner", "ana@example.com")
    assert refused.exit_code == 1
    assert "title" in refused.output
    assert running.says("show", "999").exit_code == 1
    assert "nobody@example.com" in running.says("handoff", "1", "--to", "nobody@example.com").output


def test_removing_somebody_tells_what_it_did_to_open_incidents(running: Running) -> None:
    running.at.data("member", "add", "cy@example.com", "--org", "acme", "--first-name", "Cy")
    opened = running.opens("Payments are slow")
    cy = next(
        each["id"]
        for each in requests.get(
            f"{running.at.url}/v1/users", headers={"Authorization": f"Bearer {running.key}"}, timeout=10
        ).json()["data"]["users"]
        if each["email"] == "cy@example.com"
    )
    running.post(f"/v1/incidents/{opened['id']}/handoff", {"targetUserId": cy})
    removed = running.at.run("member", "remove", "cy@example.com", "--org", "acme", "--yes")
    assert removed.returncode == 0
    assert f"#{opened['number']} Payments are slow: paging, owner Ana R" in removed.stdout


def test_an_engine_that_dies_is_started_again_loudly(running: Running) -> None:
    engine = running.at.one("nightbell.cli engine")
    os.kill(engine, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while engine in running.at.family() or not any("cli engine" in line for line in running.at.family().values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "engine ended with -9" in running.at.log.read_text()


def test_a_database_that_is_killed_is_started_again(running: Running) -> None:
    server = running.at.one("bin/postgres -D")
    os.kill(server, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while True:
        done = running.at.run("org", "fallback", "acme")
        if done.returncode == 0 and server not in running.at.family():
            break
        assert time.monotonic() < deadline, done.stderr
    running.opens("After the database came back")
    running.mail.wait_for(lambda each: "After the database" in each.subject, timeout=20)


def test_a_port_somebody_listens_on_is_refused(running: Running) -> None:
    refused = running.at.run("web", "--port", str(running.at.port))
    assert refused.returncode == 1
    assert "--port" in refused.stderr
    assert "something else listens there" in refused.stderr


def test_a_killed_serve_leaves_nothing_behind_and_the_next_one_takes_over() -> None:
    with installations.installation({}, prepared=True) as at:
        at.start()
        at.data("org", "create", "Acme", "--admin", "ana@example.com", "--first-name", "Ana")
        family = at.family()
        assert len(family) >= 4
        assert at.stop(signal.SIGKILL) == -signal.SIGKILL
        installations.wait_until_gone(family)
        at.start()
        again = at.run("org", "create", "Acme", "--admin", "ana@example.com", "--first-name", "Ana")
        assert again.returncode == 1
        assert "name: There is an organization acme already." in again.stderr
        family = at.family()
        assert at.stop(signal.SIGINT) == 0
        installations.wait_until_gone(family)


def test_web_and_engine_never_start_a_database() -> None:
    with installations.installation({}) as at:
        for verb in ("web", "engine"):
            refused = at.run(verb)
            assert refused.returncode == 1
            assert "nightbell serve starts it" in refused.stderr
