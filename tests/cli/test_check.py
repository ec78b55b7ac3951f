"""`nightbell check`: each thing that can be wrong is found, named, and nothing else is."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from nightbell import postgres
from nightbell.cli.__main__ import cli, load
from nightbell.demo import clock
from nightbell.demo.mail import MailCatcher
from tests.cli import installations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mail() -> Iterator[MailCatcher]:
    with MailCatcher(login=("nightbell", "secret-word")) as catcher:
        yield catcher


@pytest.fixture
def one_missing() -> Iterator[None]:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("sessions", "0001_initial")
    yield
    recorder.record_applied("sessions", "0001_initial")


def check(environ: dict[str, str | None]) -> dict[str, Any]:
    result = CliRunner(env=environ).invoke(cli, ["check", "--json"])
    found = json.loads(result.stdout)
    assert result.exit_code == (0 if found["ok"] else 1)
    return {each["name"]: each["says"] if each["ok"] else f"WRONG {each['says']}" for each in found["findings"]}


def test_an_installation_in_order_is_found_in_order(server: postgres.Server, mail: MailCatcher) -> None:
    found = check({"NIGHTBELL_DATABASE_URL": server.url, "NIGHTBELL_SMTP_URL": mail.url})
    assert not [says for says in found.values() if says.startswith("WRONG")]
    assert "for this login" in found["mail"]
    assert not mail.messages


def test_a_refused_login_is_told_without_the_password(server: postgres.Server, mail: MailCatcher) -> None:
    wrong = mail.url.replace("secret-word", "wrong-word")
    found = check({"NIGHTBELL_DATABASE_URL": server.url, "NIGHTBELL_SMTP_URL": wrong})
    assert found["mail"].startswith(f"WRONG 127.0.0.1:{mail.port}: 535")
    assert "wrong-word" not in found["mail"]


def test_a_mail_server_that_is_not_there_is_told(server: postgres.Server) -> None:
    port = installations.free_port()
    found = check({"NIGHTBELL_DATABASE_URL": server.url, "NIGHTBELL_SMTP_URL": f"smtp://127.0.0.1:{port}"})
    assert found["mail"].startswith(f"WRONG 127.0.0.1:{port}: ")


def test_clocks_that_are_apart_are_told(server: postgres.Server) -> None:
    clock.advance(timedelta(hours=1))
    try:
        assert "3600 s apart" in check({"NIGHTBELL_DATABASE_URL": server.url})["clock"]
    finally:
        clock.reset()


def test_missing_migrations_are_told(server: postgres.Server, one_missing: None) -> None:
    found = check({"NIGHTBELL_DATABASE_URL": server.url})
    assert found["migrations"] == "WRONG 1 are missing: run nightbell migrate"


def test_an_embedded_database_that_does_not_run_is_told(tmp_path: Path) -> None:
    found = check({"NIGHTBELL_DATABASE_URL": None, "NIGHTBELL_DATA_DIR": str(tmp_path)})
    assert "nightbell serve starts it" in found["database"]
    assert "clock" not in found


def test_the_web_servers_worker_refuses_a_database_that_is_not_up_to_date(one_missing: None) -> None:
    with pytest.raises(SystemExit, match="run nightbell migrate"):
        worker()


def test_the_web_servers_worker_serves_one_that_is() -> None:
    assert callable(worker().application)


def worker() -> ModuleType:
    """The worker's module as a process of its own would load it: what it checks, it checks then."""
    sys.modules.pop("nightbell.cli.worker", None)
    return load("worker")


def test_slack_that_is_half_set_up_is_named(server: postgres.Server) -> None:
    given: dict[str, str | None] = {"NIGHTBELL_DATABASE_URL": server.url}
    assert check(given)["Slack"] == "not set up; nobody is paged there"
    given |= {"NIGHTBELL_SLACK_CLIENT_ID": "1.2", "NIGHTBELL_SLACK_SIGNING_SECRET": "s"}
    assert check(given)["Slack"] == ("WRONG NIGHTBELL_SLACK_CLIENT_SECRET and NIGHTBELL_ENCRYPTION_KEYS not set")
    given |= {"NIGHTBELL_SLACK_CLIENT_SECRET": "s", "NIGHTBELL_ENCRYPTION_KEYS": Fernet.generate_key().decode()}
    assert check(given)["Slack"].startswith("set up")
