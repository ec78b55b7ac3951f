"""Watching over the processes of one installation: start them in order, restart what dies or hangs, stop them."""

import contextlib
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

from nightbell import postgres
from nightbell.cli import children, life, survival

STOPS = (signal.SIGTERM, signal.SIGINT)
# The engine takes ten seconds at most to finish what is under way; the web server too.
DRAIN_SECONDS = 13.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# Who lived this long and then died is not in a loop of dying.
HEALTHY_SECONDS = 60.0
SAME_STOP_SECONDS = 0.5
STARTING_TICK, TICK = 0.05, 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a process may give no sign of life: once it has given one, and before its first.

    What takes longer to start has twice the time at the next. `slow` is when a web server that does not answer yet is
    told of; `ending` is what a process has that is told to end because it gave no sign, and is killed then.
    """

    frozen_seconds: float = 30.0
    starting_seconds: float = 300.0
    slow_seconds: float = 60.0
    ending_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: `first` one after the other to their ends, then `lasting` side by side until somebody says stop.

    `serving` of them answers on `host` and `port`, and `beating` says by itself that it works.
    """

    environ: Mapping[str, str]
    first: Sequence[Sequence[str]]
    lasting: Mapping[str, Sequence[str]]
    host: str
    port: int
    ready: Callable[[], None]
    program: Sequence[str] = children.PROGRAM
    serving: str = "web"
    beating: str = "engine"
    limits: Limits = Limits()


@dataclass(slots=True)
class _Child:
    name: str
    verb: Sequence[str]
    life: life.Life | None
    patience: float
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    # Of this process: whether it has given a sign, how long it has given none while we were awake, whether it was told
    # to end.
    worked: bool = False
    silent: float = 0.0
    ending: bool = False
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
        self._limits = plan.limits
        self._server = server
        self._signals = Signals()
        self._children = [
            _Child(name, verb, self._life_of(name), plan.limits.starting_seconds) for name, verb in plan.lasting.items()
        ]
        # Whether any of them has ever worked: from then on nothing but a stop ends this.
        self._worked = False
        self._ready = False
        self._tick = min(TICK, plan.limits.frozen_seconds / 10)
        self._looked_at = self._database_at = time.monotonic()
        self._slow_at = math.inf

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
        self._looked_at = time.monotonic()
        self._slow_at = self._looked_at + self._limits.slow_seconds
        while not self._signals.stops:
            self._signals.wait(self._tick if self._ready else STARTING_TICK)
            if not self._look_after():
                return 1
        return 0

    def _run_first(self, verb: Sequence[str]) -> int:
        process = children.start([*self._plan.program, *verb], self._plan.environ)
        while process.poll() is None:
            self._signals.wait(TICK)
            if self._signals.stops:
                process.kill()
        return 0 if self._signals.stops else process.wait()

    def _life_of(self, name: str) -> life.Life | None:
        if name == self._plan.serving:
            return life.Answers(_reachable(self._plan.host), self._plan.port, self._limits.frozen_seconds)
        return life.Beats() if name == self._plan.beating else None

    def _start(self, child: _Child) -> None:
        heard_by = child.life
        environ = {**self._plan.environ, **(heard_by.begin() if heard_by else {})}
        inherited = heard_by.inherited() if heard_by else ()
        child.process = children.start([*self._plan.program, *child.verb], environ, inherited)
        if heard_by:
            heard_by.started()
        child.started_at = time.monotonic()
        child.worked, child.silent, child.ending = False, 0.0, False

    def _look_after(self) -> bool:
        """False where a child ended before anything has worked: what cannot start is told, not tried for ever."""
        if self._signals.stops:
            return True
        now = time.monotonic()
        if self._server is not None and now >= self._database_at:
            self._keep_database(self._server)
            now = time.monotonic()
            self._database_at = now + self._tick / 2
        # Where we were stopped ourselves, or kept waiting, the others may have been as well.
        awake, self._looked_at = min(now - self._looked_at, 2 * self._tick), now
        for child in self._children:
            self._listen(child, awake)
        for child in self._children:
            if child.process is None:
                if now >= child.again_at:
                    self._start(child)
            elif (code := child.process.poll()) is None:
                self._end_if_silent(child, child.process)
            elif code > 0 and not self._worked:
                _say(f"{child.name} did not start: it ended with {code}")
                return False
            else:
                self._bury(child, code, now)
        self._tell_of_slowness(now)
        return True

    def _listen(self, child: _Child, awake: float) -> None:
        if child.process is None or child.life is None:
            return
        if not child.life.heard():
            child.silent += awake
            return
        child.silent = 0.0
        child.worked = self._worked = True
        child.patience = self._limits.starting_seconds
        if child.name == self._plan.serving and not self._ready:
            self._ready = True
            self._plan.ready()

    def _end_if_silent(self, child: _Child, process: "subprocess.Popen[bytes]") -> None:
        patience = self._limits.frozen_seconds if child.worked else child.patience
        if child.ending:
            if child.silent > patience + self._limits.ending_seconds:
                process.kill()
        elif child.silent > patience:
            _say(f"{child.name} has given no sign of life for {patience:g} s; ending it")
            child.ending = True
            process.terminate()

    def _tell_of_slowness(self, now: float) -> None:
        if not self._ready and now > self._slow_at:
            self._slow_at = now + self._limits.slow_seconds
            paging = any(child.worked for child in self._children if child.name == self._plan.beating)
            _say(
                f"{self._plan.serving} does not answer yet on port {self._plan.port}; waiting for it"
                + (", and paging goes on" if paging else "")
            )

    def _keep_database(self, server: postgres.Server) -> None:
        try:
            if why := server.ensure_running():
                _say(f"the database was started again: {why}")
        except (postgres.PostgresError, OSError, subprocess.SubprocessError) as error:
            # A full disk or no memory for another process as well: it passes, and we must be there then.
            _say(f"the database is down, trying again: {error}")

    def _bury(self, child: _Child, code: int, now: float) -> None:
        if not child.worked and child.ending:
            child.patience *= 2
        lived = now - child.started_at
        pause = SHORTEST_PAUSE if lived > HEALTHY_SECONDS else child.pause
        child.pause = min(pause * 2, LONGEST_PAUSE)
        child.again_at = now + pause
        child.process = None
        _say(f"{child.name} ended with {code} after {lived:.0f} s; starting it again in {pause:g} s")

    def _stop(self) -> None:
        """A second stop, or too long a wait, is the end of politeness."""
        for child in self._children:
            if child.life is not None:
                child.life.end()
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


def address(host: str, port: int) -> str:
    """Where people on this machine find what listens on `host`."""
    reachable = _reachable(host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 -- the name of all


def _say(line: str) -> None:
    survival.announce(f"nightbell: {line}", err=True)
