"""What the command line says of an import and of what it holds, and what the file it reads does not contain."""

import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from nightbell import postgres
from nightbell.actions import holds, organizations, people, signed_links
from nightbell.cli.__main__ import cli
from nightbell.core.link_grants import AcknowledgeGrant
from nightbell.data import clock, secrets
from nightbell.data.models import Account, Audit
from tests import restoring
from tests.world import World

OURS = "a-key-that-signs-sessions-and-links"


@pytest.fixture
def run(server: postgres.Server) -> Any:
    def run(*arguments: str, typed: str = "") -> Result:
        return CliRunner(env={"NIGHTBELL_DATABASE_URL": server.url}).invoke(cli, arguments, input=typed)

    return run


@pytest.fixture
def held(world: World, server: postgres.Server, tmp_path: Path) -> World:
    """Two incidents are held."""
    (ana,) = world.members("Ana")
    for title in ("Disk full", "DB pool exhausted"):
        world.opens(title, layers=[([ana], 5), ([world.zoe], 15)])
    world.forgets_mail()
    restoring.restore(server, tmp_path / "export.zip")
    return world


def finding(run: Any) -> tuple[bool, str]:
    (found,) = [each for each in json.loads(run("check", "--json").stdout)["findings"] if each["name"] == "restore"]
    return found["ok"], found["says"]


def test_p27_check_says_what_is_held_and_what_to_do(held: World, run: Any) -> None:
    ok, says = finding(run)
    assert not ok
    assert says.startswith("held since a restore for 2 incidents (night-owls): nobody is paged for them")
    assert says.endswith("nightbell paging resume")
    holds.resume(held.zoe.principal)
    assert finding(run) == (True, "nothing is held")


def test_p27_paging_is_shown_and_resumed_once_somebody_said_so(held: World, run: Any) -> None:
    assert run("paging", "show").stdout.splitlines()[0] == "night-owls: paging is held for 2 incidents."
    counted = {"incidents": 2, "organizations": [{"slug": "night-owls", "incidents": 2}]}
    assert json.loads(run("paging", "show", "--json").stdout) == counted
    for typed in ("", "n\n"):
        asked = run("paging", "resume", typed=typed)
        assert asked.exit_code == 1
        assert "Page again for 2 incidents in 1 organization?" in asked.stderr
    assert json.loads(run("paging", "show", "--json").stdout) == counted
    done = run("paging", "resume", typed="y\n")
    assert (done.exit_code, done.stdout) == (0, "Paging goes on for 2 incidents.\n")
    for verb in (("show",), ("resume",), ("resume", "--yes")):
        assert run("paging", *verb).stdout == "Nothing is held.\n"
    assert json.loads(run("paging", "resume", "--json").stdout) == {"incidents": 0, "organizations": []}
    held.settles()
    held.forgets_mail()


def test_p27_without_a_terminal_it_takes_yes(held: World, run: Any) -> None:
    done = run("paging", "resume", "--yes")
    assert (done.exit_code, done.stdout) == (0, "Paging goes on for 2 incidents.\n")
    held.settles()
    held.forgets_mail()


@pytest.mark.parametrize("environment", [None, OURS])
def test_x04_links_and_sessions_of_before_an_import_are_void(
    world: World,
    server: postgres.Server,
    tmp_path: Path,
    settings: Settings,
    environment: str | None,
) -> None:
    settings.NIGHTBELL = settings.NIGHTBELL.model_copy(update={"secret_key": environment})
    settings.SECRET_KEY = secrets.signing_key()
    zoe = Account.objects.get(id=world.zoe.id)
    incident = world.opens("DB pool exhausted", layers=[([world.zoe], 5)])
    world.forgets_mail()
    browser = Client()
    browser.force_login(zoe, backend=configured.AUTHENTICATION_BACKENDS[0])
    one_time = signed_links.sign_in_url(zoe)
    acknowledge = signed_links.acknowledge_url(AcknowledgeGrant(incident.id, zoe.id, clock.now()))
    opened = [browser.get("/").status_code, *_opens(one_time, acknowledge)]
    assert opened == [200, True, True]

    restoring.restore(server, tmp_path / "export.zip")
    settings.SECRET_KEY = secrets.signing_key()  # as a process that starts now reads it

    assert [browser.get("/").status_code, *_opens(one_time, acknowledge)] == [302, False, False]
    assert all(
        _opens(
            signed_links.sign_in_url(zoe),
            signed_links.acknowledge_url(AcknowledgeGrant(incident.id, zoe.id, clock.now())),
        )
    )


def _opens(one_time: str, acknowledge: str) -> tuple[bool, bool]:
    """Whether the one lets somebody set a password, and the other shows its incident."""
    path = one_time.removeprefix(configured.NIGHTBELL.url)
    form = Client().get(path, follow=True).content.decode()
    shown = Client().get(acknowledge.removeprefix(configured.NIGHTBELL.url)).content.decode()
    return 'name="password1"' in form, "DB pool exhausted" in shown


def test_an_export_and_an_import_are_on_the_record_of_every_organization(
    world: World, server: postgres.Server, tmp_path: Path
) -> None:
    organizations.create(world.operator, "Day Larks", people.Person("lark@larks.example", "Lark"))

    def recorded() -> list[tuple[str, str, str]]:
        found = Audit.objects.filter(kind__in=("exported", "imported")).order_by("organization__name", "id")
        assert {(each.actor["via"], each.incident_id) for each in found} == {("cli", None)}
        return [(each.organization.name, each.kind, each.actor["name"]) for each in found]

    restoring.export(server, tmp_path / "first.zip")
    exported = [(name, "exported", "command line") for name in ("Day Larks", "Night Owls")]
    assert recorded() == exported
    restoring.restore(server, tmp_path / "second.zip")
    # The second export is said where it was made, which is lost.
    imported = [(name, "imported", "command line") for name in ("Day Larks", "Night Owls")]
    assert recorded() == sorted(exported + imported)


def test_x04_a_file_holds_no_signing_key_and_no_session(world: World, server: postgres.Server, tmp_path: Path) -> None:
    key = secrets.signing_key()
    Client().force_login(Account.objects.get(id=world.zoe.id), backend=configured.AUTHENTICATION_BACKENDS[0])
    file = tmp_path / "export.zip"
    restoring.export(server, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        whole = b"".join(archive.read(name) for name in names)
    assert not [name for name in names if "session" in name or "installation" in name]
    assert key.encode() not in whole
    assert "tables/account.copy" in names
