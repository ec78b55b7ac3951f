"""How the fake Slack misbehaves: what a test wrote down beforehand, read by the threads that serve."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ANY = "*"

When = Callable[[dict[str, Any]], bool]


def whatever(_arguments: dict[str, Any]) -> bool:
    """Whatever a method is called with."""
    return True


@dataclass(slots=True)
class Scripted:
    """What to answer instead, to which calls, and how many times (None: for ever)."""

    method: str
    error: str
    status: int
    retry_after: int | None
    times: int | None
    when: When


@dataclass(slots=True)
class Gate:
    """Where calls of a method wait until it opens; then they go on, or are hung up on."""

    goes_on: bool
    opened: threading.Event = field(default_factory=threading.Event)


class Script:
    """One lock for all of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: list[Scripted] = []
        self._gates: dict[str, Gate] = {}
        self._drops: dict[str, int] = {}

    def add(self, answer: Scripted) -> None:
        with self._lock:
            self._answers.append(answer)

    def shut(self, method: str, *, goes_on: bool) -> None:
        """Let calls of this method in, and answer none."""
        with self._lock:
            self._gates[method] = Gate(goes_on)

    def open(self, method: str) -> None:
        """Let whoever waits go."""
        with self._lock:
            gate = self._gates.pop(method, None)
        if gate is not None:
            gate.opened.set()

    def drop(self, method: str, times: int) -> None:
        with self._lock:
            self._drops[method] = self._drops.get(method, 0) + times

    def clear(self) -> None:
        """Forget everything; whoever waits, goes."""
        with self._lock:
            self._answers.clear()
            self._drops.clear()
            methods = list(self._gates)
        for method in methods:
            self.open(method)

    def passes(self, method: str) -> bool:
        """Wait where there is a gate; whether the call goes on."""
        with self._lock:
            gate = self._gates.get(method) or self._gates.get(ANY)
        if gate is None:
            return True
        gate.opened.wait()
        return gate.goes_on

    def says(self, method: str, arguments: dict[str, Any]) -> Scripted | None:
        """The answer to a call, if the script has one."""
        with self._lock:
            for answer in self._answers:
                if answer.method in {method, ANY} and answer.times != 0 and answer.when(arguments):
                    answer.times = None if answer.times is None else answer.times - 1
                    return answer
        return None

    def drops(self, method: str) -> bool:
        """Whether to hang up instead of answering what has been done."""
        with self._lock:
            for name in (method, ANY):
                if self._drops.get(name, 0) > 0:
                    self._drops[name] -= 1
                    return True
        return False
