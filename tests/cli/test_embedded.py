"""An installation on the embedded database, whatever the environment says and whoever touches its files."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from psycopg import pq

from nightbell import postgres
from nightbell.cli import supervisor
from nightbell.demo.mail import MailCatcher
from nightbell.postgres import pulse
from tests.cli import installations
from tests.cli.installations import Installation
from tests.postgres import servers

pytestmark = [pytest.mark.xdist_group("embedded"), pytest.mark.timeout(240)]
PATIENCE = 60.0


@dataclass(frozen=True)
class Paging:
    """An installation with somebody to page, and their mail."""

    at: Installation
    mail: MailCatcher
    ana: Any
    policy: str
    key: str

    def assert_pages(self, title: str) -> None:
        """Whoever opens an incident tries until it is taken, as senders do; it is mailed."""
        body = {"title": title, "severity": "high", "ownerId": self.ana["userId"], "escalationPolicyId": self.policy}
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": str(uuid.uuid4())}
        wait_until(lambda: opened(f"{self.at.url}/v1/incidents", body, headers))
        self.mail.wait_for(lambda each: title in each.subject, timeout=PATIENCE)


def opened(url: str, body: Any, headers: Mapping[str, str]) -> bool:
    try:
        return requests.post(url, json=body, headers=headers, timeout=10).status_code == 201
    except requests.ConnectionError:
        return False


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def people(at: Installation, mail: MailCatcher) -> Paging:
    ana = at.data("org", "create", "Acme", "--admin", "ana@example.com", "--first-name", "Ana")
    policy = at.data("policy", "create", "Payments", "--org", "acme", "--layer", "ana@example.com:5")
    key = at.data("key", "create", "ci", "--org", "acme")
    return Paging(at, mail, ana, policy["id"], key["key"])


@contextmanager
def hostile() -> Iterator[dict[str, str]]:
    """Every variable libpq knows, all of them wrong; at the end, nobody has come to where they lead."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        place = {"HOST": "127.0.0.1", "HOSTADDR": "127.0.0.1", "PORT": str(trap.getsockname()[1])}
        listed = [option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar]
        more = ["PGSERVICEFILE", "PGSYSCONFDIR", "PGREQUIRESSL", "PGDATESTYLE", "PGTZ", "PGGEQO"]
        yield {name: place.get(name.removeprefix("PG"), "elsewhere") for name in [*listed, *more]}
        trap.setblocking(False)
        with pytest.raises(BlockingIOError):
            trap.accept()


@pytest.fixture(scope="module")
def paging() -> Iterator[Paging]:
    """Served, in an environment that would lead every connection elsewhere."""
    with (
        hostile() as variables,
        MailCatcher() as mail,
        installations.installation({**variables, "NIGHTBELL_SMTP_URL": mail.url}) as at,
    ):
        at.start()
        yield people(at, mail)
        assert at.stop() == 0


def test_p31_libpqs_variables_lead_nothing_of_an_installation_elsewhere(paging: Paging, tmp_path: Path) -> None:
    paging.assert_pages("Redirected")
    assert paging.at.data("check")["ok"]
    done = paging.at.run("db", "export", str(tmp_path / "all.zip"))
    assert done.returncode == 0, done.stderr
    assert not any(b"\0PGHOST" in Path(f"/proc/{pid}/environ").read_bytes() for pid in paging.at.family())


def test_p31_nor_processes_that_run_alone() -> None:
    with (
        hostile() as variables,
        MailCatcher() as mail,
        installations.installation({**variables, "NIGHTBELL_SMTP_URL": mail.url}) as at,
    ):
        done = at.run("migrate")
        assert done.returncode == 0, done.stderr
        with servers.owner(at.directory / "data", variables), at.log.open("ab") as log:
            engine = subprocess.Popen([*installations.NIGHTBELL, "engine"], env=at.environ, stderr=log)
            try:
                alone = people(at, mail)
                web = subprocess.Popen(
                    [*installations.NIGHTBELL, "web", "--port", str(at.port)], env=at.environ, stderr=log
                )
                try:
                    alone.assert_pages("Alone")
                finally:
                    web.terminate()
                    web.wait(PATIENCE)
            finally:
                engine.kill()
                engine.wait()


