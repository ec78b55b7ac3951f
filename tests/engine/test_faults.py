"""What may happen to an engine, a row of the list of faults at a time."""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction

from nightbell import postgres
from nightbell.actions import deliveries, escalations, incidents
from nightbell.channels.base import Channel, Hold, Parcel
from nightbell.core import delivery
from nightbell.core.incident import state
from nightbell.data.access.principal import SYSTEM
from nightbell.demo import clock
from nightbell.engine.lanes import Lane
from tests.engine.conftest import Start
from tests.engine.processes import ask, connected, count, eventually, leases_run_out
from tests.world import Incident, Person, World

pytestmark = pytest.mark.xdist_group("engine")


def opened(world: World, title: str = "DB pool exhausted", layers: int = 1) -> tuple[Incident, Person]:
    """An incident whose first layer is its owner; nobody has been paged yet."""
    people = [world.member(f"{title.split(maxsplit=1)[0]}{position}") for position in range(layers)]
    return world.opens(title, layers=[([person], 5) for person in people], paging=False), people[0]


def mails(world: World, incident: Incident) -> list[str]:
    """The Message-ID of every mail about an incident, in the order of arrival."""
    return [mail.id for mail in reversed(world.mail.messages) if f"[#{incident.number}]" in mail.subject]


def page_of(incident: Incident) -> tuple[str, int] | None:
    """The state and the attempts of its oldest page."""
    found = ask("select state, attempts from page where incident_id = %s order by queued_at, id limit 1", incident.id)
    return (found[0][0], found[0][1]) if found else None


def thinks(world: World) -> tuple[threading.Event, Callable[[], None]]:
    """The mail server answers no message until it is told to go on; the event is set once one waits for its answer."""
    held = ExitStack()
    return held.enter_context(world.mail.holding("data")), held.close


def test_a_notification_wakes_an_engine_at_once(world: World, start: Start) -> None:
    start()
    took = []
    for number in range(9):
        incident, _ = opened(world, f"Quick{number}")
        took.append(eventually(lambda: bool(mails(world, incident))))  # noqa: B023 -- called in this turn
    # Seven by chance of the poll, which comes once a second, would be one in two hundred; two may meet a busy machine.
    assert sorted(took)[6] < 0.3, took


def test_without_notifications_the_poll_finds_it_within_a_second(
    world: World, start: Start, server: postgres.Server
) -> None:
    start()
    listener = "select pid from pg_stat_activity where query like 'listen %%' and pid <> pg_backend_pid()"
    eventually(lambda: bool(ask(listener)))
    ask("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %%'")
    incident, _ = opened(world)
    assert eventually(lambda: bool(mails(world, incident))) < 2
    eventually(lambda: bool(ask(listener)))


def test_p02_a_terminated_engine_finishes_its_calls(world: World, start: Start) -> None:
    engine = start()
    asked, go_on = thinks(world)
    incident, _ = opened(world)
    assert asked.wait(20)
    engine.send(signal.SIGTERM)
    eventually(lambda: "the engine stops" in engine.said)
    later, _ = opened(world, "Too late")
    go_on()
    assert engine.wait(10) == 0
    assert page_of(incident) == ("sent", 1)
    assert len(mails(world, incident)) == 1
    assert mails(world, later) == []


class _Endless(Channel):
    """A provider that never answers."""

    name = "email"
    backoff = (timedelta(seconds=15),)

    def __init__(self) -> None:
        self.called = threading.Event()
        self.over = threading.Event()

    def _send(self, parcel: Parcel, hold: Hold) -> delivery.Outcome:  # noqa: ARG002 -- whatever it is
        self.called.set()
        self.over.wait(30)
        return delivery.Unavailable("nobody there")

    def close(self) -> None:
        pass


def test_p02_a_call_that_does_not_end_gives_its_lease_back(world: World) -> None:
    incident, _ = opened(world)
    escalations.fire_due(SYSTEM)
    channel = _Endless()
    caught_up = threading.Event()
    caught_up.set()
    lane = Lane("email", "email", deliveries, lambda: channel, 4, caught_up)
    lane.start()
    try:
        assert channel.called.wait(5)
        lane.stop(0.2)
        [lease] = deliveries.claim(SYSTEM, "email", 10)
        assert page_of(incident) == ("sending", 2)
    finally:
        channel.over.set()
    # What the first call ends in does not count any more: the lease is another's.
    time.sleep(0.2)
    assert page_of(incident) == ("sending", 2)
    seen = deliveries.look(SYSTEM, lease)
    assert seen is not None


