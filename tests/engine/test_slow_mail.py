"""What a mail server that is slow, or at fault, does to pages, by a real lane: a row of the list at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from nightbell.actions import deliveries, escalations
from nightbell.channels.email.channel import EmailChannel
from nightbell.channels.email.smtp import LIMITS
from nightbell.core import delivery
from nightbell.core.incident import state
from nightbell.data.access.principal import SYSTEM
from nightbell.demo import clock
from nightbell.engine.lanes import Lane
from tests.engine.processes import PATIENCE, ask, eventually
from tests.world import MAIL_FROM, Incident, Person, World

pytestmark = pytest.mark.xdist_group("engine")


@contextmanager
def lane(world: World, senders: int = 4, **limits: float) -> Iterator[Lane]:
    """A lane to the story's mail server, in this process."""
    caught_up = threading.Event()
    caught_up.set()
    given = replace(LIMITS, **limits)
    running = Lane(
        "email", "email", deliveries, lambda: EmailChannel(world.mail.url, MAIL_FROM, given), senders, caught_up
    )
    running.start()
    try:
        yield running
    finally:
        world.mail.behave()
        running.stop(5)
        connection.close()


def opened(world: World, *names: str) -> tuple[Incident, list[Person]]:
    """An incident with a layer of 30 minutes for each of these; the first has a page to be sent."""
    people = world.members(*names)
    incident = world.opens(f"For {names[0]}", layers=[([each], 30) for each in people], paging=False)
    escalations.fire_due(SYSTEM)
    return incident, people


def pages_of(incident: Incident) -> list[tuple[str, int, str | None]]:
    """State, attempts and error of its pages, in order."""
    found = ask("select state, attempts, error from page where incident_id = %s order by queued_at, id", incident.id)
    return [(each[0], each[1], each[2]) for each in found]


def seconds_left(incident: Incident) -> float:
    """How long the lease on its page has to run."""
    left = "select extract(epoch from due_at - nightbell_now()) from page where incident_id = %s"
    return float(ask(left, incident.id)[0][0])


def arrived(world: World, incident: Incident) -> int:
    return len([mail for mail in world.mail.messages if f"[#{incident.number}]" in mail.subject])


@pytest.mark.parametrize(
    "says",
    [
        "504 5.5.2 <a1b2c3d4e5f6>: Helo command rejected: need fully-qualified hostname",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
        "552 5.2.2 over quota",
        "550 5.1.7 Sender address rejected",
        "530 5.7.0 Authentication required",
    ],
    ids=["helo", "block list", "quota", "sender", "login"],
)
def test_e08_a_fault_of_ours_told_at_rcpt_exhausts_nothing(world: World, says: str) -> None:
    incident, people = opened(world, "Ana", "Bo", "Cy")
    world.mail.answer(rcpt=says)
    with lane(world) as running:
        eventually(lambda: pages_of(incident)[0][:2] == ("queued", 1))
        assert escalations.fire_due(SYSTEM) == 0
        assert says in str(pages_of(incident)[0][2])
        assert (incident.now.state, incident.now.position) == (state.State.PAGING, 1)
        world.mail.behave()
        clock.advance(timedelta(seconds=15))
        running.stir()
        eventually(lambda: pages_of(incident) == [("sent", 2, None)])
    assert people[0].was_paged(incident, layer=1)


def test_e03_a_refused_recipient_is_given_up_at_once_and_the_record_says_so(world: World) -> None:
    incident, _ = opened(world, "Ana", "Bo")
    world.mail.answer("ana@owls.example", rcpt="550 5.1.1 no such user")
    with lane(world):
        eventually(lambda: pages_of(incident)[0][0] == "failed")
    [entry] = incident.record("page_failed")
    assert "550 5.1.1 no such user" in str(entry)


def test_e09_an_answer_that_takes_two_minutes_is_one_mail_that_is_sent(world: World) -> None:
    incident, people = opened(world, "Ana")
    with lane(world, renew_every=0.1) as running:
        with world.mail.holding("thought") as thinks:
            assert thinks.wait(PATIENCE)
            for _ in range(5):
                clock.advance(delivery.LEASE - timedelta(seconds=5))
                running.stir()
                eventually(lambda: seconds_left(incident) > delivery.LEASE.total_seconds() - 4)
            assert pages_of(incident)[0][:2] == ("sending", 1)
            assert arrived(world, incident) == 1
        eventually(lambda: pages_of(incident) == [("sent", 1, None)])
    assert arrived(world, incident) == 1
    assert people[0].was_paged(incident, layer=1)


def test_e10_a_server_slow_at_every_stage_gets_one_mail(world: World) -> None:
    incident, people = opened(world, "Ana")
    world.mail.pause(0.2)
    with lane(world):
        eventually(lambda: pages_of(incident) == [("sent", 1, None)])
    assert people[0].was_paged(incident, layer=1)


def test_e10_what_is_acknowledged_before_data_does_not_arrive(world: World) -> None:
    incident, people = opened(world, "Ana")
    with lane(world):
        with world.mail.holding("rcpt") as asked:
            assert asked.wait(PATIENCE)
            people[0].acknowledges(incident)
        eventually(lambda: pages_of(incident)[0][0] == "cancelled")
    assert arrived(world, incident) == 0


def test_p32_a_server_that_trickles_does_not_keep_a_sender_from_the_next_page(world: World) -> None:
    world.mail.trickle(0.5)
    first, _ = opened(world, "Ana")
    with lane(world, senders=1, attempt=1.0):
        eventually(lambda: pages_of(first)[0][:2] == ("queued", 1))
        assert str(pages_of(first)[0][2]).endswith("no answer within 1 s")
        world.mail.behave()
        second, people = opened(world, "Bo")
        eventually(lambda: pages_of(second) == [("sent", 1, None)])
    assert people[0].was_paged(second, layer=1)


def test_p32_a_domain_that_hangs_does_not_keep_others_from_theirs(world: World) -> None:
    hanging, _ = opened(world, "Ana")
    ask("update account set email = 'ana@slow.example' where email like 'ana@%%'")
    world.mail.hang("slow.example")
    with lane(world, senders=2):
        other, people = opened(world, "Bo")
        eventually(lambda: pages_of(other) == [("sent", 1, None)])
        assert pages_of(hanging)[0][:2] == ("sending", 1)
        world.mail.hang_up()
        eventually(lambda: pages_of(hanging)[0][:2] == ("queued", 1))
    assert people[0].was_paged(other, layer=1)
