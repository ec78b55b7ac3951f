"""What tests of the API may ask for."""

import pytest

from nightbell.actions import organizations, people
from tests.api.caller import Caller
from tests.world import World


@pytest.fixture
def api(world: World) -> Caller:
    """A program of the world's organization."""
    return Caller(world.organization)


@pytest.fixture
def stranger(transactional_db: None) -> Caller:
    """A program of another organization."""
    other, _ = organizations.create("Early Larks", people.Person("lara@larks.example", "Lara"))
    return Caller(other)
