"""Stories of engines: several at once, one that dies, one incident that cannot be advanced, very many that can."""

import logging
import time
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from nightbell.actions import deliveries, escalations, ids, incidents
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Account, Audit, Incident, Page
from nightbell.engine import loop
from tests import races
from tests.world import World


def test_t01_two_engines_see_the_same_overdue_incident(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    world.sleeps(minutes=5)
    with races.holding(races.WRITING):
        firing = races.Running(partial(escalations.fire_due, SYSTEM)).waits()
        # The other has it: nothing to wait for, nothing to change.
        assert escalations.fire_due(SYSTEM) == 0
        assert escalations.fire_one(SYSTEM, incident.id) == 0
    assert firing.result() == 1
    assert escalations.fire_due(SYSTEM) == 0
    assert len(incident.record("escalation_timed_out")) == 1
    world.settles()
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)


def test_t01_two_engines_share_what_is_due(world: World) -> None:
    (ana,) = world.members("Ana")
    policy_id = world.policy([([ana], 5)])
    given = incidents.Opening("Disk", state.Severity.LOW, ana.id, policy_id=policy_id)
    for _ in range(40):
        incidents.open_incident(world.principal, given)

    def engine() -> int:
        fired = 0
        while batch := escalations.fire_due(SYSTEM, 3):
            fired += batch
        return fired

    engines = [races.Running(engine) for _ in range(2)]
    assert sum(running.result() for running in engines) == 40
    paged = Counter(Audit.objects.filter(kind="layer_paged").values_list("incident_id", flat=True))
    assert len(paged) == 40
    assert set(paged.values()) == {1}
    assert Page.objects.count() == 40


def test_t02_an_engine_dies_after_its_commit_and_before_any_send(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    assert escalations.fire_due(SYSTEM) == 1
    # Its pages are rows. It leased them, and is never heard of again.
    assert len(deliveries.claim(SYSTEM, "email", 10)) == 1
    world.waits(seconds=29)
    assert not ana.was_paged(incident)
    world.waits(seconds=1)
    assert ana.was_paged(incident)
    assert incident.pages()[0].attempts == 2


def test_t03_a_sender_dies_after_the_provider_accepted(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    escalations.fire_due(SYSTEM)
    (lease,) = deliveries.claim(SYSTEM, "email", 10)
    seen = deliveries.look(SYSTEM, lease)
    assert seen is not None
    world.channel.send(seen[0])
    world.waits(seconds=30)
    arrived = world.inbox(ana)
    assert [mail.id for mail in arrived] == [arrived[0].id] * 2
    assert ana.was_paged(incident)
    assert len(incident.record("page_sent")) == 1


def test_t17_a_layer_of_100_people_is_one_page_a_person(world: World) -> None:
    crowd = world.members(*(f"Person{n}" for n in range(100)))
    incident = world.opens("DB pool exhausted", layers=[(crowd, 5)])
    assert Counter(page.user_id for page in incident.pages()) == Counter(each.id for each in crowd)
    assert {page.state for page in incident.pages()} == {"sent"}
    assert len(incident.view.notified) == 100
    assert Counter(mail.recipient for mail in world.mail.messages) == Counter(each.email for each in crowd)
    world.forgets_mail()


def test_t19_one_poisoned_incident_stops_no_other(world: World, caplog: pytest.LogCaptureFixture) -> None:
    ana, bo = world.members("Ana", "Bo")
    layers = [([ana], 5), ([bo], 5)]
    before, poisoned, after = (world.opens(f"Disk {n}", layers=layers) for n in range(3))
    world.forgets_mail()
    row = Incident.objects.filter(id=poisoned.id)
    whole = row.values_list("policy", flat=True).get()
    row.update(policy={"name": "no layers, no id"})
    world.sleeps(minutes=5)
    engine = loop.Engine()
    with caplog.at_level(logging.ERROR):
        assert engine._fire() == 2
    assert engine.failures == 2
    assert f"incident {poisoned.id} cannot be advanced" in caplog.text
    assert (before.now.position, after.now.position) == (2, 2)
    due_at = row.values_list("due_at", flat=True).get()
    assert due_at is not None
    assert timedelta(seconds=50) < due_at - clock.now() <= timedelta(seconds=60)
    # Meanwhile it is in nobody's way; once it is mended its clock runs again.
    assert engine._fire() == 0
    assert engine.failures == 2
    row.update(policy=whole)
    world.waits(seconds=60)
    assert poisoned.now.position == 2
    assert all(bo.was_paged(each) for each in (before, poisoned, after))


MANY = """
insert into incident (id, organization_id, number, title, severity, status, owner_id, created_by, state, policy,
  position, round, due_at, due_cause, epoch, handed_off_epoch, relieved)
select gen_random_uuid(), i.organization_id, i.number + n, i.title, i.severity, i.status, i.owner_id, i.created_by,
  i.state, i.policy, i.position, i.round, i.due_at, i.due_cause, i.epoch, i.handed_off_epoch, i.relieved
from incident i, generate_series(1, 9999) n
"""


def test_t20_ten_thousand_are_due_at_the_same_instant(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    world.opens("Disk", layers=[([ana, bo], 5)], paging=False)
    with connection.cursor() as cursor:
        cursor.execute(MANY)
    # Of this process only, so that a busy machine does not count.
    started = time.process_time()
    batches = []
    while fired := escalations.fire_due(SYSTEM):
        batches.append(fired)
    assert batches == [500] * 20
    assert time.process_time() - started < 15
    assert not Incident.objects.exclude(position=1).exists()
    assert Page.objects.count() == 20_000
    assert Audit.objects.filter(kind="layer_paged").count() == 10_000


def test_c07_an_address_changes_while_a_page_is_queued(world: World) -> None:
    (ana,) = world.members("Ana")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    escalations.fire_due(SYSTEM)
    Account.objects.filter(id=ana.id).update(email="ana@new.example")
    world.settles()
    assert world.inbox(ana) == []
    ana.email = "ana@new.example"
    assert ana.was_paged(incident)


@pytest.mark.parametrize("hours", [-9, 9])
def test_p13_the_hosts_clock_is_wrong(world: World, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    right, wrong = time.time, timezone.now() + timedelta(hours=hours)
    monkeypatch.setattr(time, "time", lambda: right() + hours * 3600)
    monkeypatch.setattr(timezone, "now", lambda: wrong)
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 7)])
    assert incident.minutes_left == 5
    ana.hands_off(incident, to=bo)
    world.waits(minutes=4)
    assert not cy.was_paged(incident)
    world.waits(minutes=1)
    assert cy.was_paged(incident)
    assert incident.minutes_left == 7
    cy.acknowledges(incident)
    assert ana.was_paged(incident)
    assert bo.was_paged(incident)
    with connection.cursor() as cursor:
        cursor.execute("select max(abs(extract(epoch from at - nightbell_now()))) from audit")
        assert cursor.fetchone()[0] < 310


def test_ids_sort_in_the_order_they_were_made() -> None:
    made = [ids.new() for _ in range(1000)]
    assert made == sorted(made)
    assert {each.version for each in made} == {7}
