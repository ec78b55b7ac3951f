"""Migrations by several machines, and beside those who work: one after the other, and nobody waits for long."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.db.migrations.recorder import MigrationRecorder

from nightbell import postgres
from nightbell.data import upgrade
from tests.cli import installations

WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"

pytestmark = [pytest.mark.timeout(180)]


@pytest.mark.django_db(transaction=True)
def test_a_migration_gives_a_lock_up_after_three_seconds_and_tries_again(server: postgres.Server) -> None:
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    with connection.cursor() as cursor:
        cursor.execute("drop table django_session")
    held = threading.Event()
    waited: list[float] = []

    def hold() -> None:
        """Until somebody has waited for the lock and then no longer does."""
        with psycopg.connect(server.url) as other, psycopg.connect(server.url, autocommit=True) as watcher:
            other.execute("lock table django_content_type in access exclusive mode")
            held.set()
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                waiting = watcher.execute(WAITING).fetchone()
                if waiting == (0,) and waited:
                    return
                if waiting != (0,):
                    waited.append(time.monotonic())
                time.sleep(0.05)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    assert upgrade.migrate() == ["sessions.0001_initial"]
    holder.join()
    assert 2 < waited[-1] - waited[0] < 5
    assert "django_session" in connection.introspection.table_names()
    assert upgrade.pending() == []


@pytest.mark.django_db(transaction=True)
def test_who_never_gets_a_turn_says_so(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "TURN_SECONDS", 0.2)
    with psycopg.connect(server.url) as other:
        other.execute(upgrade.TAKE)
        with pytest.raises(OperationalError, match="another machine"):
            upgrade.migrate()


def test_machines_that_migrate_at_once_take_turns() -> None:
    with installations.installation({}) as at:
        several = [
            subprocess.Popen(
                [*installations.NIGHTBELL, "migrate", "--quiet"],
                env=at.environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        said = [process.communicate(timeout=90) for process in several]
        assert [process.returncode for process in several] == [0, 0, 0], said
        assert sum("up to date" in out for out, _ in said) == 1


@pytest.mark.django_db(transaction=True)
def test_an_organization_that_was_there_before_goes_on_reserving_edits_for_its_admins() -> None:
    made = "insert into organization (id, name, slug) values (gen_random_uuid(), %s, %s) returning members_edit"
    with earlier("0011_links_by_mail") as cursor:
        cursor.execute(made.removesuffix(" returning members_edit"), ["Old", "old"])
    with connection.cursor() as cursor:
        cursor.execute("select members_edit from organization")
        assert cursor.fetchall() == [(False,)]
        # Whoever makes one beside it and does not know the column makes a new one all the same.
        cursor.execute(made, ["New", "new"])
        assert cursor.fetchall() == [(True,)]


BEFORE_CONTACTS = """
insert into organization (id, name, slug) values (gen_random_uuid(), 'Owls', 'owls');
insert into account (id, email, first_name, last_name, password, timezone, is_active)
select gen_random_uuid(), lower(name) || '@owls.example', name, '', '', 'UTC', true
from unnest(array['Ana', 'Bo', 'Cy', 'Lee']) name;
insert into membership (id, organization_id, user_id, role, removed_at)
select gen_random_uuid(), o.id, a.id, 'org:member', case a.first_name when 'Lee' then nightbell_now() end
from organization o, account a;
insert into slack_workspace (organization_id, team_id, team_name, bot_user_id, token)
select o.id, 'T0OWLS', 'Night Owls', 'U0BELL', 'kept' from organization o;
insert into slack_identity (id, organization_id, user_id, team_id, slack_user_id)
select gen_random_uuid(), o.id, a.id, t.id, case a.first_name when 'Ana' then 'U0ANA' end
from organization o, account a, unnest(array['T0OWLS', 'T0GONE']) t(id)
where a.first_name = 'Ana' and t.id = 'T0OWLS' or a.first_name = 'Bo' or a.first_name = 'Cy' and t.id = 'T0GONE'
"""
CONTACTS = """
select a.first_name, c.channel, c.address, c.state, c.of_account, c.again_at > nightbell_now() + interval '23 hours'
from contact c join account a on a.id = c.user_id order by a.first_name, c.channel
"""


@pytest.mark.django_db(transaction=True)
def test_whoever_was_reached_before_there_were_contacts_is_reached_by_them() -> None:
    with earlier("0012_members_edit") as cursor:
        cursor.execute(BEFORE_CONTACTS)
    with connection.cursor() as cursor:
        cursor.execute(CONTACTS)
        assert cursor.fetchall() == [
            ("Ana", "email", "", "working", True, None),
            ("Ana", "slack", "U0ANA", "working", False, None),
            ("Bo", "email", "", "working", True, None),
            ("Bo", "slack", "", "lost", False, True),
            ("Cy", "email", "", "working", True, None),
            ("Cy", "slack", "", "working", False, None),
            ("Lee", "email", "", "working", True, None),
        ]
        # What was before is read by nobody else, and keeps nobody from going.
        cursor.execute("delete from contact; delete from membership; delete from account; delete from slack_identity")


@contextmanager
def earlier(migration: str) -> Iterator[CursorWrapper]:
    """The tables as they were after that one, and then brought up to date."""
    call_command("migrate", "nightbell", migration, verbosity=0)
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        upgrade.migrate()
