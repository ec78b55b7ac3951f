"""Letting Nightbell into a Slack workspace, and out again; and the token, which nobody finds in the database."""

import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from nightbell import postgres
from nightbell.actions import contacts, organizations, people, workspaces
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.data import clock, secrets
from nightbell.data.access import workspaces as access
from nightbell.data.access.principal import Principal
from nightbell.data.models import Audit, Contact, Notice, Role
from nightbell.data.models import Workspace as Row
from nightbell.data.reads import workspaces as reads
from nightbell.postgres import transfer
from tests import races
from tests.workspace import KEY, Slack, way
from tests.world import World

TOKEN = "xoxb-1234567890-found-nowhere"
OWLS = workspaces.Granted("slack", "T0OWLS", "Night Owls", "U0BELL", TOKEN)
ELSEWHERE = workspaces.Granted("slack", "T0ELSE", "Elsewhere", "U0BELL", "xoxb-elsewhere")


@pytest.fixture(autouse=True)
def _keys(settings: Settings) -> None:
    use(settings, KEY)


def use(settings: Settings, *keys: str) -> None:
    """An installation with these keys."""
    settings.NIGHTBELL = settings.NIGHTBELL.model_copy(update={"encryption_keys": ",".join(keys) or None})


def record(world: World) -> list[tuple[str, dict[str, Any]]]:
    """What was written down about the workspace, oldest first."""
    rows = Audit.objects.filter(organization_id=world.organization.id, kind__startswith="slack_").order_by("sequence")
    return [(row.kind, row.data) for row in rows]


def workspace(world: World) -> reads.Workspace:
    found = reads.workspace(world.principal)
    assert found is not None
    return found


def choose(world: World, *channels: str, own: bool = True) -> None:
    workspaces.choose(world.zoe.principal, alerts_channels=channels, incident_channels=own, archive_on_resolve=own)


def another_organization() -> Principal:
    larks, membership = organizations.create(
        Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark")
    )
    return Principal(larks.id, actor.user(membership.user_id, "Lark", actor.Via.WEB), Role.ADMIN)


def refusal(act: Any) -> tuple[Code, str]:
    with pytest.raises(Rejected) as refused:
        act()
    return refused.value.code, refused.value.message


def test_a_workspace_is_connected_and_that_is_on_the_record(world: World) -> None:
    assert reads.workspace(world.principal) is None
    workspaces.connect(world.zoe.principal, OWLS)
    found = workspace(world)
    assert (found.team_id, found.team_name, found.bot_user_id) == ("T0OWLS", "Night Owls", "U0BELL")
    assert (found.alerts_channels, found.incident_channels, found.lost_at) == ((), False, None)
    assert timedelta() <= clock.now() - found.connected_at < timedelta(minutes=1)
    assert secrets.decrypt(found.token) == TOKEN
    assert reads.of_team("slack", "T0OWLS") == found
    assert record(world) == [("slack_connected", {"teamId": "T0OWLS", "teamName": "Night Owls"})]
    (entry,) = Audit.objects.filter(kind="slack_connected")
    assert entry.actor["id"] == str(world.zoe.id)


def test_connecting_again_renews_the_token_and_keeps_what_was_chosen(world: World) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    choose(world, "C1", "C2")
    workspaces.lose(world.system, "slack", "token_revoked", clock.now())
    workspaces.connect(world.zoe.principal, replace(OWLS, token="xoxb-new", team_name="Owls of the Night"))
    found = workspace(world)
    assert secrets.decrypt(found.token) == "xoxb-new"
    assert (found.team_name, found.lost_at, found.lost_because) == ("Owls of the Night", None, None)
    assert (found.alerts_channels, found.incident_channels, found.archive_on_resolve) == (("C1", "C2"), True, True)
    world.settles()
    world.forgets_mail()


def test_there_is_one_workspace_at_a_time(world: World) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    code, words = refusal(lambda: workspaces.connect(world.zoe.principal, ELSEWHERE))
    assert code is Code.IN_USE
    assert "Night Owls is connected. Disconnect it first" in words
    assert workspace(world).team_id == "T0OWLS"
    assert [kind for kind, _ in record(world)] == ["slack_connected"]


def test_after_another_was_disconnected_a_workspace_starts_with_nothing_chosen(world: World) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    choose(world, "C1")
    workspaces.disconnect(world.zoe.principal)
    workspaces.connect(world.zoe.principal, ELSEWHERE)
    found = workspace(world)
    assert (found.team_id, found.alerts_channels) == ("T0ELSE", ())
    assert not found.incident_channels
    assert not found.archive_on_resolve


def test_the_same_workspace_after_a_disconnection_is_as_it_was(world: World) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    choose(world, "C1")
    workspaces.disconnect(world.zoe.principal)
    workspaces.connect(world.zoe.principal, OWLS)
    assert workspace(world).alerts_channels == ("C1",)


