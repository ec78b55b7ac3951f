"""What the clock does, a batch at a time or one by one."""

from uuid import uuid4

from nightbell.actions import escalations
from nightbell.core.incident import state
from nightbell.data.access.principal import SYSTEM
from tests.world import World


def test_the_longest_overdue_are_advanced_first(world: World) -> None:
    several = []
    for number in range(4):
        several.append(world.opens(f"Disk {number}", layers=[([world.zoe], 5)], paging=False))
        world.sleeps(minutes=1)
    assert escalations.due_now() == [each.id for each in several]
    assert escalations.due_now(2) == [each.id for each in several[:2]]
    assert escalations.fire_due(SYSTEM, 3) == 3
    assert [each.now.position for each in several] == [1, 1, 1, 0]
    assert escalations.fire_due(SYSTEM, 3) == 1
    assert escalations.fire_due(SYSTEM, 3) == 0


def test_one_incident_is_advanced_alone_and_only_when_it_is_due(world: World) -> None:
    first = world.opens("Disk 1", layers=[([world.zoe], 5)], paging=False)
    second = world.opens("Disk 2", layers=[([world.zoe], 5)], paging=False)
    assert escalations.fire_one(SYSTEM, second.id) == 1
    assert (first.now.position, second.now.position) == (0, 1)
    assert escalations.fire_one(SYSTEM, second.id) == 0
    assert escalations.fire_one(SYSTEM, uuid4()) == 0
    assert len(second.record("layer_paged")) == 1


def test_an_engine_may_sleep_until_the_first_clock_runs_out(world: World) -> None:
    assert escalations.seconds_to_next() is None
    incident = world.opens("Disk", layers=[([world.zoe], 5)], paging=False)
    first = escalations.seconds_to_next()
    assert first is not None
    assert first <= 0
    escalations.fire_due(SYSTEM)
    left = escalations.seconds_to_next()
    assert left is not None
    assert 290 < left <= 300
    world.zoe.acknowledges(incident)
    assert escalations.seconds_to_next() is None


def test_what_is_set_aside_is_looked_at_again_in_a_minute(world: World) -> None:
    incident = world.opens("Disk", layers=[([world.zoe], 5)], paging=False)
    escalations.set_aside(SYSTEM, incident.id)
    assert escalations.fire_due(SYSTEM) == 0
    world.sleeps(seconds=60)
    assert escalations.fire_due(SYSTEM) == 1
    # Without a clock there is nothing to set aside.
    world.zoe.acknowledges(incident)
    escalations.set_aside(SYSTEM, incident.id)
    assert (incident.now.state, incident.now.due_at) == (state.State.ACKNOWLEDGED, None)


def test_incidents_of_several_organizations_are_advanced_in_one_batch(world: World) -> None:
    with World("Day Larks") as other:
        ours = world.opens("Ours", layers=[([world.zoe], 5)], paging=False)
        theirs = other.opens("Theirs", layers=[([other.zoe], 5)], paging=False)
        assert escalations.fire_due(SYSTEM) == 2
        assert [page.user_id for page in ours.pages()] == [world.zoe.id]
        assert [page.user_id for page in theirs.pages()] == [other.zoe.id]
        world.zoe.acknowledges(ours)
        other.zoe.acknowledges(theirs)
