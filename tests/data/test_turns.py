"""Whose message is claimed next: organizations in turn, what is urgent first, and the newest with the oldest."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from nightbell.actions import copies, deliveries, ids, organizations, people
from nightbell.core.incident import actor, state
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.claims import messages, turns
from nightbell.data.claims.messages import Lease
from nightbell.data.models import Incident as Row
from nightbell.data.models import Page

pytestmark = pytest.mark.django_db(transaction=True)

NOW = timedelta()
QUEUED = """
insert into page (id, organization_id, incident_id, user_id, channel, reason, epoch, round, position, why, queued_at,
  state, due_at, destination, urgent, retried)
select q.id, %(organization)s, %(incident)s, %(user)s, 'email', 'layer', q.epoch, 1, 1, '{}', nightbell_now(), 'queued',
  nightbell_now() + make_interval(secs => q.due_in), %(destination)s, %(urgent)s, %(retried)s
from jsonb_to_recordset(%(rows)s::jsonb) as q(id uuid, epoch int, due_in float8)
"""


class Org:
    """An organization with one incident, and pages of it that wait."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.organization, membership = organizations.create(
            Principal.operator(), name, people.Person(f"ana@{name.lower()}.example", "Ana")
        )
        self.user_id = membership.user_id
        self.incident = Row.objects.create(
            id=ids.new(),
            organization=self.organization,
            number=1,
            title="T",
            severity=state.Severity.HIGH,
            status=state.Status.INVESTIGATING,
            owner_id=self.user_id,
            created_by={"type": actor.Type.SYSTEM, "id": None, "name": "", "via": None},
            state=state.State.NONE,
        )
        self.epochs = 0

    def waits(
        self, due_in: Sequence[float], destination: str = "", *, urgent: bool = True, retried: bool = False
    ) -> list[UUID]:
        """Pages that are due in so many seconds; their ids."""
        made = [ids.new() for _ in due_in]
        rows: list[dict[str, Any]] = []
        for page_id, each in zip(made, due_in, strict=True):
            self.epochs += 1
            rows.append({"id": str(page_id), "epoch": self.epochs, "due_in": each})
        given: dict[str, Any] = {
            "organization": self.organization.id,
            "incident": self.incident.id,
            "user": self.user_id,
        }
        given |= {"destination": destination, "urgent": urgent, "retried": retried, "rows": json.dumps(rows)}
        with connection.cursor() as cursor:
            cursor.execute(QUEUED, given)
        return made


def overdue(count: int, since: float = 60.0) -> list[float]:
    """Due since so many seconds, one after the other."""
    return [-since + place / 1000 for place in range(count)]


def claimed(limit: int, whose: turns.Turns) -> list[Lease]:
    return deliveries.claim(SYSTEM, "email", limit, whose)


def by_organization(leases: list[Lease]) -> Counter[UUID]:
    return Counter(lease.organization_id for lease in leases)


def crowd(whose: turns.Turns) -> None:
    """A first claim is of the oldest; that as much was due as was asked for is known from then on."""
    assert len(claimed(1, whose)) == 1


def test_what_is_due_is_claimed_whole_where_there_are_senders_enough() -> None:
    owls, bats = Org("Owls"), Org("Bats")
    wanted = {*owls.waits(overdue(3)), *bats.waits(overdue(2), urgent=False, retried=True)}
    owls.waits([60.0])
    whose = turns.Turns()
    assert {lease.id for lease in claimed(8, whose)} == wanted
    assert claimed(8, whose) == []


def test_p29_organizations_take_turns_however_much_waits_for_one_of_them() -> None:
    owls, bats, rats = Org("Owls"), Org("Bats"), Org("Rats")
    owls.waits(overdue(200))
    bats.waits(overdue(5, since=1), urgent=False, retried=True)
    rats.waits(overdue(5, since=1))
    whose = turns.Turns()
    crowd(whose)
    for _ in range(2):
        assert sorted(by_organization(claimed(6, whose)).values()) == [2, 2, 2]
    assert by_organization(claimed(6, whose))[owls.organization.id] == 4


def test_p29_each_has_its_turn_where_senders_are_fewer_than_organizations() -> None:
    orgs = [Org(name) for name in ("Owls", "Bats", "Rats", "Elks", "Lynx")]
    for org in orgs:
        org.waits(overdue(4))
    whose = turns.Turns()
    crowd(whose)
    served = [lease.organization_id for _ in range(5) for lease in claimed(1, whose)]
    assert sorted(served) == sorted(org.organization.id for org in orgs)


def test_destinations_of_one_organization_take_turns_too() -> None:
    owls = Org("Owls")
    owls.waits(overdue(50), "hangs.example")
    elsewhere = owls.waits(overdue(2, since=1), "owls.example")
    whose = turns.Turns()
    crowd(whose)
    assert {*elsewhere} <= {lease.id for lease in claimed(4, whose)}


