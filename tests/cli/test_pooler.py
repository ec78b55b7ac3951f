"""What stands between Nightbell and its database must give each connection a session: proven, told in words."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from nightbell import postgres
from tests.cli import installations, poolers

pytestmark = [pytest.mark.xdist_group("pooler"), pytest.mark.timeout(300)]

WORDS = "A pooler in transaction mode stands between Nightbell and its database"
# Proves, and prints what of our limits is not in force.
PROOF = "import json; from nightbell.data import sessions; print(json.dumps(sessions.prove()))"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    with installations.installation({}) as at, postgres.start(at.directory / "data", {"fsync": "off"}) as server:
        yield server


def run(url: str, *verb: str) -> "subprocess.CompletedProcess[str]":
    with installations.installation({"NIGHTBELL_DATABASE_URL": url}) as at:
        return at.run(*verb)


def prove(url: str) -> "subprocess.CompletedProcess[str]":
    with installations.installation({"NIGHTBELL_DATABASE_URL": url}) as at:
        environ = {**at.environ, "DJANGO_SETTINGS_MODULE": "nightbell.conf.settings"}
        command = [installations.NIGHTBELL[0], "-c", PROOF]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


# A free one.
PORT = "PORT"
STARTS: list[tuple[str, ...]] = [
    ("serve", "--port", PORT),
    ("web", "--port", PORT),
    ("engine",),
    ("migrate",),
    ("org", "fallback", "acme"),
    ("db", "export", os.devnull),
]


@pytest.mark.parametrize(
    ("mode", "verb"), [*(("transaction", verb) for verb in STARTS), ("statement", ("migrate",))], ids=str
)
def test_p26_a_pooler_that_lends_sessions_out_is_refused_at_start_in_words(
    database: postgres.Server, mode: str, verb: tuple[str, ...]
) -> None:
    with poolers.pooler(database, mode) as url:
        refused = run(url, *(str(installations.free_port()) if word == PORT else word for word in verb))
    assert refused.returncode == 1
    assert WORDS in refused.stderr
    assert "Traceback" not in refused.stderr


def findings(url: str) -> dict[str, Any]:
    found = json.loads(run(url, "check", "--json").stdout)
    return {each["name"]: each for each in found["findings"]}


def test_p26_check_says_so_too(database: postgres.Server) -> None:
    with poolers.pooler(database, "transaction") as url:
        found = findings(url)
    assert not found["sessions"]["ok"]
    assert found["sessions"]["says"].startswith(WORDS)


@pytest.mark.parametrize("lending", [0, 1], ids=["the last session first", "the last session last"])
@pytest.mark.parametrize("sessions", [1, 5])
def test_p26_it_is_found_whichever_session_is_lent_and_however_busy_the_pooler_is(
    database: postgres.Server, lending: int, sessions: int
) -> None:
    over = threading.Event()

    def work(url: str) -> None:
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as client:
            while not over.is_set():
                client.execute("select pg_sleep(0.001)")

    settings = {"server_round_robin": lending, "default_pool_size": sessions, "min_pool_size": sessions}
    with poolers.pooler(database, "transaction", **settings) as url:
        assert WORDS in prove(url).stderr
        others = [threading.Thread(target=work, args=(url,)) for _ in range(4)]
        for each in others:
            each.start()
        try:
            for _ in range(2):
                assert WORDS in prove(url).stderr
        finally:
            over.set()
            for each in others:
                each.join()


def test_p26_a_session_of_ones_own_raises_no_alarm(database: postgres.Server) -> None:
    direct = prove(database.url)
    assert (direct.returncode, json.loads(direct.stdout)) == (0, [])
    assert findings(database.url)["sessions"]["ok"]
    with poolers.pooler(database, "session") as url:
        pooled = prove(url)
        assert pooled.returncode == 0, pooled.stderr
        migrated = run(url, "migrate")
    assert migrated.returncode == 0
    assert WORDS not in migrated.stderr


def test_p26_a_pooler_that_drops_our_limits_is_told_in_words(database: postgres.Server) -> None:
    with poolers.pooler(database, "session") as url:
        assert json.loads(prove(url).stdout) == [
            "idle_in_transaction_session_timeout",
            "lock_timeout",
            "statement_timeout",
        ]
        found = findings(url)
        assert not found["sessions"]["ok"]
        assert "not in force" in found["sessions"]["says"]
        assert "statement_timeout" in run(url, "migrate").stderr
        with psycopg.connect(database.url, autocommit=True) as owner:
            for name in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
                owner.execute(f"alter role nightbell set {name} = '30s'".encode())
        try:
            with poolers.pooler(database, "session") as anew:
                assert findings(anew)["sessions"]["ok"]
        finally:
            with psycopg.connect(database.url, autocommit=True) as owner:
                owner.execute("alter role nightbell reset all")


def test_p26_a_pooler_that_refuses_our_limits_is_told_in_words(database: postgres.Server) -> None:
    with poolers.pooler(database, "session", ignore_startup_parameters="extra_float_digits") as url:
        refused = run(url, "migrate")
        assert refused.returncode == 1
        assert "ignore_startup_parameters" in refused.stderr
        assert "ignore_startup_parameters" in findings(url)["sessions"]["says"]
