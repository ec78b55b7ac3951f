"""The only place that knows what a process with the number 1, as in a container, owes to the others."""

import contextlib
import os
import signal
import time
from types import FrameType
from typing import NoReturn

_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_ORPHANS_PATIENCE = 40.0  # a killed Nightbell's PostgreSQL shuts down by itself; ending before it would kill it


def as_init() -> None:
    """Nothing unless we are process 1; then returns in a child, and stays behind as the init of the container.

    The kernel ignores signals that process 1 has no handler for, gives it every orphan to reap, and kills everything
    when it ends. A process that waits for children of its own cannot reap those of others without stealing: so there
    are two. Call it early, before threads and before anything large is loaded.
    """
    if os.getpid() != 1:
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)  # until there is somebody to pass them on to
    child = os.fork()
    if child == 0:
        _become_foreground()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
        return
    _stay(child)


def _become_foreground() -> None:
    # Its own group, or Ctrl-C would reach it twice: from the terminal and from us.
    os.setpgid(0, 0)
    with contextlib.suppress(OSError):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
        os.tcsetpgrp(0, os.getpgrp())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTTOU])


def _stay(child: int) -> NoReturn:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    for number in _PASSED_ON:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    status = 0
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            break
    reap_orphans(_ORPHANS_PATIENCE)
    os._exit(_exit_code(status))


def reap_orphans(patience: float) -> None:
    """Waits for every child there is, at most `patience` seconds."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended == 0:
            time.sleep(0.02)


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
