"""Where a verb finds its database, its address and its port."""

import shutil
import smtplib
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import psycopg
import pytest
from click.testing import CliRunner
from pytest_django import Settings

from nightbell import postgres
from nightbell.cli import database, demonstration, web
from nightbell.cli.__main__ import cli, load
from nightbell.conf import env
from nightbell.conf import settings as conf
from nightbell.data.models import Membership
from nightbell.demo import clock, inbox, people
from tests import environment
from tests.cli import installations


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that a server's user may pass."""
    made = Path(tempfile.mkdtemp(prefix="nightbell-places-"))
    made.chmod(0o755)
    yield made / "data"
    shutil.rmtree(made)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_the_database_that_is_named_is_used_as_it_is(server: postgres.Server) -> None:
    settings = env.Settings(database_url=server.url)
    assert database.running_database_url(settings) == server.url
    with database.database_url(settings) as url:
        assert url == server.url


def test_the_embedded_database_is_started_for_one_verb_and_stopped_after_it(place: Path) -> None:
    settings = env.Settings(data_dir=place)
    with database.database_url(settings) as url:
        with psycopg.connect(url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert database.running_database_url(settings) == url
    with pytest.raises(click.ClickException, match="nightbell serve starts it"):
        database.running_database_url(settings)


def test_x21_a_server_of_another_user_is_told_with_the_line_that_helps(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/nightbell", "key", "create", "a b", "--org", "acme"])
    with postgres.start(place, demonstration.FORGETFUL):
        (place / "pg_ident.conf").write_text('nightbell "pager" nightbell\n')
        here = CliRunner(env={"NIGHTBELL_DATA_DIR": str(place), "NIGHTBELL_DATABASE_URL": None})
        told = [here.invoke(cli, verb).stderr for verb in (sys.argv[1:], ["engine"])]
    for each in told:
        assert "runs for pager" in each
        assert f"sudo -u pager env NIGHTBELL_DATA_DIR={place} /usr/bin/nightbell key create 'a b' --org acme" in each


def test_a_data_directory_that_cannot_be_one_is_told(place: Path) -> None:
    place.write_text("a file")
    with (
        pytest.raises(click.ClickException, match="is not a directory"),
        database.database_url(env.Settings(data_dir=place)),
    ):
        pass


def test_where_serve_listens_is_remembered(place: Path) -> None:
    settings = env.Settings(data_dir=place)
    assert database.remembered_url(settings) is None
    place.mkdir()
    database.remember_url(settings, "http://127.0.0.1:8123", "http://127.0.0.1:8123")
    assert database.remembered_url(settings) == "http://127.0.0.1:8123"


def test_p20_where_the_original_listens_is_not_believed_in_a_copy(place: Path) -> None:
    place.mkdir()
    database.remember_url(env.Settings(data_dir=place), "http://127.0.0.1:8123", "http://127.0.0.1:8123")
    copy = shutil.copytree(place, place.with_name("copy"))
    assert database.remembered_url(env.Settings(data_dir=copy)) is None


def test_p20_the_word_of_a_copy_is_not_written_through_a_link(place: Path) -> None:
    place.mkdir()
    database.remember_url(env.Settings(data_dir=place), "http://127.0.0.1:8123", "http://127.0.0.1:8123")
    copy = place.with_name("copy")
    copy.mkdir()
    (copy / "url").hardlink_to(place / "url")
    database.remember_url(env.Settings(data_dir=copy), "http://127.0.0.1:8124", "http://127.0.0.1:8124")
    assert database.remembered_url(env.Settings(data_dir=place)) == "http://127.0.0.1:8123"
    assert database.remembered_url(env.Settings(data_dir=copy)) == "http://127.0.0.1:8124"


def test_without_a_data_directory_there_is_a_usual_one() -> None:
    assert database.data_directory(env.Settings()) == postgres.default_data_directory()


def test_a_free_port_passes_and_a_taken_one_is_refused(taken: int) -> None:
    web.check_free("127.0.0.1", installations.free_port())
    with pytest.raises(click.ClickException, match=r"--port: .* something else listens there"):
        web.check_free("127.0.0.1", taken)


def test_a_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(click.ClickException, match=r"cannot listen on 192\.0\.2\.1"):
        web.check_free("192.0.2.1", 8000)


def test_serve_refuses_a_taken_port_before_it_starts_anything(taken: int, place: Path) -> None:
    environ = {"NIGHTBELL_DATA_DIR": str(place), "NIGHTBELL_DATABASE_URL": None}
    refused = CliRunner(env=environ).invoke(cli, ["serve", "--port", str(taken)])
    assert refused.exit_code == 1
    assert "something else listens there" in refused.output
    assert not place.exists()


def test_the_demo_takes_the_next_free_port(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "PORTS", range(taken, taken + 20))
    assert taken < demonstration._free_port() < taken + 20
    monkeypatch.setattr(demonstration, "PORTS", range(taken, taken + 1))
    with pytest.raises(click.ClickException, match="none of"):
        demonstration._free_port()


def test_the_demo_knows_nothing_of_a_real_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTBELL_SECRET_KEY", "a real one, of a real installation")
    monkeypatch.setenv("NIGHTBELL_DATABASE_URL", "postgresql://db.example.com/nightbell")
    plan = demonstration._plan(8000, "postgresql:///demo")
    assert "NIGHTBELL_SECRET_KEY" not in plan.environ
    assert plan.environ["NIGHTBELL_DATABASE_URL"] == "postgresql:///demo"
    assert plan.environ["NIGHTBELL_SMTP_URL"].startswith("smtp://127.0.0.1:")


@pytest.mark.django_db(transaction=True)
def test_the_demos_worker_takes_its_mail(settings: Settings) -> None:
    port = installations.free_port()
    settings.NIGHTBELL = environment.changed(conf.NIGHTBELL, smtp_url=f"smtp://127.0.0.1:{port}")
    try:
        assert callable(load("demo_worker").application)
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as smtp:
            smtp.sendmail("a@example.com", ["b@example.com"], b"Subject: Hello\r\n\r\nThere")
        assert [mail.subject for mail in inbox.INBOX.messages()] == ["Hello"]
    finally:
        inbox.INBOX.close()


@pytest.mark.django_db(transaction=True)
def test_the_demos_people_are_made_in_an_empty_database() -> None:
    done = CliRunner().invoke(cli, ["demo-prepare"])
    assert done.exit_code == 0, done.output
    assert Membership.objects.count() == len(people.OTHERS) + 1 == 5
    assert not clock.offset()
