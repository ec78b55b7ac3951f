"""The clock that can be moved: for every reader, as far as was asked, and without making it slow."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction

from nightbell.data import clock as database
from nightbell.demo import clock

pytestmark = pytest.mark.django_db(transaction=True)

VOLATILITY = "select provolatile from pg_proc where proname = 'nightbell_now'"


@pytest.fixture(autouse=True)
def right_again() -> Iterator[None]:
    yield
    clock.reset()


def test_it_moves_by_what_it_is_told_and_goes_on_from_there() -> None:
    before = database.now()
    assert clock.advance(timedelta(minutes=5)) == timedelta(minutes=5)
    assert clock.advance(timedelta(seconds=1, milliseconds=500)) == clock.offset() == timedelta(seconds=301.5)
    moved = database.now() - before
    assert timedelta(seconds=301.5) <= moved < timedelta(seconds=310)


def test_it_can_be_put_right() -> None:
    before = database.now()
    clock.advance(timedelta(days=1))
    clock.reset()
    assert database.now() - before < timedelta(minutes=1)


def test_it_stays_stable_so_that_what_is_due_is_found_by_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute(VOLATILITY)
        assert cursor.fetchone() == ("s",)


def test_installing_it_again_moves_nothing() -> None:
    clock.advance(timedelta(hours=1))
    with connection.cursor() as cursor:
        clock.install(cursor)
    assert clock.offset() == timedelta(hours=1)


def test_a_database_gets_its_real_clock_back() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        before = database.now()
        clock.advance(timedelta(days=1))
        clock.remove(cursor)
        assert database.now() - before < timedelta(minutes=1)
        cursor.execute(VOLATILITY)
        assert cursor.fetchone() == ("s",)
        transaction.set_rollback(True)
