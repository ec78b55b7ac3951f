"""What every test may ask for: a PostgreSQL of its worker's own, a world to tell stories in."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings

from nightbell import postgres
from nightbell.channels.slack import declaration
from nightbell.channels.slack.buckets import Buckets
from nightbell.demo import clock
from tests import tables
from tests.workspace import Slack, configured
from tests.world import World

hypothesis.settings.register_profile("nightbell", deadline=None, print_blob=True)
hypothesis.settings.load_profile("nightbell")
# The mail catcher's server tells of every line that is said to it.
logging.getLogger("mail.log").setLevel(logging.WARNING)


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
def django_db_setup(django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Tables as an installation has them, a clock that tests can move, and tables that are quickly emptied."""
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        # Read once from the database, as a server does when it starts; a test may take the database away.
        str(settings.SECRET_KEY)
        with connection.cursor() as cursor:
            clock.install(cursor)
    emptied = tables.emptying()

    def empty(_case: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute(emptied)

    # Unblocked to the end, because the threads that wake engines and mark keys write between tests as well.
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        # Django's own way truncates, and makes every permission anew: 400 ms a test where this takes two.
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    """One organization, a mail server, a clock; at the end, no mail may have come that the story did not tell of."""
    with World() as told:
        yield told
        told.ends()


@pytest.fixture
def slack(world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    """A workspace the world's organization is connected to; at the end it has nothing to complain of."""
    monkeypatch.setattr(declaration, "_BUCKETS", Buckets())
    with Slack(world) as workspace:
        settings.NIGHTBELL = configured(settings.NIGHTBELL, workspace)
        world.uses_slack(workspace)
        yield workspace
        workspace.assert_clean()
    world.forgets_mail()
