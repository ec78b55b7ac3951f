"""The only place that starts and ends PostgreSQL's processes."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nightbell.postgres import accounts, errors

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_STOP_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))  # fast, immediate, by force
_TICK = 0.005


def launch(
    arguments: Sequence[str | Path],
    account: accounts.Account,
    output: IO[bytes] | int,
    death_signal: signal.Signals = signal.SIGINT,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """A child of the server's user that the kernel signals when we die, even by `kill -9`; INT is a fast shutdown.

    From the main thread only: the kernel means the death of the *thread* that started it.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("PostgreSQL must be started from the main thread: it would be stopped when this thread ends")
    parent = os.getpid()

    def before_exec() -> None:
        # Runs after the change of user, which clears the death signal.
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # we died before the kernel knew

    with warnings.catch_warnings():
        # From Python 3.12 on: a child between fork and exec must not need a lock of another thread; ours needs none.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        # Without our environment: PGPORT, PGOPTIONS or a broken LANG would reach the server. A session of its own:
        # Ctrl-C in the terminal is for us, who stop it last.
        return subprocess.Popen(
            arguments,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            preexec_fn=before_exec,  # noqa: PLW1509 -- two system calls, prepared above
            **account.identity,
        )


def run(arguments: Sequence[str | Path], account: accounts.Account, standard_input: str = "") -> None:
    """To its end; raises Unusable with the program's own words. Never waits on a child of ours that was killed."""
    process = launch(arguments, account, subprocess.PIPE, signal.SIGKILL, subprocess.PIPE)
    try:
        output, _ = process.communicate(standard_input.encode(), timeout=300)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        raise errors.Unusable(f"{Path(arguments[0]).name} failed: {output.decode(errors='replace').strip()[-1000:]}")


@dataclass(frozen=True, slots=True)
class PidFile:
    """What a running server says of itself in `postmaster.pid`; `status` is `ready` once it accepts connections."""

    pid: int
    socket_directory: Path
    port: int
    status: str


def read_pid_file(cluster: Path) -> PidFile | None:
    """None while there is none or it is not yet whole; PermissionError to a user the cluster is closed to."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return PidFile(int(lines[0]), Path(lines[4]), int(lines[3]), lines[7].strip() if len(lines) > 7 else "")
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None


def is_server(pid: int, cluster: Path) -> bool:
    """Whether it lives and is this cluster's server: not a zombie, not a later process of the same number."""
    process = Path("/proc") / str(pid)
    try:
        if os.fsencode(cluster) in (process / "cmdline").read_bytes().split(b"\0"):  # empty for a zombie
            return True
        # A directory that was renamed. Last: in a container root may not read another user's cwd.
        return (process / "cwd").readlink() == cluster
    except OSError:
        return False


def end(pid: int, cluster: Path, first: signal.Signals = signal.SIGINT) -> None:
    """Ends a server that is no child of ours, and waits until it has."""
    steps = _STOP_STEPS[[step for step, _ in _STOP_STEPS].index(first) :]
    for step, patience in steps:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, step)
        until = time.monotonic() + patience
        while is_server(pid, cluster):
            if time.monotonic() > until:
                break
            time.sleep(_TICK)
        else:
            return
    raise errors.Unusable(f"An old PostgreSQL, process {pid}, of {cluster.parent} cannot be stopped.")


def end_child(process: subprocess.Popen[bytes], first: signal.Signals = signal.SIGINT) -> None:
    steps = _STOP_STEPS[[step for step, _ in _STOP_STEPS].index(first) :]
    for step, patience in steps:
        process.send_signal(step)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return
    raise errors.Unusable(f"PostgreSQL, process {process.pid}, cannot be stopped.")


def wait_until_ready(process: subprocess.Popen[bytes], cluster: Path, patience: float) -> bool:
    """False when it ended or is not ready in time (recovery after a crash takes as long as it takes)."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if process.poll() is not None:
            return False
        said = read_pid_file(cluster)
        if said is not None and said.pid == process.pid and said.status == "ready":
            return True
        time.sleep(_TICK)
    return False
