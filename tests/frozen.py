"""A database that is there and answers nobody: the only place that stops a server's processes, and has them go on."""

import contextlib
import os
import signal
from collections.abc import Iterator

from nightbell import postgres
from nightbell.postgres import processes
from tests.cli import installations


@contextlib.contextmanager
def frozen(server: postgres.Server) -> Iterator[None]:
    """Within it the server and all its processes stand still."""
    pid_file = processes.read_pid_file(server._place.cluster)
    assert pid_file is not None
    stopped = [pid_file.pid, *installations.descendants(pid_file.pid)]
    try:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
