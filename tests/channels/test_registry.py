"""A channel is a package and a line: one more is declared here, and somebody is paged over it."""

from uuid import uuid4

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from nightbell.actions import contacts, deliveries, workspaces
from nightbell.channels import registry
from nightbell.channels.declaration import Ability
from nightbell.cli.__main__ import cli
from nightbell.conf import env
from nightbell.core import delivery
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Contact
from tests import environment
from tests.channels import telegraph
from tests.workspace import KEY
from tests.world import World

WIRE = {"NIGHTBELL_TELEGRAPH_WIRE": "copper"}


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line."""
    monkeypatch.setattr(registry, "DECLARED", (*registry.DECLARED, telegraph.DECLARATION))
    telegraph.STRIP.clear()


@pytest.fixture
def wired(declared: None, settings: Settings, world: World) -> None:
    """And what makes it work."""
    settings.NIGHTBELL = env.read(WIRE)
    world.desks = [(deliveries, registry.makers(Ability.PAGE)[telegraph.DECLARATION.name]())]


def test_every_channel_has_a_name_of_its_own_that_a_row_can_hold() -> None:
    names = [each.name for each in registry.DECLARED]
    assert len(set(names)) == len(names)
    assert all(each.name == each.make(env.Settings()).name and len(each.name) <= 20 for each in registry.DECLARED)
    assert all(Ability.PAGE in each.abilities for each in registry.DECLARED)
    fields = [name for each in registry.parts() for name in each.model_fields]
    assert len(set(fields)) == len(fields)
    assert not set(fields) & set(env.Settings.model_fields)


def test_exactly_one_channel_is_everybodys() -> None:
    assert registry.of_account().offered(env.Settings())
    assert [each.title for each in registry.DECLARED if each.name == registry.of_account().name] == ["mail"]


@pytest.mark.parametrize(
    ("name", "typed", "kept", "shown"),
    [
        ("email", "Ana@Owls.example", "Ana@Owls.example", "A…@Owls.example"),
        ("email", "ana@", None, None),
        ("email", "a@b.example\nBcc: x@y", None, None),
        ("slack", "U0ANA", "U0ANA", "U0ANA"),
        ("slack", "u0ana", None, None),
        ("slack", "T0/U0", None, None),
    ],
)
def test_what_is_typed_has_one_form_and_is_masked(name: str, typed: str, kept: str | None, shown: str | None) -> None:
    address = registry.find(name).address
    assert address.canonical(typed) == kept
    assert (address.masked(typed) if kept else None) == shown


@pytest.mark.parametrize(
    ("lacking", "ok", "says"),
    [
        ("", True, "set up"),
        ("NIGHTBELL_SLACK_CLIENT_ID", False, "NIGHTBELL_SLACK_CLIENT_ID not set"),
        ("NIGHTBELL_SLACK_CLIENT_SECRET", False, "NIGHTBELL_SLACK_CLIENT_SECRET not set"),
        ("NIGHTBELL_SLACK_SIGNING_SECRET", False, "NIGHTBELL_SLACK_SIGNING_SECRET not set"),
        ("NIGHTBELL_ENCRYPTION_KEYS", False, "NIGHTBELL_ENCRYPTION_KEYS not set"),
    ],
)
def test_slack_says_what_of_it_is_missing(lacking: str, ok: bool, says: str) -> None:
    names = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET")
    app = {**{f"NIGHTBELL_{name}": "x" for name in names}, "NIGHTBELL_ENCRYPTION_KEYS": KEY}
    found, said = registry.find("slack").check(env.read({n: value for n, value in app.items() if n != lacking}), None)
    assert (found, said.partition(";")[0]) == (ok, says)
    assert registry.find("slack").check(env.Settings(), None) == (True, "not set up; nobody is paged there")


@pytest.mark.usefixtures("declared")
def test_its_variables_are_nightbells() -> None:
    assert env.read(WIRE).of(telegraph.TelegraphSettings).telegraph_wire == "copper"
    assert (env.read(WIRE).paging, env.read({}).paging) == (("email", "telegraph"), ("email",))
    assert env.read(WIRE).showing == ()
    with pytest.raises(env.Mistakes) as told:
        env.read({"NIGHTBELL_TELEGRAPH_WIRE": "cut", "NIGHTBELL_SENDERS": "x", "NIGHTBELL_TELEGRAM": "x"})
    assert [line.partition(" ")[0] for line in told.value.lines] == [
        "NIGHTBELL_TELEGRAM",
        "NIGHTBELL_TELEGRAPH_WIRE:",
        "NIGHTBELL_SENDERS:",
    ]


@pytest.mark.usefixtures("declared")
def test_check_says_how_it_is() -> None:
    ran = CliRunner(env={**WIRE, "NIGHTBELL_DATABASE_URL": "postgresql://127.0.0.1:1/x"}).invoke(cli, ["check"])
    assert "ok     the telegraph: the wire hums" in ran.stdout


@pytest.mark.usefixtures("wired")
def test_somebody_with_a_contact_of_it_is_paged_over_it(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    Contact.objects.create(id=uuid4(), user_id=ana.id, channel="telegraph", address="lighthouse")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    assert {(page.name, page.channel) for page in incident.pages()} == {
        ("Ana", "email"),
        ("Ana", "telegraph"),
        ("Bo", "email"),
    }
    ((office, parcel),) = telegraph.STRIP
    assert office == "lighthouse"
    assert isinstance(parcel, delivery.Page)
    assert parcel.facts.title == "DB pool exhausted"
    assert {entry.data["channel"] for entry in incident.record("page_sent")} == {"email", "telegraph"}
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)


@pytest.mark.usefixtures("wired")
def test_an_owner_without_a_policy_is_paged_over_it_as_the_incident_opens(world: World) -> None:
    (ana,) = world.members("Ana")
    Contact.objects.create(id=uuid4(), user_id=ana.id, channel="telegraph", address="lighthouse")
    incident = world.opens("DB pool exhausted", owner=ana)
    assert [page.channel for page in incident.pages()] == ["email", "telegraph"]
    assert [office for office, _ in telegraph.STRIP] == ["lighthouse"]
    assert ana.was_paged(incident)


@pytest.mark.usefixtures("wired")
def test_nobody_is_looked_for_where_that_cannot_be_asked(world: World, settings: Settings) -> None:
    settings.NIGHTBELL = environment.changed(settings.NIGHTBELL, encryption_keys=KEY)
    workspaces.connect(world.zoe.principal, workspaces.Granted("telegraph", "T0COAST", "Coast", "U0", "wire"))
    contacts.remember(world.system, world.zoe.id, "T0COAST", "lighthouse")
    world.sleeps(days=2)
    assert contacts.look_again(SYSTEM) == 0
    assert Contact.objects.get(user_id=world.zoe.id, channel="telegraph").state == "working"


@pytest.mark.usefixtures("wired")
def test_who_cannot_be_reached_there_is_reached_by_mail(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    Contact.objects.create(id=uuid4(), user_id=ana.id, channel="telegraph", address="nowhere")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    assert {page.channel: page.state for page in incident.pages()} == {"email": "sent", "telegraph": "failed"}
    assert ana.was_paged(incident)
    assert not bo.was_paged(incident)