def test_p03_a_page_of_another_version_is_sent_and_an_unknown_channel_left_alone(world: World, start: Start) -> None:
    older, _ = opened(world, "Older")
    newer, _ = opened(world, "Newer")
    escalations.fire_due(SYSTEM)
    ask("update page set why = '{}' where incident_id = %s", older.id)
    ask('update page set why = why || \'{"colour": "red"}\' where incident_id = %s', older.id)
    ask("update page set channel = 'telegraph' where incident_id = %s", newer.id)
    start()
    eventually(lambda: len(mails(world, older)) == 1)
    opened(world, "Afterwards")
    eventually(lambda: any("Afterwards" in mail.subject for mail in world.mail.messages))
    assert page_of(newer) == ("queued", 0)


def test_p05_an_engine_is_back_two_seconds_after_its_database(
    world: World, start: Start, server: postgres.Server
) -> None:
    engine = start()
    eventually(lambda: connected(server.url) >= 3)
    before, _ = opened(world, "Before")
    server.restart_immediate()
    connection.close()
    assert eventually(lambda: connected(server.url) >= 2) < 2
    after, _ = opened(world, "After")
    leases_run_out()  # of a page that was on its way just then, if the engine could not hold on to it
    eventually(lambda: bool(mails(world, before)) and bool(mails(world, after)))
    assert "Traceback" not in engine.said


def test_p09_what_an_engine_that_was_cut_off_does_later_counts_for_nothing(world: World, start: Start) -> None:
    stopped = start()
    world.mail.stall("data")
    incident, _ = opened(world)
    eventually(lambda: page_of(incident) == ("sending", 1))
    stopped.send(signal.SIGSTOP)
    world.mail.behave()
    other = start()
    leases_run_out()
    eventually(lambda: page_of(incident) == ("sent", 2))
    stopped.send(signal.SIGCONT)
    world.mail.hang_up()
    other.kill()
    again, _ = opened(world, "Again")
    eventually(lambda: len(mails(world, again)) == 1)
    assert page_of(incident) == ("sent", 2)
    assert len(set(mails(world, incident))) == 1


def test_p17_an_engine_keeps_its_connections_when_others_have_taken_all_the_rest(
    world: World, start: Start, server: postgres.Server
) -> None:
    start()
    eventually(lambda: connected(server.url) >= 4)
    layers = [([world.member("Bo")], 5)]
    hoard: list[psycopg.Connection] = []
    try:
        with suppress(psycopg.OperationalError):
            while len(hoard) < 200:
                hoard.append(psycopg.connect(server.url))
        assert len(hoard) < 200
        incident = world.opens("No room", layers=layers, paging=False)
        eventually(lambda: len(mails(world, incident)) == 1)
    finally:
        for each in hoard:
            each.close()


def test_t01_two_engines_advance_each_overdue_incident_once(world: World, start: Start) -> None:
    ana, bo = world.members("Ana", "Bo")
    policy_id = world.policy([([ana], 5), ([bo], 5)])
    for number in range(100):
        given = incidents.Opening(f"Number {number}", state.Severity.HIGH, ana.id, policy_id=policy_id)
        incidents.open_incident(world.principal, given)
    start()
    start()
    paged = "select count(*), count(distinct incident_id) from audit where kind = 'layer_paged'"
    eventually(lambda: ask(paged) == [(100, 100)])
    clock.advance(timedelta(minutes=5, seconds=1))
    eventually(lambda: ask(paged) == [(200, 100)])
    eventually(lambda: len(world.mail.messages) >= 200)
    time.sleep(0.3)
    assert ask(paged) == [(200, 100)]
    assert len({mail.id for mail in world.mail.messages}) == len(world.mail.messages) == 200


def test_t02_what_an_engine_committed_and_did_not_send_another_sends(world: World, start: Start) -> None:
    incident, person = opened(world)
    escalations.fire_due(SYSTEM)
    assert len(deliveries.claim(SYSTEM, "email", 10)) == 1  # by an engine that dies now
    start()
    time.sleep(0.3)
    assert mails(world, incident) == []
    leases_run_out()
    eventually(lambda: person.was_paged(incident, layer=1))