def test_a_workspace_belongs_to_one_organization(world: World) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    larks = another_organization()
    code, words = refusal(lambda: workspaces.connect(larks, OWLS))
    assert (code, words) == (Code.IN_USE, "Another organization here uses the workspace Night Owls.")
    assert reads.workspace(Principal.operator(larks.organization_id)) is None
    assert not Audit.objects.filter(organization_id=larks.organization_id, kind="slack_connected").exists()
    # Once it is free, it can be theirs.
    workspaces.disconnect(world.zoe.principal)
    workspaces.connect(larks, OWLS)
    found = reads.of_team("slack", "T0OWLS")
    assert found is not None
    assert found.organization_id == larks.organization_id


def test_two_organizations_that_connect_one_workspace_at_once_leave_it_with_the_first(world: World) -> None:
    larks = another_organization()
    first, second = races.in_order(
        races.WRITING,
        partial(workspaces.connect, world.zoe.principal, OWLS),
        partial(workspaces.connect, larks, OWLS),
    )
    first.result()
    assert refusal(second.result)[0] is Code.IN_USE
    assert workspace(world).team_id == "T0OWLS"
    assert reads.workspace(Principal.operator(larks.organization_id)) is None


def test_without_a_key_nothing_is_connected(world: World, settings: Settings) -> None:
    use(settings)
    with pytest.raises(secrets.Unreadable, match="NIGHTBELL_ENCRYPTION_KEYS is not set"):
        workspaces.connect(world.zoe.principal, OWLS)
    assert not Row.objects.exists()
    assert record(world) == []


