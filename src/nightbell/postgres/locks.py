"""The only place that takes the file locks by which processes agree on who owns the server."""

import fcntl
import os
import time
from pathlib import Path

from nightbell.postgres import accounts, errors

_held: set[int] = set()


def _forget_in_child() -> None:
    # A lock lives as long as any descriptor of it: a forked worker that outlives a killed owner must not keep it.
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_forget_in_child)


class Lock:
    """An flock, given back by `release` and by the end of the process, however it ends."""

    def __init__(self, path: Path, account: accounts.Account) -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise errors.Unusable(f"{path}: {error.strerror}") from None
        _held.add(self._descriptor)
        if account.dropped:
            os.fchown(self._descriptor, account.uid, account.gid)

    def take(self) -> bool:
        """Ours alone, at once; False where somebody has it."""
        return self._flock(fcntl.LOCK_EX | fcntl.LOCK_NB)

    def share(self) -> None:
        """Waits for whoever has it alone."""
        self._flock(fcntl.LOCK_SH)

    def take_alone(self, patience: float) -> bool:
        """Waits at most `patience` seconds for those who share it."""
        until = time.monotonic() + patience
        while not self.take():
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def is_in_place(self) -> bool:
        """Whether the locked file still lies where others look for it: the directory was not moved away."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.lstat())
        except OSError:
            return False

    def release(self) -> None:
        if self._descriptor in _held:
            _held.discard(self._descriptor)
            os.close(self._descriptor)

    def note(self, text: str) -> None:
        """For whoever finds the lock taken: what holds it."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def read(self) -> str:
        return os.pread(self._descriptor, 200, 0).decode(errors="replace")

    def _flock(self, operation: int) -> bool:
        try:
            fcntl.flock(self._descriptor, operation)
        except BlockingIOError:
            return False
        return True
