"""A copy of a live data directory is started, or used: it runs on its own or is refused, and the original goes on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from nightbell import postgres
from tests.postgres import servers


@dataclass(frozen=True)
class Original:
    """A running server, with a row in it that says whose it is."""

    server: postgres.Server
    data: Path
    process: int

    def assert_untouched(self) -> None:
        assert servers.answer(self.server.url, "select word from whose") == "the original's"
        assert self.server.ensure_running() is None


@pytest.fixture(params=["data", "long" * 30])
def original(place: Path, request: pytest.FixtureRequest) -> Iterator[Original]:
    data = place / request.param
    with postgres.start(data, servers.FAST) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("create table whose as select 'the original''s' as word")
        process = servers.server_of(data)
        assert process is not None
        yield Original(server, data, process)


def copy(data: Path, to: Path, *how: str) -> Path:
    """As people copy: pid file, sockets, locks and all."""
    subprocess.run(["cp", "-a", *how, data, to], check=True)
    return to


def make_its_own(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("update whose set word = 'the copy''s'")


@pytest.mark.parametrize("name", ["copy", "copies" * 20])
def test_p20_a_copy_of_a_live_data_directory_runs_on_its_own(original: Original, place: Path, name: str) -> None:
    duplicate = copy(original.data, place / name)
    with postgres.start(duplicate, servers.FAST) as server:
        make_its_own(server.url)
        original.assert_untouched()
    original.assert_untouched()
    assert servers.server_of(original.data) == original.process


def test_p20_a_verb_on_a_copy_never_works_on_the_originals_database(original: Original, place: Path) -> None:
    duplicate = copy(original.data, place / "copy")
    with pytest.raises(postgres.NotRunning):
        postgres.attach(duplicate)
    with postgres.share(duplicate) as shared:
        assert shared.owned
        make_its_own(shared.url)
    original.assert_untouched()


def test_p20_a_copy_in_the_place_of_a_moved_original_is_not_taken_for_it(original: Original, place: Path) -> None:
    moved = original.data.rename(place / "moved")
    copy(moved, original.data)
    with pytest.raises(postgres.NotRunning):
        postgres.attach(original.data)
    with postgres.start(original.data, servers.FAST) as server:
        make_its_own(server.url)
        assert servers.server_of(moved) == original.process
        with postgres.attach(moved) as attached:
            assert servers.answer(attached.url, "select word from whose") == "the original's"
    assert servers.server_of(moved) == original.process
    with postgres.attach(moved) as attached:
        assert servers.answer(attached.url, "select word from whose") == "the original's"


def test_p20_an_owner_whose_directory_was_moved_starts_nothing_in_its_place(
    server: postgres.Server, data: Path, place: Path
) -> None:
    data.rename(place / "moved")
    copy(place / "moved", data)
    servers.kill(place / "moved")
    with pytest.raises(postgres.Unusable, match=f"{data} was moved"):
        server.ensure_running()
    assert servers.server_of(data) is None
    shutil.rmtree(data)
    (place / "moved").rename(data)
    assert server.ensure_running() == "it had ended"
    assert servers.answer(server.url) == 1


@pytest.mark.parametrize("linked", ["run", "postgres", "postgres/pg_wal", "postgres/pg_tblspc/1"])
def test_p20_a_copy_that_leads_into_the_original_is_refused(original: Original, place: Path, linked: str) -> None:
    duplicate = copy(original.data, place / "copy")
    target = original.data / linked
    if target.is_dir():
        shutil.rmtree(duplicate / linked)
    else:
        target.mkdir()
    (duplicate / linked).symlink_to(target)
    for use in (postgres.start, postgres.share, postgres.attach):
        with pytest.raises(postgres.Unusable, match=f"{duplicate / linked} is a link"):
            use(duplicate)
    original.assert_untouched()


def test_a_link_within_the_data_directory_is_none_of_anybodys_business(data: Path) -> None:
    postgres.start(data, servers.FAST).stop()
    (data / "postgres" / "pg_wal").rename(data / "wal")
    (data / "postgres" / "pg_wal").symlink_to("../wal")
    with postgres.start(data, servers.FAST) as server:
        assert servers.answer(server.url) == 1


@pytest.mark.parametrize("part", ["", "postgres"])
def test_p20_a_copy_of_hard_links_is_refused_while_the_original_runs(
    server: postgres.Server, data: Path, place: Path, part: str
) -> None:
    (place / "copy").mkdir(mode=0o711)
    copy(data / part, place / "copy" / part, "-l", "-T")
    with pytest.raises(postgres.Busy):
        postgres.start(place / "copy")
    assert servers.answer(server.url) == 1
    assert server.ensure_running() is None


ATTACH = "import sys; from pathlib import Path; from nightbell import postgres; postgres.attach(Path(sys.argv[1]))"


def test_a_root_that_may_not_look_into_others_processes_finds_the_server_too(
    server: postgres.Server, data: Path
) -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv(1) to be root as in a container")
    command: list[str | Path] = ["setpriv", "--bounding-set=-sys_ptrace", sys.executable, "-c", ATTACH, data]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