def everything_stored() -> str:
    """Every column of every table, as a dump would have it."""
    with connection.cursor() as cursor:
        cursor.execute("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        stored = []
        for table in tables:
            cursor.execute(f"select t::text from {table} t")
            stored += [row for (row,) in cursor.fetchall()]
    assert len(tables) > 20
    return "\n".join(stored)


def test_the_token_is_in_no_row_of_the_database_and_in_no_export(
    world: World, server: postgres.Server, tmp_path: Path
) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    choose(world, "C1")
    contacts.remember(world.system, world.zoe.id, "T0OWLS", "U0ZOE")
    workspaces.lose(world.system, "slack", "token_revoked", clock.now())
    world.settles()
    world.forgets_mail()
    stored = everything_stored()
    assert "T0OWLS" in stored
    assert workspace(world).token in stored
    transfer.write_file(server.url, tmp_path / "all.nightbell", lambda _done, _all: None)
    with zipfile.ZipFile(tmp_path / "all.nightbell") as file:
        exported = "\n".join(file.read(name).decode() for name in file.namelist())
    assert "T0OWLS" in exported
    for secret in (TOKEN, TOKEN.removeprefix("xoxb-"), TOKEN.encode().hex(), json.dumps(TOKEN)[1:-1], KEY):
        assert secret not in stored
        assert secret not in exported


def test_the_token_is_in_nothing_that_is_shown(world: World) -> None:
    assert TOKEN not in repr(OWLS)
    workspaces.connect(world.zoe.principal, OWLS)
    found = workspace(world)
    for shown in (repr(found), str(found), repr(Row.objects.get()), str(Row.objects.get())):
        assert TOKEN not in shown
        assert found.token not in shown


def test_channels_are_chosen_once_each_and_that_is_on_the_record(world: World) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    workspaces.choose(
        world.zoe.principal, alerts_channels=["C2", "C1", "C2"], incident_channels=True, archive_on_resolve=False
    )
    found = workspace(world)
    assert (found.alerts_channels, found.incident_channels, found.archive_on_resolve) == (("C2", "C1"), True, False)
    said = {"teamId": "T0OWLS", "alertsChannels": ["C2", "C1"], "incidentChannels": True, "archiveOnResolve": False}
    assert record(world)[-1] == ("slack_configured", said)


def test_there_are_only_so_many_alerts_channels(world: World) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    choose(world, *(f"C{number}" for number in range(reads.MAX_ALERTS_CHANNELS)))
    code, words = refusal(lambda: choose(world, *(f"C{number}" for number in range(reads.MAX_ALERTS_CHANNELS + 1))))
    assert (code, words) == (Code.VALIDATION_ERROR, "At most 5 channels can be chosen.")
    assert len(workspace(world).alerts_channels) == 5
    assert len(record(world)) == 2


def test_where_nothing_is_connected_there_is_nothing_to_choose_or_to_end(world: World) -> None:
    for act in (partial(choose, world, "C1"), partial(workspaces.disconnect, world.zoe.principal)):
        assert refusal(act) == (Code.NOT_FOUND, "No Slack workspace is connected.")
    workspaces.connect(world.zoe.principal, OWLS)
    workspaces.disconnect(world.zoe.principal)
    assert refusal(partial(choose, world, "C1"))[0] is Code.NOT_FOUND
    assert refusal(partial(workspaces.disconnect, world.zoe.principal))[0] is Code.NOT_FOUND


def test_disconnecting_forgets_the_token_and_who_is_who(world: World) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    contacts.remember(world.system, world.zoe.id, "T0OWLS", "U0ZOE")
    kept = workspaces.disconnect(world.zoe.principal)
    assert secrets.decrypt(kept) == TOKEN
    assert kept not in everything_stored()
    assert reads.workspace(world.principal) is None
    assert way(world.zoe) is None
    assert access.member("slack", "T0OWLS", "U0ZOE", actor.Via.SLACK) is None
    assert not Contact.objects.filter(channel="slack").exists()
    assert record(world)[-1] == ("slack_disconnected", {"teamId": "T0OWLS", "teamName": "Night Owls"})


def test_c08_a_lost_workspace_is_told_to_every_admin_once_and_nobody_is_paged_there(world: World) -> None:
    world.member("Ada", Role.ADMIN)
    (bo,) = world.members("Bo")
    left = world.member("Lee", Role.ADMIN)
    world.removes(left)
    workspaces.connect(world.zoe.principal, OWLS)
    assert way(bo) == "T0OWLS/bo@owls.example"
    for because in ("token_revoked", "invalid_auth", "token_revoked"):
        workspaces.lose(world.system, "slack", because, clock.now())
    found = workspace(world)
    assert (found.lost_because, found.lost_at is not None) == ("token_revoked", True)
    assert way(bo) is None
    lost = ("slack_lost", {"teamId": "T0OWLS", "teamName": "Night Owls", "because": "token_revoked"})
    assert record(world)[1:] == [lost]
    assert Notice.objects.count() == 2
    world.settles()
    mails = [(mail.recipient, mail.subject) for mail in world.mail.messages]
    subject = "Slack no longer lets Nightbell in: Night Owls"
    assert sorted(mails) == [("ada@owls.example", subject), ("zoe@owls.example", subject)]
    assert "Slack says: token_revoked" in world.zoe.newest_mail.text
    assert "http://127.0.0.1:8000/settings" in world.mail.messages[0].text
    world.forgets_mail()


def test_c08_an_old_tokens_refusal_does_not_lose_one_that_was_granted_since(world: World) -> None:
    workspaces.connect(world.zoe.principal, OWLS)
    seen = clock.now()
    world.sleeps(seconds=5)
    workspaces.connect(world.zoe.principal, replace(OWLS, token="xoxb-new"))
    workspaces.lose(world.system, "slack", "token_revoked", seen)
    assert workspace(world).lost_at is None
    workspaces.lose(world.system, "slack", "token_revoked", seen + timedelta(seconds=6))
    assert workspace(world).lost_at is not None
    world.settles()
    world.forgets_mail()


def test_what_is_not_connected_cannot_be_lost(world: World) -> None:
    workspaces.lose(world.system, "slack", "token_revoked", clock.now())
    workspaces.connect(world.zoe.principal, OWLS)
    workspaces.disconnect(world.zoe.principal)
    workspaces.lose(world.system, "slack", "token_revoked", clock.now())
    assert [kind for kind, _ in record(world)] == ["slack_connected", "slack_disconnected"]
    assert not Notice.objects.exists()


def test_s04_a_refused_page_loses_the_workspace_and_its_mail_goes_on(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    slack.joins(ana)
    slack.revoke()
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    assert ana.was_paged(incident)
    assert workspace(world).lost_because == "token_revoked"
    assert world.zoe.was_told("Slack no longer lets Nightbell in: Night Owls")
    world.forgets_mail()


def test_what_could_not_be_shown_while_the_workspace_was_lost_is_shown_when_it_is_connected_again(
    world: World, slack: Slack
) -> None:
    (ana,) = world.members("Ana")
    slack.joins(ana)
    alerts = slack.channel("alerts")
    choose(world, alerts, own=False)
    over, going_on = world.opens("Over", layers=[([ana], 60)]), world.opens("Going on", layers=[([ana], 60)])
    slack.revoke()
    for incident in (over, going_on):
        ana.acknowledges(incident)
    ana.resolves(over)
    world.settles()
    assert [message.shows("Ana") and "acknowledge" in message.buttons for message in slack.in_channel(alerts)] == [
        True
    ] * 2
    world.sleeps(seconds=5)
    workspaces.connect(world.zoe.principal, granted(slack))
    world.settles()
    newest, oldest = slack.in_channel(alerts)
    assert newest.shows("✅ Acknowledged — 🔴 CRITICAL Going on")
    # What is over by then is history, and its buttons are harmless.
    assert "acknowledge" in oldest.buttons
    world.forgets_mail()


def granted(slack: Slack) -> workspaces.Granted:
    return workspaces.Granted("slack", slack.team_id, slack.team_name, slack.bot_user_id, slack.install())
