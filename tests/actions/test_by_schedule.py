"""Opening for whoever is on call while that changes, and notices whose lease was lost."""

from functools import partial
from uuid import uuid4

import pytest

from nightbell.actions import deliveries, incidents, people
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import state
from nightbell.data.access.principal import SYSTEM
from tests import races
from tests.rota import Rota
from tests.world import World

GIVEN = incidents.Opening("Queue is stuck", state.Severity.HIGH, None)


def test_whoever_left_while_the_incident_opened_is_not_its_owner(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    rota = Rota(world)
    rota.layer(ana, bo)
    opening = partial(incidents.open_by_schedule, world.principal, GIVEN, rota.id, owner_named=False)
    removing = partial(people.remove, world.principal, ana.id)
    _, opened = races.in_order(races.membership_row(ana.id), removing, opening)
    view, is_new = opened.result()
    assert (view.owner.id, is_new) == (bo.id, True)
    world.settles()
    world.forgets_mail()


def test_a_policy_that_is_not_there_is_refused_at_once(world: World) -> None:
    rota = Rota(world)
    given = incidents.Opening("Queue is stuck", state.Severity.HIGH, None, policy_id=uuid4())
    with pytest.raises(Rejected) as refused:
        incidents.open_by_schedule(world.principal, given, rota.id, owner_named=False)
    assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, "escalation_policy_id")


def test_a_notice_whose_lease_was_lost_is_not_sent(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    world.forgets_mail()
    incidents.hand_off(world.zoe.principal, incident.id, bo.id)
    leases = deliveries.claim(SYSTEM, "email", 10)
    (notice,) = [lease for lease in leases if lease.table == "notice"]
    deliveries.release(SYSTEM, [notice])
    deliveries.claim(SYSTEM, "email", 10)
    assert deliveries.look(SYSTEM, notice) is None
