"""One durable transaction an action, run again whole only where the database asks for it."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection
from django.db import transaction as database

from nightbell.data import transaction, wake
from nightbell.data.access.principal import SYSTEM, Needs, Principal
from nightbell.data.models import Organization
from tests import races
from tests.world import World

R = TypeVar("R")
COUNT = "update organization set incident_count = incident_count + 1 where id = %s"


def count_up(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, (world.organization.id,))


def by_system(act: Callable[[], R]) -> Callable[[], R]:
    """An action that Nightbell itself asks for."""

    def asked(_principal: Principal) -> R:
        return act()

    return partial(transaction.action(Needs.INSTALLATION)(asked), SYSTEM)


def counted(world: World) -> int:
    return Organization.objects.get(id=world.organization.id).incident_count


@pytest.mark.parametrize(("failures", "attempts"), [(0, 1), (1, 2), (4, 5), (5, 5), (9, 5)])
def test_p18_a_serialisation_failure_is_tried_at_most_five_times(world: World, failures: int, attempts: int) -> None:
    made: list[int] = []

    @by_system
    def act() -> str:
        made.append(len(made))
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read")
            cursor.execute("select incident_count from organization")
        if len(made) <= failures:
            with races.stranger() as other:
                other.execute(COUNT.encode(), (world.organization.id,))
        count_up(world)
        return "done"

    if failures < 5:
        assert act() == "done"
        assert counted(world) == failures + 1
    else:
        with pytest.raises(OperationalError) as failed:
            act()
        assert isinstance(failed.value.__cause__, psycopg.errors.SerializationFailure)
        assert counted(world) == 5
    assert len(made) == attempts


def test_p18_a_deadlock_is_run_again_whole(world: World) -> None:
    with World("Day Larks") as larks:
        made: list[int] = []

        @by_system
        def act() -> None:
            made.append(len(made))
            count_up(world)
            count_up(larks)

        # Which of the two is told to give up is the server's choice: mostly the one that has waited longer.
        for _ in range(10):
            made.clear()
            before = counted(world)
            other_won = deadlock(act, world, larks)
            if other_won:
                assert len(made) == 2
                assert (counted(world), counted(larks)) == (before + 2, before + 2)
                break
            assert len(made) == 1
            assert (counted(world), counted(larks)) == (before + 1, before + 1)
        else:
            raise AssertionError("the action never lost")


def deadlock(act: Callable[[], None], first: World, second: World) -> bool:
    """Run `act`, which counts up the first and then the second, against somebody who does it the other way round.

    True where the other won.
    """
    with races.stranger() as other:
        other.execute(COUNT.encode(), (second.organization.id,))
        acting = races.Running(act).waits()
        try:
            other.execute(COUNT.encode(), (first.organization.id,))
            other.commit()
            won = True
        except psycopg.errors.DeadlockDetected:
            other.rollback()
            won = False
    acting.result()
    return won


def break_a_constraint() -> None:
    Organization.objects.update(incident_count=-1)


def wait_too_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local lock_timeout = '10ms'")
        cursor.execute("select from organization for update")


def take_too_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = '10ms'")
        cursor.execute("select pg_sleep(5)")


def be_wrong() -> None:
    raise ValueError("wrong")


def hang_up() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pg_backend_pid())")


@pytest.mark.parametrize(
    ("fail", "error"),
    [
        (break_a_constraint, IntegrityError),
        (wait_too_long, OperationalError),
        (take_too_long, OperationalError),
        (be_wrong, ValueError),
        (hang_up, OperationalError),
    ],
)
def test_p18_nothing_else_is_tried_again(world: World, fail: Callable[[], None], error: type[Exception]) -> None:
    made: list[int] = []

    @by_system
    def act() -> None:
        made.append(len(made))
        Organization.objects.update(name="Half done")
        fail()

    held = f"select from organization where id = '{world.organization.id}' for key share"
    with races.holding(held), pytest.raises(error):
        act()
    connection.close_if_unusable_or_obsolete()
    assert len(made) == 1
    assert Organization.objects.get().name == "Night Owls"


def test_an_action_is_durable_unless_it_joins(world: World) -> None:
    act = by_system(partial(count_up, world))
    with pytest.raises(RuntimeError, match="durable"), database.atomic():
        act()
    assert counted(world) == 0
    with database.atomic():
        with transaction.joining():
            act()
            act()
        assert counted(world) == 2
        database.set_rollback(True)
    assert counted(world) == 0
    # Once joining has ended, an action is on its own again, even after one that failed.
    with pytest.raises(ValueError, match="within"), transaction.joining():
        raise ValueError("within")
    act()
    assert counted(world) == 1
    with pytest.raises(RuntimeError, match="durable"), database.atomic():
        act()


def test_an_action_that_joins_is_left_to_the_transaction_it_joined(world: World) -> None:
    made: list[int] = []

    @by_system
    def inner() -> None:
        made.append(len(made))
        with connection.cursor() as cursor:
            cursor.execute("do $$ begin raise exception 'again' using errcode = '40001'; end $$")

    @by_system
    def outer() -> None:
        count_up(world)
        if len(made) < 2:
            with transaction.joining():
                inner()

    outer()
    # Each failure ran the outer one again, whole: retried alone, the inner would have found no transaction.
    assert (len(made), counted(world)) == (2, 1)


def heard(listening: psycopg.Connection[object], seconds: float) -> int:
    return len(list(listening.notifies(timeout=seconds, stop_after=1)))


def test_a_commit_wakes_the_engines_and_nothing_else_does(world: World) -> None:
    def fail() -> None:
        count_up(world)
        raise ValueError("wrong")

    with races.stranger() as listening:
        listening.execute(f"listen {wake.CHANNEL}".encode())
        listening.commit()
        # What the story of the world's making said.
        while heard(listening, 0.3):
            pass
        with pytest.raises(ValueError, match="wrong"):
            by_system(fail)()
        transaction.quiet_action(Needs.INSTALLATION)(lambda _principal: count_up(world))(SYSTEM)
        assert heard(listening, 0.3) == 0
        by_system(partial(count_up, world))()
        assert heard(listening, 5) == 1
