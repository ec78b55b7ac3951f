"""Signs of life of the processes under a supervisor: the only place that hears them, by a pipe or by asking."""

import contextlib
import http.client
import os
import threading
from typing import Protocol

from nightbell.conf import env

# How often in its patience a server is asked, and how much oftener while somebody waits for its first answer.
QUESTIONS = 30
IMPATIENCE = 10


class Life(Protocol):
    """What one process is listened to by. A process that is started again is begun again."""

    def begin(self) -> dict[str, str]:
        """A process is about to start; what to add to its environment."""
        ...

    def inherited(self) -> tuple[int, ...]:
        """The descriptors it is given."""
        ...

    def started(self) -> None:
        """It has them."""
        ...

    def heard(self) -> bool:
        """Whether there was a sign since this was last asked. Never waits."""
        ...

    def end(self) -> None:
        """Nobody listens any more."""
        ...


class Beats:
    """A process that says by itself, through a pipe, that its loops go round."""

    def __init__(self) -> None:
        self._read: int | None = None
        self._write: int | None = None

    def begin(self) -> dict[str, str]:
        """A pipe for each process: what a dead one has left in it is no sign of the next."""
        self.end()
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        return {env.BEAT: str(self._write)}

    def inherited(self) -> tuple[int, ...]:
        """The end it writes to."""
        return () if self._write is None else (self._write,)

    def started(self) -> None:
        """Only the process itself keeps that end."""
        _close(self._write)
        self._write = None

    def heard(self) -> bool:
        """Whether anything came."""
        with contextlib.suppress(BlockingIOError):
            return self._read is not None and bool(os.read(self._read, 65536))
        return False

    def end(self) -> None:
        """Close both ends."""
        _close(self._read)
        _close(self._write)
        self._read = self._write = None


class Answers:
    """A web server that is asked, by a thread, whether it answers: one question at a time, each with all its time.

    A server that is slow is alive: the next question waits for the answer to this one.
    """

    def __init__(self, host: str, port: int, patience: float) -> None:
        self._host = host
        self._port = port
        self._patience = patience
        self._answered = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> dict[str, str]:
        """Ask from now on. An answer of the process before counts for nothing."""
        self._answered.clear()
        if self._thread is None:
            self._thread = threading.Thread(target=self._ask_on, name="answers", daemon=True)
            self._thread.start()
        return {}

    def inherited(self) -> tuple[int, ...]:
        """Nothing: it is asked from outside."""
        return ()

    def started(self) -> None:
        """Nothing to let go of."""

    def heard(self) -> bool:
        """Whether it has answered since."""
        heard = self._answered.is_set()
        self._answered.clear()
        return heard

    def end(self) -> None:
        """Ask no more."""
        self._ended.set()

    def _ask_on(self) -> None:
        usual = self._patience / QUESTIONS
        pause = usual / IMPATIENCE
        while not self._ended.wait(pause):
            if answers(self._host, self._port, self._patience):
                self._answered.set()
                pause = usual


def answers(host: str, port: int, patience: float) -> bool:
    """Whether the web server there says that it is well."""
    connection = http.client.HTTPConnection(host, port, timeout=patience)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
