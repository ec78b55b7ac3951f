"""P3: engines of two versions side by side. What the newer one asks for, and the older one knows nothing of, waits."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from nightbell.actions import copies, deliveries, escalations
from nightbell.data.access.principal import SYSTEM
from nightbell.data.claims.turns import Turns
from tests.workspace import Slack
from tests.world import World

CONSTRAINT = "select pg_get_constraintdef(oid) from pg_constraint where conname = %s"


@contextmanager
def newer(table: str, column: str, constraint: str | None = None) -> Iterator[None]:
    """Rows that a newer version wrote, which may write what this one has no word for."""
    kept = ""
    with connection.cursor() as cursor:
        if constraint:
            cursor.execute(CONSTRAINT, [constraint])
            (kept,) = cursor.fetchone()
            cursor.execute(f"alter table {table} drop constraint {constraint}")
        cursor.execute(f"select {column} from {table} where due_at is not null limit 1")
        (known,) = cursor.fetchone()
        cursor.execute(f"update {table} set {column} = 'to be invented' where due_at is not null")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"update {table} set {column} = %s where {column} = 'to be invented'", [known])
        if constraint:
            cursor.execute(f"alter table {table} add constraint {constraint} {kept}")


def in_turn(table: str) -> Turns:
    return Turns(crowded={table})


def test_p3_a_page_for_a_reason_nobody_here_knows_waits_for_who_does(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    escalations.fire_due(SYSTEM)
    with newer("page", "reason", "page_reason_known"):
        assert deliveries.claim(SYSTEM, "email", 9) == []
        assert deliveries.claim(SYSTEM, "email", 9, in_turn("page")) == []
        # Nor is it what a lane wakes for, again and again.
        assert deliveries.seconds_to_next("email") is None
    assert deliveries.seconds_to_next("email") is not None
    world.settles()
    assert ana.was_paged(incident)


def test_p3_a_clock_with_a_cause_nobody_here_knows_waits_for_who_does(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    with newer("incident", "due_cause"):
        assert escalations.fire_due(SYSTEM) == 0
        assert escalations.due_now() == []
        assert escalations.seconds_to_next() is None
        assert escalations.fire_one(SYSTEM, incident.id) == 0
    world.settles()
    assert ana.was_paged(incident)


def test_p3_a_notice_of_a_kind_nobody_here_knows_waits_for_who_does(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)
    bo.acknowledges(incident)
    with newer("notice", "kind"):
        assert deliveries.claim(SYSTEM, "email", 9) == []
        assert deliveries.claim(SYSTEM, "email", 9, in_turn("notice")) == []
    world.settles()
    assert ana.was_told("Bo is on it")


def test_p3_a_copy_in_a_place_nobody_here_knows_waits_for_who_does(world: World, slack: Slack) -> None:
    (ana,) = world.members("Ana")
    slack.joins(ana)
    slack.has_alerts()
    world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    with newer("incident_copy", "place", "copy_place_known"):
        assert copies.claim(SYSTEM, "slack", 9) == []
        assert copies.claim(SYSTEM, "slack", 9, in_turn("incident_copy")) == []
        assert copies.seconds_to_next("slack") is None
    world.settles()
    assert slack.alert().shows("DB pool exhausted")
