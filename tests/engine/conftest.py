"""Engines for a story: started on the story's database and mail server, and ended before it is forgotten."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection

from nightbell import postgres
from tests.engine.processes import Engine
from tests.world import World

Start = Callable[..., Engine]


@pytest.fixture
def start(world: World, server: postgres.Server, tmp_path: Path) -> Iterator[Start]:
    """Start an engine: `start()`, or `start(smtp_url=None, NIGHTBELL_SENDERS="1")`; it is ready when this returns."""
    with ExitStack() as running:
        started = 0

        def begin(smtp_url: str | None = world.mail.url, **settings: str) -> Engine:
            nonlocal started
            started += 1
            engine = running.enter_context(Engine(tmp_path / f"engine-{started}.log", server.url, smtp_url, **settings))
            engine.wait_until_ready()
            return engine

        yield begin
    connection.close()
    world.forgets_mail()
