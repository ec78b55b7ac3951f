"""Processes of our own: the only place that starts one, and that ties its life to its parent's."""

import ctypes
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # it ended before the kernel knew


# This command line, in the Python it runs in.
PROGRAM = (sys.executable, "-m", "nightbell.cli")


def start(command: Sequence[str], environ: Mapping[str, str], inherited: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start a process, from the main thread: the kernel means the death of the thread that started it.

    In a session of its own: Ctrl-C in the terminal is for the parent, which stops its children in their order. Of our
    descriptors it has those it `inherited`.
    """
    parent = os.getpid()
    with warnings.catch_warnings():
        # From Python 3.12 on: a child between fork and exec must not need a lock of another thread; ours needs none.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            env=dict(environ),
            start_new_session=True,
            pass_fds=inherited,
            preexec_fn=lambda: die_with(parent),  # noqa: PLW1509 -- two system calls, prepared above
        )
