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
from nightbell.actions import ids
from nightbell.channels.email import smtp
from nightbell.cli.__main__ import cli, load
from nightbell.data import beats, bounded
from nightbell.demo import clock
from nightbell.demo.mail import MailCatcher
from tests.cli import installations
from tests.world import World

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
    line = bounded.Line("a test")
    beats.write(line, beats.Engine(ids.new(), "host", "0"), {"deadlines": 0.1}, [])
    line.close()
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


@pytest.mark.parametrize(
    ("stage", "says", "remedy"),
    [
        ("rcpt", "504 5.5.2 <a1b2>: Helo command rejected: need fully-qualified hostname", "full host name"),
        ("rcpt", "554 5.7.1 <zoe@owls.example>: Relay access denied", "log in"),
        ("rcpt", "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org", "through a relay that knows"),
        ("rcpt", "530 5.7.0 Authentication required", "wants a login"),
        ("rcpt", "550 5.1.7 nobody of ours", "NIGHTBELL_MAIL_FROM"),
        ("rcpt", "550 5.1.1 no such user", "zoe@owls.example takes no mail"),
        ("rcpt", "451 4.3.0 what now", "pages wait until"),
        ("mail", "553 5.7.1 not you", "NIGHTBELL_MAIL_FROM"),
        ("mail", "530 5.7.0 Must issue a STARTTLS command first", "smtp+starttls://"),
    ],
)
def test_e08_a_fault_told_as_late_as_at_rcpt_is_told_with_what_to_do(
    server: postgres.Server, world: World, mail: MailCatcher, stage: str, says: str, remedy: str
) -> None:
    mail.answer(**{stage: says})  # type: ignore[arg-type]
    found = check({"NIGHTBELL_DATABASE_URL": server.url, "NIGHTBELL_SMTP_URL": mail.url})["mail"]
    assert found.startswith(f"WRONG 127.0.0.1:{mail.port}: {says}")
    assert {"mail": "MAIL FROM:<nightbell@localhost>", "rcpt": "RCPT TO:<zoe@owls.example>"}[stage] in found
    assert remedy in found.partition("): ")[2]
    assert not mail.messages


def test_before_there_is_an_admin_the_sender_is_the_recipient(server: postgres.Server, mail: MailCatcher) -> None:
    given = {"NIGHTBELL_SMTP_URL": mail.url, "NIGHTBELL_MAIL_FROM": "Nightbell <pager@owls.example>"}
    assert "takes mail to pager@owls.example" in check({"NIGHTBELL_DATABASE_URL": server.url, **given})["mail"]
    assert not mail.messages


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("smtps://localhost:{port}", "nothing speaks TLS on that port"),
        ("smtp+starttls://localhost:{port}", "no STARTTLS on that port"),
        ("smtp://nobody.invalid:{port}", "host, port and firewall"),
    ],
)
def test_a_wrong_address_of_the_mail_server_is_told_with_what_to_do(
    server: postgres.Server, mail: MailCatcher, url: str, remedy: str
) -> None:
    found = check({"NIGHTBELL_DATABASE_URL": server.url, "NIGHTBELL_SMTP_URL": url.format(port=mail.port)})
    assert remedy in found["mail"]


def test_p32_a_mail_server_that_trickles_does_not_hold_the_check(
    server: postgres.Server, mail: MailCatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "LIMITS", smtp.LIMITS.times(0.05))
    mail.trickle(0.5)
    found = check({"NIGHTBELL_DATABASE_URL": server.url, "NIGHTBELL_SMTP_URL": mail.url})["mail"]
    assert "no answer within 1 s" in found
    assert "host, port and firewall" in found


def test_p25_paging_that_stands_still_is_told(server: postgres.Server) -> None:
    assert check({"NIGHTBELL_DATABASE_URL": server.url})["paging"] == "WRONG no engine has reported for 15 s"


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
