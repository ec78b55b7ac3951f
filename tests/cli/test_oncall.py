"""Who is on call, from the command line: schedules set up on the database, and asked of a running server."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pytest_django.live_server_helper import LiveServer

from nightbell import postgres
from nightbell.cli.__main__ import cli
from nightbell.cli.client import incident
from nightbell.cli.oncall import oncall, override
from nightbell.core import zones
from nightbell.data.models import EscalationLayer, Override, RotationLayer, Schedule

pytestmark = pytest.mark.django_db(transaction=True)

LAYER = ("--layer", "ana@example.com, BO@example.com:weekly:09:00")


@pytest.fixture
def run(server: postgres.Server) -> Any:
    def run(*arguments: str) -> Result:
        return CliRunner(env={"NIGHTBELL_DATABASE_URL": server.url}).invoke(cli, arguments)

    return run


@pytest.fixture
def data(run: Any) -> Any:
    def data(*arguments: str) -> Any:
        result = run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return data


@pytest.fixture
def acme(data: Any) -> Any:
    made = data("org", "create", "Acme", "--admin", "ana@example.com", "--first-name", "Ana", "--last-name", "Ruiz")
    data("member", "add", "bo@example.com", "--org", "acme", "--first-name", "Bo")
    return made


@pytest.fixture
def ask(acme: Any, data: Any, live_server: LiveServer) -> Any:
    """The verbs that talk to a running server."""
    key = data("key", "create", "ci", "--org", "acme")["key"]
    environ = {"NIGHTBELL_URL": live_server.url, "NIGHTBELL_API_KEY": key}

    def ask(verb: Any, *arguments: str) -> Result:
        return CliRunner(env=environ).invoke(verb, arguments)

    return ask


def creates(data: Any, *more: str, name: str = "Platform") -> Any:
    return data("schedule", "create", name, "--org", "acme", "--timezone", "Europe/Berlin", *more)


def test_a_schedule_is_made_with_its_layers(data: Any, acme: Any) -> None:
    made = creates(data, *LAYER, "--layer", "bo@example.com:3:08:30", "--from", "2026-01-05T09:00+01:00")
    first, second = RotationLayer.objects.filter(schedule_id=made["id"]).order_by("position")
    assert (first.rotation_type, first.rotation_length_days, f"{first.handoff_time}") == ("weekly", 7, "09:00:00")
    assert first.effective_from == datetime.fromisoformat("2026-01-05T08:00Z")
    assert str(first.participant_ids[0]) == acme["userId"]
    assert len(first.participant_ids) == 2
    assert (second.rotation_type, second.rotation_length_days) == ("custom", 3)
    added = data("schedule", "layer", "PLATFORM", "ana@example.com:daily:07:00", "--org", "acme")
    assert str(RotationLayer.objects.get(position=2).id) == added["id"]


def test_a_schedule_with_a_wrong_layer_is_not_made_at_all(run: Any, acme: Any) -> None:
    twice = "ana@example.com,ana@example.com:daily:09:00"
    result = run("schedule", "create", "P", "--org", "acme", "--timezone", "UTC", *LAYER, "--layer", twice)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: participant_ids: ")
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("schedule", "create", "P", "--org", "acme", "--timezone", "Mars/Olympus"), "timezone"),
        (("schedule", "create", " ", "--org", "acme", "--timezone", "UTC"), "name"),
        (("schedule", "create", "P", "--org", "other", "--timezone", "UTC"), "org"),
        (("schedule", "create", "P", "--org", "acme", "--timezone", "UTC", "--layer", "cy@a.b:1:09:00"), "email"),
        (("schedule", "layer", "Other", "ana@example.com:daily:09:00", "--org", "acme"), "name"),
        (("policy", "create", "P", "--org", "acme", "--layer", "schedule:Other:5"), "schedule"),
    ],
)
def test_a_refusal_is_one_line_that_names_the_field(run: Any, acme: Any, arguments: Any, field: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {field}: ")
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    "layer",
    ["ana@example.com", "ana@example.com:weekly", "ana@example.com:yearly:09:00", ":daily:09:00", "a@b:daily:24:00"],
)
def test_a_layer_that_is_none_ends_with_2(run: Any, acme: Any, layer: str) -> None:
    result = run("schedule", "create", "P", "--org", "acme", "--timezone", "UTC", "--layer", layer)
    assert result.exit_code == 2
    assert "is not like ana@example.com,bo@example.com:weekly:09:00" in result.stderr


@pytest.mark.parametrize("since", ["tomorrow", "2026-01-05T09:00"])
def test_a_start_needs_its_offset(run: Any, acme: Any, since: str) -> None:
    assert run("schedule", "create", "P", "--org", "acme", "--timezone", "UTC", "--from", since).exit_code == 2


def test_a_policy_pages_a_schedule_by_its_name(run: Any, data: Any, acme: Any) -> None:
    schedule = creates(data, *LAYER, name="Platform: nights")
    layers = ("--layer", "schedule:platform: NIGHTS:5", "--layer", "bo@example.com:15")
    made = data("policy", "create", "Payments", "--org", "acme", *layers)
    first, second = EscalationLayer.objects.filter(policy_id=made["id"]).order_by("position")
    assert (str(first.schedule_id), first.user_ids, first.ack_timeout_minutes) == (schedule["id"], None, 5)
    assert (second.schedule_id, second.ack_timeout_minutes) == (None, 15)
    assert run("policy", "create", "P", "--org", "acme", "--layer", "schedule::5").exit_code == 2


def test_who_is_on_call_is_said_for_all_schedules_and_for_one(data: Any, ask: Any) -> None:
    creates(data, *LAYER, "--layer", "bo@example.com:daily:09:00")
    creates(data, name="Empty")
    said = ask(oncall).stdout.splitlines()
    assert said[0] == "Empty: nobody is on call"
    assert said[1].startswith("Platform, rotation 1: Ana Ruiz until ")
    assert said[2].startswith("Platform, rotation 2: Bo until ")
    assert ask(oncall, "platform").stdout.splitlines() == said[1:]
    shown = json.loads(ask(oncall, "Platform", "--json").stdout)
    assert (shown["name"], shown["owner"]["name"]) == ("Platform", "Ana Ruiz")
    later = json.loads(ask(oncall, "Platform", "--at", shown["owner"]["until"], "--json").stdout)
    assert later["owner"]["name"] == "Bo"
    assert [each["name"] for each in json.loads(ask(oncall, "--json").stdout)["schedules"]] == ["Empty", "Platform"]


def test_somebody_else_is_put_on_call_and_takes_the_shift(data: Any, ask: Any) -> None:
    creates(data, *LAYER, "--layer", "ana@example.com:daily:09:00")
    owner = json.loads(ask(oncall, "Platform", "--json").stdout)["owner"]
    until = (datetime.fromisoformat(owner["until"]) - timedelta(hours=1)).isoformat()
    said = ask(override, "create", "platform", "bo@example.com", "--until", until)
    assert said.exit_code == 0, said.output
    assert said.stdout.startswith("Bo is on call on Platform from ")
    assert json.loads(ask(oncall, "Platform", "--json").stdout)["owner"]["name"] == "Bo"
    taken = json.loads(ask(override, "take", "Platform", owner["id"], "--json").stdout)
    assert taken["endsAt"] == datetime.fromisoformat(until).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    layer = ask(override, "create", "Platform", "bo@example.com", "--until", until, "--rotation", "2", "--json")
    assert json.loads(layer.stdout)["layerId"] == str(RotationLayer.objects.get(position=1).id)
    assert Override.objects.count() == 3


def test_an_incident_opens_for_whoever_is_on_call_with_a_policy_by_its_name(data: Any, ask: Any) -> None:
    creates(data, *LAYER)
    data("policy", "create", "Shop front", "--org", "acme", "--layer", "schedule:platform:5")
    opened = json.loads(ask(incident, "open", "Queue is stuck", "--on-call", "PLATFORM", "--json").stdout)
    assert opened["escalation"]["policyName"] == "Shop front"
    named = ask(incident, "open", "Stuck again", "--owner", "bo@example.com", "--policy", "shop FRONT", "--json")
    assert json.loads(named.stdout)["escalation"]["state"] == "paging"
    refused = ask(incident, "open", "No such thing", "--on-call", "Plumbing")
    assert (refused.exit_code, "There is no schedule Plumbing." in refused.output) == (1, True)
    assert ask(incident, "open", "Nobody's").exit_code == 2


def test_what_is_refused_is_said_and_changes_nothing(data: Any, ask: Any) -> None:
    creates(data, *LAYER)
    for arguments, words in (
        (("create", "Other", "bo@example.com", "--until", "2100-01-01T00:00Z"), "There is no schedule Other."),
        (("create", "Platform", "cy@example.com", "--until", "2100-01-01T00:00Z"), "Nobody here has the address"),
        (("create", "Platform", "bo@example.com", "--until", "2001-01-01T00:00Z"), "endsAt"),
        (
            ("create", "Platform", "bo@example.com", "--until", "2100-01-01", "--rotation", "4"),
            "There is no rotation 4",
        ),
    ):
        result = ask(override, *arguments)
        assert result.exit_code == 1
        assert words in result.stderr
    assert ask(override, "create", "Platform", "bo@example.com", "--until", "soon").exit_code == 2
    assert not Override.objects.exists()


def test_without_a_schedule_that_is_said(ask: Any) -> None:
    assert ask(oncall).stdout == "No schedules.\n"


def test_without_a_key_the_way_to_one_is_said() -> None:
    result = CliRunner(env={"NIGHTBELL_API_KEY": ""}).invoke(oncall)
    assert result.exit_code == 2
    assert "nightbell key create" in result.stderr
    assert CliRunner(env={"NIGHTBELL_API_KEY": ""}).invoke(override, ["create", "--help"]).exit_code == 0


def test_which_rules_of_time_zones_are_in_use_is_said(run: Any) -> None:
    found = json.loads(run("check", "--json").stdout)["findings"]
    (says,) = [each["says"] for each in found if each["name"] == "time zones"]
    assert says == f"{zones.source()}, whatever the system has"