def test_t03_what_was_accepted_and_not_recorded_is_sent_again_with_the_same_id(world: World, start: Start) -> None:
    first = start()
    asked, go_on = thinks(world)
    incident, _ = opened(world)
    assert asked.wait(20)
    with transaction.atomic():
        # Nobody can write anything down about the page meanwhile.
        ask("select id from page where incident_id = %s for no key update", incident.id)
        go_on()
        eventually(lambda: bool(mails(world, incident)))
        first.kill()
        # What it had asked for already is still waiting in the server, which would do it for nobody.
        ask("select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'")
    start()
    leases_run_out()
    eventually(lambda: len(mails(world, incident)) == 2)
    assert len(set(mails(world, incident))) == 1
    eventually(lambda: page_of(incident) == ("sent", 2))


def test_t03_a_mail_whose_answer_is_lost_is_sent_again_with_the_same_id(world: World, start: Start) -> None:
    start()
    world.mail.drop_after_data(times=1)
    incident, _ = opened(world)
    eventually(lambda: page_of(incident) == ("queued", 1) if mails(world, incident) else False)
    clock.advance(timedelta(seconds=15))
    eventually(lambda: page_of(incident) == ("sent", 2))
    assert len(mails(world, incident)) == 2
    assert len(set(mails(world, incident))) == 1


def test_t12_without_a_mail_server_pages_are_retried_and_the_clock_runs(world: World, start: Start) -> None:
    unset = start(smtp_url=None)
    incident, first = opened(world, layers=2)
    for attempt, seconds in enumerate((0, 15, 60, 120), start=1):
        clock.advance(timedelta(seconds=seconds))
        eventually(lambda: page_of(incident) == ("queued", attempt))  # noqa: B023 -- called now
    [(error,)] = ask("select error from page where incident_id = %s", incident.id)
    assert "no SMTP server is configured" in error
    assert count("select count(*) from audit where incident_id = %s and kind = 'layer_paged'", incident.id) == 1
    clock.advance(timedelta(minutes=5) - timedelta(seconds=195))
    eventually(lambda: incident.now.position == 2)
    unset.kill()
    start()
    clock.advance(timedelta(minutes=5))
    # Longer than a lease: the engine that was killed may have been at it.
    eventually(lambda: first.was_paged(incident, layer=1), 60)


def test_t19_a_poisoned_incident_is_set_aside_and_every_other_goes_on(world: World, start: Start) -> None:
    poisoned, _ = opened(world, "Poisoned")
    ask("update incident set policy = '{\"id\": 1}' where id = %s", poisoned.id)
    healthy = [opened(world, f"Healthy{number}")[0] for number in range(5)]
    engine = start()
    eventually(lambda: all(mails(world, incident) for incident in healthy))
    eventually(lambda: f"incident {poisoned.id} cannot be advanced" in engine.said)
    [(wait,)] = ask("select extract(epoch from due_at - nightbell_now()) from incident where id = %s", poisoned.id)
    assert 50 < wait <= 60
    later, _ = opened(world, "Later")
    eventually(lambda: bool(mails(world, later)))
    assert engine.said.count("cannot be advanced") == 1
    # Whatever was wrong with it is put right: it is looked at again by itself.
    ask("update incident set policy = %s where id = %s", _policy_of(healthy[0]), poisoned.id)
    clock.advance(timedelta(seconds=60))
    eventually(lambda: bool(mails(world, poisoned)))


def _policy_of(incident: Incident) -> str:
    [(policy,)] = ask("select policy::text from incident where id = %s", incident.id)
    return str(policy)


def test_p18_openings_do_not_deadlock_with_each_other_while_an_engine_pages(world: World, start: Start) -> None:
    start()
    ana = world.member("Ana")
    policy_id = world.policy([([ana], 5)])

    def open_fifty(client: int) -> None:
        try:
            for number in range(50):
                given = incidents.Opening(f"{client}.{number}", state.Severity.LOW, ana.id, policy_id=policy_id)
                incidents.open_incident(world.principal, given)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as clients:
        list(clients.map(open_fifty, range(4)))
    # A deadlock is found, and ends in an error, after a second.
    assert count("select count(*) from incident") == 200
    assert ask("select min(number), max(number), count(distinct number) from incident") == [(1, 200, 200)]
    eventually(lambda: len(world.mail.messages) >= 200)
