"""The only place that asks a running server whether it still answers."""

import contextlib
import os
import select
import socket
import struct
import time
from pathlib import Path

# SSLRequest. The server answers it while it starts, recovers or has too many clients as well, and logs nothing.
_QUESTION = struct.pack("!ii", 8, 80877103)
_MOMENT_MILLISECONDS = 50
_PEER = struct.Struct("3i")
# Both, so that neither many looks in a moment nor one late look (this process was stopped as well) is an end.
SILENT_LOOKS = 4
SILENT_SECONDS = 2.5
# One that runs, and has been asked, may have a machine under it that does much else.
BUSY_SECONDS = 10.0


class Pulse:
    """One question at a time: a frozen server's kernel takes them without end, and one that is only slow answers."""

    def __init__(self, socket_file: Path) -> None:
        self._socket_file = socket_file
        self._asked: socket.socket | None = None
        self._failed_looks = 0
        self._first_failed_at = 0.0

    def is_silent(self, pid: int) -> bool:
        """One look, which takes a moment at most: whether this process has not answered for so many looks in a row."""
        if self._is_answered(pid):
            self._failed_looks = 0
            return False
        if not self._failed_looks:
            self._first_failed_at = time.monotonic()
        self._failed_looks += 1
        patience = BUSY_SECONDS if self._asked is not None and not _is_stopped(pid) else SILENT_SECONDS
        return self._failed_looks >= SILENT_LOOKS and time.monotonic() - self._first_failed_at >= patience

    def forget(self) -> None:
        """The next look is the first one: the server was started again."""
        self._failed_looks = 0
        self._hang_up()

    def _is_answered(self, pid: int) -> bool:
        if self._asked is None:
            self._asked = _ask(self._socket_file, pid)
        if self._asked is None:
            return False
        poll = select.poll()
        poll.register(self._asked, select.POLLIN)
        if not poll.poll(_MOMENT_MILLISECONDS):
            return False
        try:
            answer = self._asked.recv(1)
        except OSError:
            answer = b""
        self._hang_up()
        return bool(answer)

    def _hang_up(self) -> None:
        if self._asked is not None:
            self._asked.close()
            self._asked = None


def _ask(socket_file: Path, pid: int) -> socket.socket | None:
    asked = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with contextlib.suppress(OSError):
        asked.setblocking(False)
        asked.connect(os.fsencode(socket_file))
        if _listener(asked) == pid:
            asked.sendall(_QUESTION)
            return asked
    asked.close()
    return None


def _is_stopped(pid: int) -> bool:
    """Whether somebody has stopped it, so that it answers nobody before it is told to go on."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state in {"T", "t"}


def _listener(asked: socket.socket) -> int:
    pid, _, _ = _PEER.unpack(asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return int(pid)
