"""What the documentation tells people to type, typed: the same lines, on a real database and a real server."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_django.live_server_helper import LiveServer

from nightbell import postgres
from nightbell.cli.__main__ import cli
from nightbell.data.models import Account, EscalationPolicy, Incident, Override, Schedule
from tests.shape.test_docs import BLOCK, commands

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
# What starts a server, or needs what a test machine has not: other tests run these.
ELSEWHERE = {"serve", "db", "migrate", "secret", "paging", "check"}

Run = Callable[..., str]


@pytest.fixture
def run(server: postgres.Server, live_server: LiveServer) -> Run:
    """A verb, with the key that was made last."""
    environ: dict[str, str | None] = {"NIGHTBELL_DATABASE_URL": server.url, "NIGHTBELL_URL": live_server.url}

    def run(*words: str) -> str:
        result = CliRunner(env=environ).invoke(cli, words)
        assert result.exit_code == 0, f"{' '.join(words)}: {result.output}{result.exception!r}"
        if found := re.search(r"nb_live_[\w-]+", result.output):
            environ["NIGHTBELL_API_KEY"] = found[0]
        return result.output

    run.environ = environ  # type: ignore[attr-defined]
    return run


def typed(run: Run, page: str) -> list[str]:
    """Every command of a page, in its order; what each said."""
    lines = [words for words in commands((ROOT / page).read_text()) if words[0] not in ELSEWHERE]
    return [run(*words) for words in lines]


@pytest.fixture
def owls(run: Run) -> Run:
    """The organization that the README makes, with the others whom the pages name."""
    typed(run, "README.md")
    for name in ("cy", "di", "eve", "zoe"):
        run("member", "add", f"{name}@example.com", "--org", "night-owls", "--first-name", name.capitalize())
    return run


def test_the_readme_leads_from_nothing_to_a_page(run: Run) -> None:
    said = typed(run, "README.md")
    incident = Incident.objects.get()
    assert (incident.title, incident.state) == ("DB pool exhausted", "paging")
    assert "DB pool exhausted" in said[-1]
    assert Account.objects.count() == 2


def test_people_are_made_as_the_page_on_running_says(run: Run) -> None:
    typed(run, "docs/how-to/run.md")
    assert sorted(Account.objects.values_list("email", flat=True)) == ["ana@example.com", "bo@example.com"]


def test_schedules_are_set_up_as_their_page_says(owls: Run) -> None:
    typed(owls, "docs/how-to/schedules.md")
    assert Schedule.objects.get().layers.count() == 2
    assert EscalationPolicy.objects.filter(name="Platform first").exists()
    assert Override.objects.count() == 2


def test_incidents_are_opened_from_a_shell_as_the_page_says(owls: Run) -> None:
    typed(owls, "docs/how-to/open-incidents.md")
    assert set(Incident.objects.values_list("title", flat=True)) == {"DB pool exhausted", "Backup failed"}


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on this machine")
@pytest.mark.parametrize("page", ["docs/how-to/open-incidents.md", "docs/how-to/schedules.md", "docs/reference/api.md"])
def test_what_is_sent_with_curl_is_taken(owls: Run, live_server: LiveServer, page: str) -> None:
    owls(
        "schedule",
        "create",
        "Platform",
        "--org",
        "night-owls",
        "--timezone",
        "UTC",
        "--layer",
        "ana@example.com:daily:09:00",
    )
    owls("policy", "create", "By schedule", "--org", "night-owls", "--layer", "schedule:Platform:5")
    ids = {
        "ownerId": Account.objects.get(email="ana@example.com").id,
        "escalationPolicyId": EscalationPolicy.objects.get(name="Shop front").id,
        "ownerScheduleId": Schedule.objects.get().id,
    }
    bo = Account.objects.get(email="bo@example.com").id
    ids |= {"scheduleId": ids["ownerScheduleId"], "userId": ids["ownerId"], "targetUserId": bo}
    ids |= {"userIds": bo, "participantIds": bo}
    blocks = BLOCK.findall((ROOT / page).read_text())
    calls = [each for block in blocks for each in re.split(r"(?m)^(?=curl )", block) if each.startswith("curl ")]
    assert calls
    for call in calls:
        line = call.replace("https://pager.example.com", live_server.url)
        for name, value in ids.items():
            line = line.replace(f'"{name}": "…"', f'"{name}": "{value}"').replace(
                f'"{name}": ["…"]', f'"{name}": ["{value}"]'
            )
        line = line.replace("SCHEDULE", str(ids["scheduleId"]))
        assert "…" not in line, line
        environ = {"NIGHTBELL_API_KEY": owls.environ["NIGHTBELL_API_KEY"], "PATH": "/usr/bin:/bin"}  # type: ignore[attr-defined]
        done = subprocess.run(["sh", "-c", line], env=environ, capture_output=True, text=True, timeout=30, check=True)
        assert "data" in json.loads(done.stdout), done.stdout
