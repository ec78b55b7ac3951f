"""What tests of the API may ask for."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from nightbell.actions import organizations, people
from nightbell.data import key_use, wake
from nightbell.data.access.principal import Principal
from tests.api.caller import Caller
from tests.world import World


@pytest.fixture
def settled(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is written off the request's path is written before the test's rows go, and the database with them."""
    monkeypatch.setattr(key_use._marker, "_pause", 0)
    yield
    for background in (key_use._marker, wake._notifier):
        assert background.drain(timedelta(seconds=30))


@pytest.fixture
def api(world: World, settled: None) -> Caller:
    """A program of the world's organization."""
    return Caller(world.organization)


@pytest.fixture
def stranger(settled: None) -> Caller:
    """A program of another organization."""
    other, _ = organizations.create(Principal.operator(), "Early Larks", people.Person("lara@larks.example", "Lara"))
    return Caller(other)
