"""What the world outside may do to an engine: clocks, sessions, servers and destinations that misbehave."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.db import OperationalError, connection
from django.db.transaction import atomic

from nightbell import postgres
from nightbell.actions import deliveries, escalations
from nightbell.channels.base import Channel, Hold, Parcel
from nightbell.core import delivery
from nightbell.data import transaction
from nightbell.data.access.principal import SYSTEM
from nightbell.demo import clock
from nightbell.engine import steps
from nightbell.engine.lanes import Lane
from tests.engine.conftest import Start
from tests.engine.processes import ask, count, eventually, read_only
from tests.engine.test_faults import mails, opened, page_of, thinks
from tests.world import Incident, World

pytestmark = pytest.mark.xdist_group("engine")

WAITING = "select count(*) from page where state <> 'sent'"
LATEST_DUE = "select extract(epoch from max(due_at) - nightbell_now()) from {} where due_at is not null"


def due_in(table: str) -> float:
    """In how many seconds the last row of a table is due."""
    [(seconds,)] = ask(LATEST_DUE.format(table))
    return float(seconds)


def test_p22_an_engine_pulls_what_is_due_to_what_it_was_set_for(world: World, start: Start) -> None:
    world.mail.answer(rcpt="451 later")
    engine = start()
    incident, _ = opened(world)
    eventually(lambda: page_of(incident) == ("queued", 1))
    clock.advance(timedelta(hours=-1))
    eventually(lambda: due_in("incident") <= 300 and due_in("page") <= 120)
    world.mail.behave()
    eventually(lambda: len(mails(world, incident)) == 1, seconds=120)
    assert "the database's clock has stepped back by 3600 s" in engine.said


def test_p22_rows_of_every_kind_are_pulled_and_nothing_else_moves(world: World) -> None:
    ana = world.member("Ana")
    world.mail.answer(rcpt="451 later")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    ask("update notice set due_at = nightbell_now() + interval '1 day'")
    before = ask("select i.due_at, p.due_at from incident i join page p on p.incident_id = i.id")
    assert escalations.pull_back(SYSTEM) == {"incident": 0, "page": 0, "notice": 0, "incident_copy": 0}
    clock.advance(timedelta(minutes=-2))
    assert escalations.pull_back(SYSTEM) == {"incident": 1, "page": 1, "notice": 0, "incident_copy": 0}
    assert 295 < due_in("incident") <= 300
    assert 10 < due_in("page") <= 15
    clock.advance(timedelta(minutes=2, seconds=30))
    assert escalations.pull_back(SYSTEM) == {"incident": 0, "page": 0, "notice": 0, "incident_copy": 0}
    assert before != ask("select i.due_at, p.due_at from incident i join page p on p.incident_id = i.id")
    lease = deliveries.claim(SYSTEM, "email", 1)[0]
    clock.advance(timedelta(hours=-1))
    escalations.pull_back(SYSTEM)
    assert due_in("page") <= delivery.LEASE.total_seconds()
    assert lease.id == incident.pages()[0].id


def test_p22_what_is_under_way_while_the_clock_steps_back_waits_no_longer_either(world: World) -> None:
    incident, _ = opened(world)
    escalations.fire_due(SYSTEM)
    (lease,) = deliveries.claim(SYSTEM, "email", 1)
    seen = deliveries.look(SYSTEM, lease)
    assert seen is not None
    clock.advance(timedelta(hours=-1))
    deliveries.settle(SYSTEM, lease, delivery.Unavailable("451 later"), (timedelta(seconds=15),), seen[1])
    assert page_of(incident) == ("queued", 1)
    assert 10 < due_in("page") <= 15


class Ticks:
    """A clock that nobody can set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_p22_a_step_is_told_from_a_clock_that_is_late(world: World, caplog: pytest.LogCaptureFixture) -> None:
    ticks = Ticks()
    watch = steps.Steps(ticks)

    def pulled_after(seconds: float, step: float) -> bool:
        """Whether something due far too late is pulled at the next look."""
        ask("update incident set due_at = nightbell_now() + interval '1 hour'")
        ask("update incident set due_after = interval '1 minute'")
        ticks.now += seconds
        clock.advance(timedelta(seconds=step))
        watch.look()
        return due_in("incident") < 100

    world.opens("DB pool exhausted", layers=[([world.zoe], 5)], paging=False)
    assert pulled_after(0, 0)  # the first look: nobody has seen what was before
    assert not pulled_after(0.5, -3600)  # too soon to look again
    assert pulled_after(1, -3600)
    assert "stepped back by 7201 s" in caplog.text
    assert not pulled_after(2, 2)
    assert not pulled_after(2, 1800)
    assert pulled_after(61, 61)
    world.forgets_mail()


def test_nobody_has_to_remember_what_a_row_was_set_for(world: World) -> None:
    world.opens("DB pool exhausted", layers=[([world.zoe], 5)], paging=False)
    [(at_once,)] = ask("select due_after from incident")
    assert abs(at_once) < timedelta(seconds=1)
    ask("update incident set due_at = nightbell_now() + interval '7 minutes'")
    [(later,)] = ask("select due_after from incident")
    assert timedelta(minutes=6, seconds=59) < later <= timedelta(minutes=7)
    ask("update incident set title = 'another'")
    assert ask("select due_after from incident") == [(later,)]


