"""What every test may ask for: a PostgreSQL of its worker's own, a world to tell stories in, a moment that is not too long."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from nightbell import postgres
from nightbell.demo import clock
from tests.world import World

hypothesis.settings.register_profile("nightbell", deadline=None, print_blob=True)
hypothesis.settings.load_profile("nightbell")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(server: postgres.Server) -> None:
    """Point Django at this worker's own server, before anything connects."""
    connections["default"].settings_dict.update(
        NAME="nightbell", USER="nightbell", HOST=str(server.url.split("host=")[1].split("&")[0])
    )


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """A throwaway PostgreSQL; what it would lose in a power cut is nothing."""
    directory = Path(tempfile.mkdtemp(prefix="nightbell-tests-"))
    directory.chmod(0o755)
    with postgres.start(directory / "data", {"fsync": "off"}) as started:
        os.environ["NIGHTBELL_DATABASE_URL"] = started.url
        yield started
        connections.close_all()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tables as an installation has them, and a clock that tests can move."""
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            clock.install(cursor)


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    """One organization, a mail server, a clock; at the end, no mail may have come that the story did not tell of."""
    with World() as told:
        yield told
        told.ends()
