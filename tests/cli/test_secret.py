"""The keys that keep others' tokens unreadable: made, changed, and shown by nobody."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from click.testing import CliRunner, Result
from pytest_django import Settings

from nightbell import postgres
from nightbell.actions import workspaces
from nightbell.channels.slack.settings import SlackSettings
from nightbell.cli.__main__ import cli
from nightbell.conf import env
from nightbell.data import secrets
from nightbell.data.models import Workspace
from tests.cli import installations
from tests.world import World

OLD, NEW, OTHER = (base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"o", b"n", b"x"))
TOKEN = "xoxb-kept-with-care"
SECRETS = {
    "NIGHTBELL_SLACK_CLIENT_SECRET": "client-secret-word",
    "NIGHTBELL_SLACK_SIGNING_SECRET": "signing-secret-word",
    "NIGHTBELL_ENCRYPTION_KEYS": f"{NEW},{OLD}",
    "NIGHTBELL_SECRET_KEY": "a-key-that-signs-sessions-and-links",
    "NIGHTBELL_SMTP_URL": "smtps://pager:mail-password@mail.example.com",
    "NIGHTBELL_DATABASE_URL": "postgresql://nightbell:database-password@db.example.com/nightbell",
}


def run(*arguments: str, environ: Mapping[str, str | None]) -> Result:
    return CliRunner(env=environ).invoke(cli, arguments)


def use(settings: Settings, keys: str | None) -> None:
    settings.NIGHTBELL = settings.NIGHTBELL.model_copy(update={"encryption_keys": keys})


def kept() -> str:
    """The token, as it lies in the database."""
    token = Workspace.objects.get().token
    assert token is not None
    return token


@pytest.fixture
def connected(world: World, settings: Settings) -> str:
    """A workspace whose token is kept with the old key; as it is kept."""
    use(settings, OLD)
    workspaces.connect(world.zoe.principal, workspaces.Granted("slack", "T0OWLS", "Night Owls", "U0BELL", TOKEN))
    return kept()


@contextmanager
def here(server: postgres.Server, keys: str | None) -> Iterator[installations.Installation]:
    """An installation on the tests' own database, with these keys."""
    given = {"NIGHTBELL_ENCRYPTION_KEYS": keys} if keys is not None else {}
    with installations.installation({"NIGHTBELL_DATABASE_URL": server.url, **given}) as at:
        yield at


def test_a_new_key_can_be_used_as_it_is_printed(settings: Settings) -> None:
    printed = [run("secret", "new-key", environ={}) for _ in range(2)]
    assert [each.exit_code for each in printed] == [0, 0]
    first, second = (each.stdout.strip() for each in printed)
    assert first != second
    assert "\n" not in first
    read = env.read({"NIGHTBELL_ENCRYPTION_KEYS": f"{second}, {first}"})
    use(settings, read.encryption_keys)
    assert secrets.decrypt(secrets.encrypt(TOKEN)) == TOKEN


def test_a_key_is_changed_and_the_old_one_is_needed_no_more(
    connected: str, server: postgres.Server, settings: Settings
) -> None:
    with here(server, f"{NEW},{OLD}") as at:
        done = at.run("secret", "rotate")
    assert (done.returncode, done.stdout) == (0, "1 token encrypted with the first key.\n"), done.stderr
    assert kept() != connected
    use(settings, NEW)
    assert secrets.decrypt(kept()) == TOKEN
    for said in (done.stdout, done.stderr):
        assert not any(secret in said for secret in (TOKEN, OLD, NEW))


@pytest.mark.parametrize(
    ("keys", "words"), [(OTHER, "none of NIGHTBELL_ENCRYPTION_KEYS opens this secret"), (None, "is not set")]
)
def test_keys_that_open_nothing_are_one_line_and_1_and_change_nothing(
    connected: str, server: postgres.Server, keys: str | None, words: str
) -> None:
    with here(server, keys) as at:
        done = at.run("secret", "rotate")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("Error: ")
    assert words in line
    assert kept() == connected


def test_an_embedded_database_is_started_for_it() -> None:
    with installations.installation({"NIGHTBELL_ENCRYPTION_KEYS": NEW}) as at:
        assert "run nightbell migrate" in at.run("secret", "rotate").stderr
        assert at.run("migrate").returncode == 0
        done = at.run("secret", "rotate")
    assert (done.returncode, done.stdout) == (0, "0 tokens encrypted with the first key.\n"), done.stderr


@pytest.mark.parametrize(
    "wrong", ["x", OLD[:-2], f"{NEW},", f"{NEW},,{OLD}", f"{NEW} {OLD}", "é" * 44, f"{OLD},secret-word"]
)
def test_keys_that_are_none_are_told_with_every_other_mistake_and_not_repeated(wrong: str) -> None:
    done = run("secret", "rotate", environ={"NIGHTBELL_ENCRYPTION_KEYS": wrong, "NIGHTBELL_SENDERS": "many"})
    assert done.exit_code == 2
    assert sorted(line.partition(":")[0] for line in done.stderr.splitlines()) == [
        "NIGHTBELL_ENCRYPTION_KEYS",
        "NIGHTBELL_SENDERS",
    ]
    assert "must be keys of `nightbell secret new-key`, with commas between them" in done.stderr
    for part in wrong.split(","):
        assert len(part) < 2 or part not in done.stderr


def test_an_address_of_slacks_that_is_none_is_told_too() -> None:
    with pytest.raises(env.Mistakes) as mistakes:
        env.read({"NIGHTBELL_SLACK_API_URL": "slack.com", "NIGHTBELL_ENCRYPTION_KEYS": "x"})
    assert [line.partition(":")[0] for line in mistakes.value.lines] == [
        "NIGHTBELL_SLACK_API_URL",
        "NIGHTBELL_ENCRYPTION_KEYS",
    ]
    assert (
        env.read({"NIGHTBELL_SLACK_API_URL": "http://127.0.0.1:1/api"}).of(SlackSettings).slack_api_url
        == "http://127.0.0.1:1/api/"
    )


def test_slack_is_configured_by_the_app_and_a_key_together() -> None:
    app = {"NIGHTBELL_SLACK_CLIENT_ID": "1.2", **SECRETS}
    assert env.read(app).showing
    for needed in ("NIGHTBELL_SLACK_CLIENT_ID", "NIGHTBELL_SLACK_CLIENT_SECRET", "NIGHTBELL_ENCRYPTION_KEYS"):
        assert not env.read({name: value for name, value in app.items() if name != needed}).showing


def test_settings_that_are_printed_show_no_secret() -> None:
    settings = env.read(SECRETS)
    for shown in (repr(settings), str(settings), f"{settings}", str({"settings": settings})):
        assert "mail_from" in shown
        assert "NIGHTBELL" not in shown
        for secret in ("-secret-word", "-password", "a-key-that-signs", OLD, NEW):
            assert secret not in shown
