"""The verbs on the database: what they print, and how they refuse."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nightbell import postgres
from nightbell.actions import incidents
from nightbell.cli.__main__ import cli
from nightbell.core.incident import state
from nightbell.data.access import principal
from nightbell.data.models import ApiKey, EscalationLayer, Membership, Organization

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def environ(server: postgres.Server) -> Mapping[str, str | None]:
    return {"NIGHTBELL_DATABASE_URL": server.url}


@pytest.fixture
def run(environ: Mapping[str, str | None]) -> Any:
    def run(*arguments: str) -> Result:
        return CliRunner(env=environ).invoke(cli, arguments)

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
    data("member", "add", "bo@example.com", "--org", "acme", "--first-name", "Bo", "--role", "admin")
    return made


def refused(result: Result) -> str:
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.strip().splitlines()
    return str(line)


def test_an_organization_is_made_with_its_first_admin_and_a_link_for_them(acme: Any) -> None:
    assert set(acme) == {"organizationId", "slug", "userId", "signInUrl"}
    admin = Membership.objects.get(organization_id=acme["organizationId"], user_id=acme["userId"])
    assert (admin.role, acme["slug"]) == ("org:admin", "acme")
    assert "/accounts/password/reset/key/" in acme["signInUrl"]


def test_people_are_told_in_words_what_was_made(run: Any) -> None:
    said = run("org", "create", "Night Owls", "--admin", "ana@example.com", "--first-name", "Ana").stdout
    assert said.startswith("Made night-owls. Ana is its admin.")
    assert "is a member" in run("member", "add", "bo@example.com", "--org", "night-owls", "--first-name", "Bo").stdout


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("org", "create", "Acme", "--admin", "x@example.com", "--first-name", "X"), "name"),
        (("org", "create", "!", "--admin", "x@example.com", "--first-name", "X"), "name"),
        (("org", "create", "Other", "--admin", "nobody", "--first-name", "X"), "email"),
        (("org", "fallback", "acme", "cy@example.com"), "email"),
        (("org", "fallback", "other"), "org"),
        (("org", "editing", "other", "admins"), "org"),
        (("member", "add", "bo@example.com", "--org", "acme", "--first-name", "Bo"), "email"),
        (("member", "remove", "cy@example.com", "--org", "acme", "--yes"), "email"),
        (("key", "create", "", "--org", "acme"), "name"),
        (("key", "create", "ci", "--org", "other"), "org"),
        (("key", "revoke", "019a0000-0000-7000-8000-000000000000", "--org", "acme"), "id"),
        (("policy", "create", "P", "--org", "acme", "--layer", "cy@example.com:5"), "email"),
        (("policy", "create", "P", "--org", "acme", "--layer", "bo@example.com:0"), "layers.0.ack_timeout_minutes"),
        (("policy", "create", "P", "--org", "acme", "--layer", "bo@example.com:5", "--repeat", "10"), "repeat_count"),
    ],
)
def test_a_refusal_is_one_line_that_names_the_field(run: Any, acme: Any, arguments: Any, field: str) -> None:
    assert refused(run(*arguments)).startswith(f"Error: {field}: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("org", "create"),
        ("member", "add", "cy@example.com", "--org", "acme"),
        ("key", "revoke", "7", "--org", "acme"),
        ("policy", "create", "P", "--org", "acme"),
        ("policy", "create", "P", "--org", "acme", "--layer", "bo@example.com"),
        ("policy", "create", "P", "--org", "acme", "--layer", ":5"),
        ("policy", "create", "P", "--org", "acme", "--layer", "bo@example.com:five"),
        ("policy", "create", "P", "--org", "acme", "--layer", "bo@example.com:5", "--repeat", "x"),
        ("no-such-verb",),
    ],
)
def test_a_wrong_use_ends_with_2(run: Any, arguments: Any) -> None:
    assert run(*arguments).exit_code == 2


def test_a_policy_has_the_layers_it_was_given_in_their_order(data: Any, acme: Any) -> None:
    layers = ("--layer", "ana@example.com, BO@example.com:5", "--layer", "bo@example.com:15")
    made = data("policy", "create", "Payments", "--org", "acme", *layers, "--repeat", "2")
    first, second = EscalationLayer.objects.filter(policy_id=made["id"]).order_by("position")
    assert (len(first.user_ids or []), first.ack_timeout_minutes) == (2, 5)
    assert (len(second.user_ids or []), second.ack_timeout_minutes) == (1, 15)


def test_a_key_is_shown_once_works_and_is_revoked(run: Any, data: Any, acme: Any) -> None:
    made = data("key", "create", "ci", "--org", "acme")
    assert principal.of_key(made["key"]) is not None
    assert data("key", "revoke", made["id"], "--org", "acme", "--yes") == {"id": made["id"]}
    assert principal.of_key(made["key"]) is None
    plain = run("key", "create", "shell", "--org", "acme")
    assert principal.of_key(plain.stdout.strip()) is not None
    assert ApiKey.objects.get(name="shell").created_by_id is None


def test_schedules_and_policies_are_reserved_for_admins_and_left_to_members(data: Any, acme: Any) -> None:
    assert Organization.objects.get().members_edit
    assert data("org", "editing", "acme", "admins")["editing"] == "admins"
    assert not Organization.objects.get().members_edit
    assert data("org", "editing", "acme", "members")["editing"] == "members"
    assert Organization.objects.get().members_edit


def test_the_last_resort_is_named_and_forgotten(data: Any, acme: Any) -> None:
    named = data("org", "fallback", "acme", "bo@example.com", "ana@example.com")
    assert [str(each) for each in Organization.objects.get().fallback_user_ids] == named["userIds"]
    assert data("org", "fallback", "acme")["userIds"] == []
    assert Organization.objects.get().fallback_user_ids == []


def test_removing_somebody_tells_which_open_incidents_changed(run: Any, data: Any, acme: Any) -> None:
    key = principal.of_key(data("key", "create", "ci", "--org", "acme")["key"])
    assert key is not None
    bo = Membership.objects.get(user__email="bo@example.com").user_id
    opened, _ = incidents.open_incident(key, incidents.Opening("DB pool", state.Severity.HIGH, bo))
    removed = data("member", "remove", "bo@example.com", "--org", "acme", "--yes")
    (effect,) = removed["incidents"]
    assert effect["number"] == opened.number
    assert effect["ownerId"] == acme["userId"]
    data("member", "add", "bo@example.com", "--org", "acme", "--first-name", "Bo")
    again = run("member", "remove", "bo@example.com", "--org", "acme", "--yes")
    assert "No open incident was theirs to answer." in again.stdout
    assert refused(run("member", "remove", "ana@example.com", "--org", "acme", "--yes")).startswith("Error: user_id: ")


def test_migrating_again_does_nothing(run: Any, data: Any) -> None:
    assert data("migrate") == {"migrated": []}
    assert run("migrate").stdout == "Nothing to do.\n"
    assert run("migrate", "--quiet").stdout == ""


def test_check_says_what_is_wrong_and_ends_with_1(run: Any) -> None:
    found = run("check")
    assert found.exit_code == 1
    assert "ok     database: PostgreSQL" in found.stdout
    assert "ok     migrations" in found.stdout
    assert "WRONG  mail: NIGHTBELL_SMTP_URL is not set" in found.stdout


def test_openapi_is_printed_as_json(run: Any) -> None:
    assert json.loads(run("openapi").stdout)["openapi"].startswith("3.1")


def test_x21_what_there_is_is_listed(run: Any, data: Any, acme: Any) -> None:
    key = data("key", "create", "ci", "--org", "acme")
    principal.of_key(data("key", "create", "old", "--org", "acme")["key"])
    creates = ("policy", "create", "Payments", "--org", "acme", "--repeat", "1")
    policy = data(*creates, "--layer", "ana@example.com,bo@example.com:5")
    assert data("org", "list")["organizations"] == [
        {"organizationId": acme["organizationId"], "slug": "acme", "name": "Acme", "members": 2}
    ]
    assert [each["email"] for each in data("member", "list", "--org", "acme")["members"]] == [
        "ana@example.com",
        "bo@example.com",
    ]
    assert [each["name"] for each in data("key", "list", "--org", "acme")["keys"]] == ["ci", "old"]
    assert data("policy", "list", "--org", "acme")["policies"] == [
        {"id": policy["id"], "name": "Payments", "repeatCount": 1, "layers": 1}
    ]
    data("key", "revoke", key["id"], "--org", "acme", "--yes")
    assert [each["name"] for each in data("key", "list", "--org", "acme")["keys"]] == ["old"]
    assert run("org", "list").stdout == "acme  Acme, 2 members\n"
    assert "Ana Ruiz <ana@example.com>, admin" in run("member", "list", "--org", "acme").stdout
    assert "never used" in run("key", "list", "--org", "acme").stdout
    assert "  layer 1: Ana Ruiz, Bo, 5 min" in run("policy", "list", "--org", "acme").stdout


@pytest.mark.parametrize("typed", ["n\n", ""])
def test_x21_what_cannot_be_taken_back_is_asked_for(
    environ: Mapping[str, str | None], data: Any, acme: Any, typed: str
) -> None:
    key = data("key", "create", "ci", "--org", "acme")
    for verb in (("key", "revoke", key["id"]), ("member", "remove", "bo@example.com")):
        asked = CliRunner(env=environ).invoke(cli, [*verb, "--org", "acme"], input=typed)
        assert asked.exit_code == 1
        assert "othing was changed" in asked.stderr
    assert principal.of_key(key["key"]) is not None
    assert Membership.objects.get(user__email="bo@example.com").removed_at is None
    for verb in (("key", "revoke", key["id"]), ("member", "remove", "bo@example.com")):
        assert CliRunner(env=environ).invoke(cli, [*verb, "--org", "acme"], input="y\n").exit_code == 0
    assert principal.of_key(key["key"]) is None


def test_x21_check_says_what_is_to_be_done_first(run: Any, data: Any, acme: Any, tmp_path: Path) -> None:
    assert "First:" not in run("check").stdout
    fresh = CliRunner(env={"NIGHTBELL_DATABASE_URL": None, "NIGHTBELL_DATA_DIR": str(tmp_path)}).invoke(cli, ["check"])
    assert "\nFirst:  nightbell serve" in fresh.stdout


def test_x21_check_without_an_organization_says_how_one_is_made(run: Any) -> None:
    assert "\nFirst:  nightbell org create" in run("check").stdout
