"""That libpq's variables have no say in connections to the embedded server."""

import os
from pathlib import Path

import pytest
from psycopg import pq

from nightbell import postgres
from nightbell.postgres import libpq
from tests.postgres import servers

# Those libpq reads and does not list among its options.
UNLISTED = ["PGSERVICEFILE", "PGSYSCONFDIR", "PGLOCALEDIR", "PGREQUIRESSL", "PGDATESTYLE", "PGTZ", "PGGEQO"]


def test_p31_no_variable_of_libpqs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar]
    assert "PGHOSTADDR" in listed
    for name in [*listed, *UNLISTED]:
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("NIGHTBELL_SENDERS", "3")
    libpq.forget_environment()
    assert not {*listed, *UNLISTED}.intersection(os.environ)
    assert os.environ["NIGHTBELL_SENDERS"] == "3"


@pytest.mark.parametrize("variable", ["PGHOSTADDR", "PGSERVICE", "PGREQUIREAUTH"])
def test_p31_a_variable_does_not_redirect_whoever_starts_or_finds_the_server(
    data: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "192.0.2.1")
    with postgres.start(data, servers.FAST) as server:
        assert servers.answer(server.url) == 1
        monkeypatch.setenv(variable, "192.0.2.1")
        assert servers.answer(postgres.attach(data).url) == 1
        monkeypatch.setenv(variable, "192.0.2.1")
        with postgres.share(data) as shared:
            assert servers.answer(shared.url) == 1
