"""Watching over the processes of one installation: start them in order, restart what dies, stop them in order."""

import contextlib
import http.client
import math
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import click

from nightbell import postgres
from nightbell.cli import children

STOPS = (signal.SIGTERM, signal.SIGINT)
# The engine takes ten seconds at most to finish what is under way; the web server too.
DRAIN_SECONDS = 13.0
FIRST_ANSWER_SECONDS = 60.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# Who lived this long and then died is not in a loop of dying.
HEALTHY_SECONDS = 60.0
SAME_STOP_SECONDS = 0.5
STARTING_TICK, TICK = 0.05, 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: `first` one after the other to their ends, then `lasting` side by side until somebody says stop."""

    environ: Mapping[str, str]
    first: Sequence[Sequence[str]]
    lasting: Mapping[str, Sequence[str]]
    host: str
    port: int
    ready: Callable[[], None]
    program: Sequence[str] = children.PROGRAM


@dataclass(slots=True)
class _Child:
    name: str
    verb: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = SHORTEST_PAUSE
    again_at: float = 0.0


class Signals:
    """Signals as something to wait for: a handler only leaves a byte in a pipe."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self.stops = 0
        self._stopped_at = -math.inf

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Within it a stop is counted, and the end of a child wakes `wait`."""
        handlers = {number: signal.signal(number, self._count) for number in STOPS}
        handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _notice)
        before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            os.close(self._read)
            os.close(self._write)

    def wait(self, seconds: float) -> None:
        """Until a signal comes, but no longer."""
        select.select([self._read], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 1024)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        # Some send one stop twice, to the process and to its group; a person who presses again takes longer.
        now = time.monotonic()
        if now - self._stopped_at > SAME_STOP_SECONDS:
            self._stopped_at = now
            self.stops += 1


def _notice(_number: int, _frame: FrameType | None) -> None:
    """A signal without a handler wakes nobody."""


def end_quietly_on_sigterm() -> None:
    """Before there is anything to stop in order: what is under way tidies up behind itself."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(0)

    for number in STOPS:
        signal.signal(number, end)


class Supervisor:
    """One installation's processes; without a server the database is somebody else's."""

    def __init__(self, plan: Plan, server: postgres.Server | None) -> None:
        self._plan = plan
        self._server = server
        self._signals = Signals()
        self._children = [_Child(name, verb) for name, verb in plan.lasting.items()]

    def run(self) -> int:
        """Until a signal says stop; the exit code."""
        with self._signals.heard():
            try:
                return self._run()
            finally:
                self._stop()

    def _run(self) -> int:
        for verb in self._plan.first:
            code = self._run_first(verb)
            if code or self._signals.stops:
                return code
        for child in self._children:
            self._start(child)
        if not self._wait_for_answer():
            return 0 if self._signals.stops else 1
        self._plan.ready()
        while not self._signals.stops:
            self._signals.wait(TICK)
            self._look_after()
        return 0

    def _run_first(self, verb: Sequence[str]) -> int:
        process = children.start([*self._plan.program, *verb], self._plan.environ)
        while process.poll() is None:
            self._signals.wait(TICK)
            if self._signals.stops:
                process.kill()
        return 0 if self._signals.stops else process.wait()

    def _start(self, child: _Child) -> None:
        child.process = children.start([*self._plan.program, *child.verb], self._plan.environ)
        child.started_at = time.monotonic()

    def _wait_for_answer(self) -> bool:
        """False where a stop came first, or a child ended: what cannot even start is told, not tried for ever."""
        until = time.monotonic() + FIRST_ANSWER_SECONDS
        while not self._signals.stops:
            for child in self._children:
                if child.process is not None and (code := child.process.poll()) is not None:
                    _say(f"{child.name} did not start: it ended with {code}")
                    return False
            if answers(self._plan.host, self._plan.port):
                return True
            if time.monotonic() > until:
                _say(f"web does not answer on port {self._plan.port} within {FIRST_ANSWER_SECONDS:g} s")
                return False
            self._signals.wait(STARTING_TICK)
        return False

    def _look_after(self) -> None:
        if self._signals.stops:
            return
        if self._server is not None:
            self._keep_database(self._server)
        now = time.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.again_at:
                    self._start(child)
            elif (code := child.process.poll()) is not None:
                self._bury(child, code, now)

    def _keep_database(self, server: postgres.Server) -> None:
        try:
            if why := server.ensure_running():
                _say(f"the database was started again: {why}")
        except (postgres.PostgresError, OSError, subprocess.SubprocessError) as error:
            # A full disk or no memory for another process as well: it passes, and we must be there then.
            _say(f"the database is down, trying again: {error}")

    def _bury(self, child: _Child, code: int, now: float) -> None:
        lived = now - child.started_at
        pause = SHORTEST_PAUSE if lived > HEALTHY_SECONDS else child.pause
        child.pause = min(pause * 2, LONGEST_PAUSE)
        child.again_at = now + pause
        child.process = None
        _say(f"{child.name} ended with {code} after {lived:.0f} s; starting it again in {pause:g} s")

    def _stop(self) -> None:
        """A second stop, or too long a wait, is the end of politeness."""
        running = {child.name: child.process for child in self._children if child.process is not None}
        asked = max(self._signals.stops, 1)
        for process in running.values():
            process.terminate()
        until = time.monotonic() + DRAIN_SECONDS
        while running:
            running = {name: process for name, process in running.items() if process.poll() is None}
            if running and (time.monotonic() > until or self._signals.stops > asked):
                for name, process in running.items():
                    _say(f"{name} does not stop; killing it")
                    process.kill()
                    process.wait()
                return
            if running:
                self._signals.wait(STARTING_TICK)


def answers(host: str, port: int) -> bool:
    """Whether the web server there answers, and not with a fault."""
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=5)
    try:
        connection.request("GET", "/accounts/login/", headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def address(host: str, port: int) -> str:
    """Where people on this machine find what listens on `host`."""
    reachable = _reachable(host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 -- the name of all


def _say(line: str) -> None:
    click.echo(f"nightbell: {line}", err=True)
