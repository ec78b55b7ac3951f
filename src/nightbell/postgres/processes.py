"""The only place that starts and ends PostgreSQL's processes."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nightbell.postgres import accounts, errors

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
Steps = Sequence[tuple[signal.Signals, float]]
IN_ORDER: Steps = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))  # fast, immediate, by force
AT_ONCE: Steps = IN_ORDER[1:]
# For one that does not answer. PostgreSQL itself kills children that do not hear of an immediate shutdown for 5 s.
IN_HASTE: Steps = ((signal.SIGINT, 3.0), (signal.SIGQUIT, 7.0), (signal.SIGKILL, 10.0))
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
    """Whether it lives and is this cluster's server: not a zombie, not a later process of the same number.

    By the directory it works in, not by the names it was started with: after a move and a copy those are another's.
    """
    process = Path("/proc") / str(pid)
    try:
        if b"-D" not in (process / "cmdline").read_bytes().split(b"\0"):  # empty for a zombie; a backend has a title
            return False
    except OSError:
        return False
    try:
        return (process / "cwd").samefile(cluster)
    except PermissionError:
        return accounts.same_directory(accounts.choose(cluster), process / "cwd", cluster)
    except OSError:
        return False


def end(pid: int, cluster: Path) -> None:
    """Ends a server that is no child of ours, and waits until it has."""

    def is_gone(patience: float) -> bool:
        until = time.monotonic() + patience
        while is_server(pid, cluster):
            if time.monotonic() > until:
                return False
            time.sleep(_TICK)
        return True

    _end(pid, IN_ORDER, is_gone)


def end_child(process: subprocess.Popen[bytes], steps: Steps = IN_ORDER) -> None:
    def is_gone(patience: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
        return process.returncode is not None

    if process.poll() is None:
        _end(process.pid, steps, is_gone)


def _end(pid: int, steps: Steps, is_gone: Callable[[float], bool]) -> None:
    for step, patience in steps:
        backends = _children(pid)
        _send(step, pid)
        # Who was stopped hears nothing else until it is continued.
        _send(signal.SIGCONT, pid, *backends)
        if is_gone(patience):
            if step is signal.SIGKILL:
                # Nobody is left who ends them, and the next server waits for the last of them.
                _send(signal.SIGKILL, *backends)
            return
    raise errors.Unusable(f"PostgreSQL, process {pid}, cannot be stopped.")


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _send(number: signal.Signals, *pids: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


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