@pytest.mark.parametrize(("urgent", "retried"), [(False, False), (True, True), (False, True)])
def test_what_is_urgent_and_not_tried_yet_comes_first_in_a_turn(urgent: bool, retried: bool) -> None:
    owls = Org("Owls")
    owls.waits(overdue(50), urgent=urgent, retried=retried)
    first = owls.waits(overdue(4, since=1))
    whose = turns.Turns()
    crowd(whose)
    assert {lease.id for lease in claimed(4, whose)} == set(first)


def test_p28_the_newest_is_claimed_with_the_oldest() -> None:
    owls = Org("Owls")
    old = owls.waits(overdue(100))
    (new,) = owls.waits([-0.5])
    whose = turns.Turns()
    crowd(whose)
    leased = {lease.id for lease in claimed(4, whose)}
    assert new in leased
    assert leased - {new} == set(old[1:4])


def test_p28_one_at_a_time_the_oldest_have_every_other_turn() -> None:
    owls = Org("Owls")
    old = owls.waits(overdue(100))
    whose = turns.Turns()
    crowd(whose)
    leased = [lease.id for _ in range(6) for lease in claimed(1, whose)]
    assert {*old[1:4]} <= set(leased)


def test_what_is_closed_is_left_alone_and_the_rest_is_not() -> None:
    owls, bats = Org("Owls"), Org("Bats")
    owls.waits(overdue(30), "hangs.example")
    bats.waits(overdue(30))
    wanted = owls.waits(overdue(1, since=1), "owls.example")
    whose = turns.Turns(closed=frozenset({"hangs.example", bats.organization.id}))
    assert [lease.id for lease in claimed(8, whose)] == wanted
    assert claimed(8, whose) == []
    whose.closed = frozenset()
    assert len(claimed(8, whose)) == 8


def test_many_that_have_nothing_due_keep_nobody_for_long() -> None:
    owls = Org("Owls")
    for number in range(turns.STEPS + 50):
        owls.waits([3600.0], f"d{number:03}.example")
    last = owls.waits(overdue(3), "z.example")
    whose = turns.Turns(crowded={"page"})
    assert {lease.id for lease in claimed(8, whose)} == set(last)
    again = owls.waits(overdue(3), "z.example")
    # The walk goes on where it stopped, and comes to it.
    whose.crowded.add("page")
    assert whose.reached["page"][1] == f"d{turns.STEPS - 1:03}.example"
    assert {lease.id for lease in claimed(8, whose)} == set(again)
    assert whose.reached["page"][1] == "z.example"


def test_two_lanes_never_claim_the_same() -> None:
    owls, bats = Org("Owls"), Org("Bats")
    owls.waits(overdue(20))
    bats.waits(overdue(20))
    one, other = turns.Turns(crowded={"page"}), turns.Turns(crowded={"page"})
    leased: list[UUID] = []
    while found := claimed(3, one) + claimed(3, other):
        leased += [lease.id for lease in found]
    assert len(leased) == len(set(leased)) == 40


def test_what_is_locked_is_passed_over() -> None:
    owls = Org("Owls")
    (held,) = owls.waits(overdue(1))
    free = owls.waits(overdue(3, since=1))
    other = connection.copy()
    try:
        with transaction.atomic():
            Page.objects.select_for_update(no_key=True).get(id=held)
            with other.cursor() as cursor:
                given: dict[str, Any] = {"channel": "email", "limit": 8, "lease": 30} | turns.Turns().asked("page")
                cursor.execute(messages.CLAIM_IN_TURN["page"], given)
                assert {row[0] for row in cursor.fetchall()} - {None} == set(free)
    finally:
        other.close()


def test_what_was_tried_in_vain_is_brought_forward_and_nothing_else() -> None:
    owls = Org("Owls")
    (waits,) = owls.waits([600.0], "owls.example", retried=True)
    (other,) = owls.waits([600.0], "bats.example", retried=True)
    (untried,) = owls.waits([600.0], "owls.example")
    messages.bring_forward("page", "email", "owls.example", 10, NOW)
    assert [lease.id for lease in claimed(8, turns.Turns())] == [waits]
    messages.bring_forward("page", "slack", None, 10, NOW)
    messages.bring_forward("page", "email", owls.organization.id, 10, NOW)
    assert claimed(8, turns.Turns()) == []
    deliveries.bring_forward(SYSTEM, "email", None, 10, NOW)
    copies.bring_forward(SYSTEM, "email", None, 10, NOW)
    assert [lease.id for lease in claimed(8, turns.Turns())] == [other]
    assert Page.objects.get(id=untried).state == "queued"