def test_p31_where_a_database_is_named_they_mean_what_they_always_do() -> None:
    place = Path(tempfile.mkdtemp(prefix="nb-named-"))
    place.chmod(0o755)
    try:
        with postgres.start(place / "data", servers.FAST) as server:
            given = {"PGHOST": str(server.socket_directory), "PGUSER": "nightbell", "PGDATABASE": "nightbell"}
            with installations.installation({"NIGHTBELL_DATABASE_URL": "postgresql://", **given}) as at:
                assert at.run("migrate").returncode == 0
            assert servers.answer(server.url, "select count(*) > 0 from django_migrations") is True
    finally:
        shutil.rmtree(place)


def test_p20_a_copy_of_a_served_data_directory_is_used_and_the_original_goes_on_paging(paging: Paging) -> None:
    beta = ("org", "create", "Beta", "--admin", "bo@example.com", "--first-name", "Bo")
    with installations.installation({}) as other:
        # What vanishes while it is copied is none of this test's business.
        subprocess.run(["cp", "-a", paging.at.directory / "data", other.directory], check=False)
        made = other.data(*beta)
        assert not made["signInUrl"].startswith(paging.at.url), "the word of the original"
        paging.assert_pages("While a verb had run on a copy")
        other.start()
        again = other.run(*beta)
        assert "There is an organization beta already" in again.stderr
        paging.assert_pages("While a copy runs")
    paging.assert_pages("After a copy was killed")
    assert paging.at.run(*beta).returncode == 0


def _lose_socket(paging: Paging) -> None:
    (paging.at.directory / "data" / "run" / ".s.PGSQL.5432").unlink()


def _lose_directory(paging: Paging) -> None:
    shutil.rmtree(paging.at.directory / "data" / "run")


def _freeze(paging: Paging) -> None:
    os.kill(paging.at.one("bin/postgres -D"), signal.SIGSTOP)


@pytest.mark.parametrize("harm", [_lose_socket, _lose_directory, _freeze])
def test_p21_a_database_that_does_not_answer_is_started_again(paging: Paging, harm: Callable[[Paging], None]) -> None:
    before = paging.at.log.read_text()
    server = paging.at.one("bin/postgres -D")
    harm(paging)
    wait_until(lambda: "started again: it did not answer" in paging.at.log.read_text().removeprefix(before))
    assert server not in paging.at.family()
    paging.assert_pages(f"After {harm.__name__}")


def test_p21_it_is_noticed_within_5_seconds() -> None:
    assert (pulse.SILENT_LOOKS - 1) * supervisor.TICK >= pulse.SILENT_SECONDS, "the last look is the one that counts"
    assert pulse.SILENT_LOOKS * (supervisor.TICK + 0.1) < 5


def test_a_database_that_cannot_be_started_is_tried_again_whatever_the_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = Path(tempfile.mkdtemp(prefix="nb-upgraded-"))
    place.chmod(0o755)
    plan = supervisor.Plan({}, [], {}, "127.0.0.1", 1, lambda: None)
    try:
        with postgres.start(place / "data", servers.FAST) as server:
            watching = supervisor.Supervisor(plan, server)
            assert server._how is not None
            command, account = server._how
            server._how = [tmp_path / "uninstalled", *command[1:]], account
            servers.kill(place / "data")
            watching._keep_database(server)
            assert "the database is down, trying again: " in capfd.readouterr().err
            server._how = command, account
            watching._keep_database(server)
            assert "the database was started again: it had ended" in capfd.readouterr().err
            assert servers.answer(server.url) == 1
    finally:
        shutil.rmtree(place)
