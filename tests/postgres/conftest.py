"""Fixtures for tests of real PostgreSQL servers: places they can live in, and other users to be."""

import contextlib
import os
import pickle
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nightbell import postgres
from nightbell.postgres import cluster
from tests.postgres import servers


@pytest.fixture(autouse=True)
def _clusters_are_copies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only tests of how a cluster is made make one."""
    if "makes_clusters" not in request.keywords:
        monkeypatch.setattr(cluster, "make", servers.make_by_copy)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory everybody may pass; pytest's own are closed to the user a server of root's runs as."""
    directory = Path(tempfile.mkdtemp(prefix="nb-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def data(place: Path) -> Path:
    return place / "data"


@pytest.fixture
def server(data: Path) -> Iterator[postgres.Server]:
    with postgres.start(data, servers.FAST) as running:
        yield running


As = Callable[[str, Callable[[], Any]], Any]


@pytest.fixture
def as_user() -> As:
    """Calls a function in a forked child that has become this user; returns what it returned, raises what it raised.

    Forked, not started anew: the interpreter itself may lie where that user cannot read it.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    return _call_as


def _call_as(name: str, function: Callable[[], Any]) -> Any:
    entry = pwd.getpwnam(name)
    with contextlib.suppress(psycopg.Error):
        psycopg.connect("host=/nonexistent")  # loads what psycopg would load late
    reader, writer = os.pipe()
    child = servers.fork()
    if child == 0:
        os.close(reader)
        result: tuple[bool, Any] = (False, RuntimeError("nothing was returned"))
        try:
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
            os.environ["HOME"] = "/nonexistent"
            result = (True, function())
        except BaseException as error:  # noqa: BLE001 -- it is raised again in the parent
            result = (False, error)
        finally:
            with os.fdopen(writer, "wb") as pipe:
                try:
                    pickle.dump(result, pipe)
                except Exception:  # noqa: BLE001
                    pickle.dump((False, RuntimeError(repr(result))), pipe)
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    ok, value = pickle.loads(content)
    if not ok:
        raise value
    return value