def test_p23_sessions_that_turn_read_only_recover_and_nothing_is_sent_twice(
    world: World, start: Start, server: postgres.Server
) -> None:
    engine = start()
    before, _ = opened(world, "Before")
    eventually(lambda: page_of(before) == ("sent", 1))
    asked, go_on = thinks(world)
    incident, _ = opened(world)
    assert asked.wait(20)
    with read_only(server):
        go_on()
        eventually(lambda: len(mails(world, incident)) == 1)
        with pytest.raises(OperationalError):
            opened(world, "Refused")
        eventually(lambda: engine.said.count("the database is away") > 5)
        connection.close()
    # Whoever leases it now knows that it was sent.
    clock.advance(delivery.LEASE + timedelta(seconds=1))
    assert eventually(lambda: page_of(incident)[0] == "sent") < 5  # type: ignore[index]
    after, _ = opened(world, "After")
    eventually(lambda: len(mails(world, after)) == 1)
    assert len(mails(world, incident)) == 1
    assert "Traceback" not in engine.said


def test_p23_a_session_that_stays_read_only_is_given_up(world: World) -> None:
    incident, ana = opened(world)
    for act in (lambda: ana.acknowledges(incident), lambda: opened(world, "After"), lambda: ask("delete from audit")):
        with connection.cursor() as cursor:
            cursor.execute("set default_transaction_read_only = on")
        with pytest.raises(OperationalError):
            act()
        # As at the end of a request.
        connection.close_if_unusable_or_obsolete()
        assert ask("show default_transaction_read_only") == [("off",)]
    ana.acknowledges(incident)
    opened(world, "After all")


def test_e14_what_waits_leaves_within_seconds_of_a_relays_recovery(world: World, start: Start) -> None:
    start()
    with world.mail.refusing_connections():
        waiting = [opened(world, f"Waiting{number}")[0] for number in range(4)]
        # Their third back-off is two minutes.
        eventually(lambda: count("select min(attempts) from page") >= 1 and count(WAITING) == len(waiting))
        # All of them, also those that are being tried just now: else one of them is soon tried by its own back-off.
        eventually(lambda: put_off() == len(waiting))
    took = eventually(lambda: count(WAITING) == 0, seconds=60)
    assert took < 20
    assert all(len(mails(world, incident)) == 1 for incident in waiting)


def put_off() -> int:
    """Have whatever waits wait for two minutes; how much does."""
    ask("update page set due_at = nightbell_now() + interval '2 minutes' where state = 'queued'")
    return count("select count(*) from page where state = 'queued' and due_at > nightbell_now() + interval '1 minute'")


class Hangs(Channel):
    """A provider that keeps whoever writes to one domain waiting, and takes everything else."""

    name = "email"
    backoff = (timedelta(minutes=10),)

    def __init__(self) -> None:
        self.over = threading.Event()
        self.waiting: set[str] = set()
        self.taken: list[str] = []
        # How many of the others may be taken.
        self.gate = threading.Semaphore(1000)
        self.before_it: set[str] = set()

    def _send(self, parcel: Parcel, hold: Hold) -> delivery.Outcome:  # noqa: ARG002 -- never asked
        if parcel.address.endswith("@hangs.example"):
            self.waiting.add(threading.current_thread().name)
            self.over.wait(60)
            return delivery.Unavailable("no answer")
        self.before_it.add(threading.current_thread().name)
        self.gate.acquire(timeout=60)
        self.taken.append(parcel.address)
        return delivery.Accepted()

    def has_taken(self, address: str, times: int) -> bool:
        return self.taken.count(address) == times

    def close(self) -> None:
        pass


@contextmanager
def running(channel: Channel, senders: int, slow: float) -> Iterator[Lane]:
    caught_up = threading.Event()
    caught_up.set()
    lane = Lane("email", "email", deliveries, lambda: channel, senders, caught_up, slow=slow)
    lane.start()
    try:
        yield lane
    finally:
        lane.stop(5)


def test_p33_a_domain_that_hangs_keeps_nobody_elses_page(world: World) -> None:
    channel = Hangs()
    owls = [world.member(f"Owl{number}") for number in range(3)]
    ask("update account set email = 'hung@hangs.example' where id = %s", owls[0].id)
    hung: list[Incident] = [world.opens(f"H{n}", layers=[([owls[0]], 60)], paging=False) for n in range(24)]
    escalations.fire_due(SYSTEM)
    with running(channel, senders=8, slow=0) as lane:
        # Nobody knows it yet: it leaves a quarter of the senders free.
        eventually(lambda: len(channel.waiting) == 6)
        world.opens("Elsewhere", layers=[([owls[1]], 60)], paging=False)
        escalations.fire_due(SYSTEM)
        lane.stir()
        eventually(lambda: channel.taken == [owls[1].email], seconds=10)
        channel.over.set()
        eventually(lambda: count("select count(*) from page where retried") == len(hung))
        channel.over.clear()
        channel.waiting.clear()
        # Known to be slow now, it holds a quarter while there is somebody else.
        for number in range(24):
            world.opens(f"E{number}", layers=[([owls[2]], 60)], paging=False)
        channel.before_it.clear()
        channel.gate = threading.Semaphore(0)
        with atomic(), transaction.joining():
            escalations.fire_due(SYSTEM)
            ask("update page set due_at = nightbell_now() where retried")
        lane.stir()
        eventually(lambda: len(channel.before_it) + len(channel.waiting) == 8)
        # Each sender that comes free takes whoever's turn it is.
        for so_many in range(1, 13):
            channel.gate.release()
            eventually(partial(channel.has_taken, owls[2].email, so_many))
        assert len(channel.waiting) <= 2
        channel.gate.release(1000)
        eventually(lambda: channel.taken.count(owls[2].email) == 24, seconds=10)
        channel.over.set()
    world.forgets_mail()
