"""What a killed owner leaves behind, and that the next start is none the worse for it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nightbell import postgres
from nightbell.postgres import accounts, binaries, cluster, layout, processes
from tests.postgres import servers


def test_nothing_runs_after_the_owner_was_killed(data: Path) -> None:
    with servers.owner(data) as process:
        assert servers.server_of(data) is not None
        process.kill()
        assert servers.wait_until_gone(data)
    assert "received fast shutdown request" in (data / "postgres.log").read_text()


def test_the_next_start_takes_over_at_once(data: Path) -> None:
    with servers.owner(data) as process:
        process.kill()
        process.wait()
        with postgres.start(data, servers.FAST) as server:
            assert servers.answer(server.url) == 1


def test_a_server_without_an_owner_is_stopped_and_started_again(data: Path) -> None:
    postgres.start(data, servers.FAST).stop()
    place = layout.of(data)
    account = accounts.choose(place.cluster)
    programs = binaries.readable(binaries.find_binaries(), account, data)
    command = cluster.arguments(place, programs, account, place.run, servers.FAST)
    abandoned = subprocess.Popen(command, stderr=subprocess.DEVNULL, **account.identity)
    try:
        assert processes.wait_until_ready(abandoned, place.cluster, 10)
        with postgres.start(data, servers.FAST) as server:
            assert servers.server_of(data) not in (None, abandoned.pid)
            assert servers.answer(server.url) == 1
        assert abandoned.wait(5) == 0
    finally:
        abandoned.kill()
        abandoned.wait()


def test_a_zombie_is_no_running_server(data: Path) -> None:
    with servers.owner(data) as process:
        running = servers.server_of(data)
        assert running is not None
        process.send_signal(signal.SIGSTOP)  # its parent will not reap it
        os.kill(running, signal.SIGKILL)
        assert servers.wait_until_gone(data)
        assert Path(f"/proc/{running}").exists()
        with pytest.raises(postgres.NotRunning):
            postgres.attach(data)


@pytest.mark.parametrize(
    "content", ["{own}\n/elsewhere\n1\n5432\n/elsewhere\n\n\nready\n", "{own}\n", "", "nonsense\n"]
)
def test_a_pid_file_that_names_another_process_is_no_running_server(data: Path, content: str) -> None:
    postgres.start(data, servers.FAST).stop()
    (data / "postgres" / "postmaster.pid").write_text(content.format(own=os.getpid()))
    with postgres.start(data, servers.FAST) as server:
        assert servers.answer(server.url) == 1


@pytest.mark.makes_clusters
def test_a_cluster_that_was_never_finished_is_made_anew(data: Path) -> None:
    place = layout.of(data)
    layout.make(place)
    (data / "postgres.new-left").mkdir()
    with postgres.start(data, servers.FAST) as server:
        assert servers.answer(server.url) == 1
    assert not (data / "postgres.new-left").exists()


FIRST_PROCESS = """
import signal, subprocess, sys, time
from pathlib import Path
from nightbell import postgres
postgres.as_init()
if sys.argv[2] == "polite":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
with postgres.start(Path(sys.argv[1]), {"fsync": "off"}):
    subprocess.run(["sh", "-c", "for i in 1 2 3; do sleep 0.1 & done"], check=True)
    time.sleep(0.5)
    stats = [path.read_text().rpartition(")")[2].split()[0] for path in Path("/proc").glob("[0-9]*/stat")]
    print(stats.count("Z"), flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(("manners", "code"), [("polite", 3), ("rude", 128 + signal.SIGTERM)])
def test_the_first_process_of_a_container_reaps_and_stops(data: Path, manners: str, code: int) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare(1) to make a process number 1")
    command: list[str | Path] = [
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
        sys.executable,
        "-c",
        FIRST_PROCESS,
        data,
        manners,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as outside:
        assert outside.stdout is not None
        zombies = outside.stdout.readline()
        children = Path(f"/proc/{outside.pid}/task/{outside.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGTERM)
        assert outside.wait(20) == code
    assert zombies == "0\n"
    assert "database system is shut down" in (data / "postgres.log").read_text()
