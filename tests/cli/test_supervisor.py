"""Watching over processes, with small programs in the place of the real ones: what dies, stops, hangs and refuses."""

import dataclasses
import os
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nightbell.cli import supervisor
from tests.cli import installations

# A twentieth of the real ones, a start apart: that takes a busy machine as long as it takes.
LIMITS = supervisor.Limits(frozen_seconds=30.0, starting_seconds=60.0, slow_seconds=3.0, ending_seconds=0.1)
SOON_FROZEN = dataclasses.replace(LIMITS, frozen_seconds=1.5)

# Plays every part: it notes that it ran, and then does what its first word says.
PLAYER = textwrap.dedent("""
    import os, signal, sys, time
    place, part, *how = sys.argv[1:]
    def note(word):
        with open(f"{place}/{part}", "a") as file:
            file.write(word + chr(10))
    if how == ["deaf"]:
        signal.signal(signal.SIGTERM, lambda *_: note("asked"))
    note(f"ran {os.getpid()}")
    if how == ["fails"]:
        sys.exit(3)
    beat = int(os.environ.get("NIGHTBELL_BEAT", "-1"))
    if how == ["fails once the engine works"] and len(open(f"{place}/{part}").readlines()) == 1:
        while not os.path.exists(f"{place}/beaten"):
            time.sleep(0.02)
        sys.exit(3)
    while part != "first" or how == ["hangs"]:
        time.sleep(0.05)
        if how == ["beats"]:
            os.write(beat, b".")
            open(f"{place}/beaten", "w")
        if how == ["dies"] and len(open(f"{place}/{part}").readlines()) == 1:
            sys.exit(4)
""")


class _Answer(BaseHTTPRequestHandler):
    status = 200
    # What an answer waits for.
    goes_on = threading.Event()

    def do_GET(self) -> None:
        self.goes_on.wait(60)
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing."""


_ANSWER = _Answer.do_GET


class Stage:
    """A plan whose parts are played, and what came of it."""

    def __init__(self, place: Path, port: int) -> None:
        self.place = place
        self.port = port
        self.ready = threading.Event()

    def run(self, first: str = "", limits: supervisor.Limits = LIMITS, **parts: str) -> int:
        plan = supervisor.Plan(
            environ={"PATH": os.defpath},
            first=[["first", first]] if first else [],
            lasting={part: [part, how] for part, how in parts.items()},
            host="127.0.0.1",
            port=self.port,
            ready=self.ready.set,
            program=[sys.executable, "-c", PLAYER, str(self.place)],
            limits=limits,
        )
        return supervisor.Supervisor(plan, None).run()

    def notes(self, part: str) -> list[str]:
        return (self.place / part).read_text().splitlines() if (self.place / part).exists() else []

    def pids(self, part: str) -> list[int]:
        return [int(line.split()[1]) for line in self.notes(part) if line.startswith("ran")]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    _Answer.goes_on.set()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield Stage(tmp_path, server.server_address[1])
        _Answer.goes_on.set()
        server.shutdown()
        thread.join()


def later(condition: Callable[[], object], act: Callable[[], None]) -> None:
    """Once the condition holds, act, while the main thread supervises."""

    def wait() -> None:
        deadline = time.monotonic() + 30
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)
        act()

    threading.Thread(target=wait, daemon=True).start()


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def stop_twice(pause: float) -> Callable[[], None]:
    def act() -> None:
        stop()
        time.sleep(pause)
        stop()

    return act


def test_a_stop_ends_everything_and_the_code_is_0(stage: Stage) -> None:
    before = signal.getsignal(signal.SIGTERM)
    later(stage.ready.is_set, stop)
    assert stage.run(first="ends", web="runs", engine="runs") == 0
    assert stage.notes("first")
    installations.wait_until_gone({pid: "" for part in ("web", "engine") for pid in stage.pids(part)}, 0.1)
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_fails_first_ends_it_with_its_own_code(stage: Stage) -> None:
    assert stage.run(first="fails", web="runs") == 3
    assert not stage.notes("web")


def test_a_stop_during_the_first_step_ends_it(stage: Stage) -> None:
    later(lambda: stage.notes("first"), stop)
    assert stage.run(first="hangs", web="runs") == 0
    assert not stage.notes("web")


def test_what_dies_is_started_again_and_that_is_said(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    later(lambda: stage.ready.is_set() and stage.pids("web"), lambda: os.kill(stage.pids("web")[0], signal.SIGKILL))
    later(lambda: len(stage.pids("web")) == 2, stop)
    assert stage.run(web="runs") == 0
    assert "web ended with -9" in capfd.readouterr().err
    assert len(set(stage.pids("web"))) == 2


def test_what_keeps_dying_is_started_ever_more_rarely(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    later(lambda: len(stage.pids("web")) >= 3, stop)

    def kill_each() -> None:
        killed: set[int] = set()
        while len(killed) < 2:
            for pid in stage.pids("web"):
                if pid not in killed and stage.ready.is_set():
                    killed.add(pid)
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    later(stage.ready.is_set, kill_each)
    assert stage.run(web="runs") == 0
    said = capfd.readouterr().err
    assert "again in 0.5 s" in said
    assert "again in 1 s" in said


def test_what_cannot_even_start_is_told_and_not_tried_for_ever(
    stage: Stage, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Answer, "status", 500)
    assert stage.run(web="runs", engine="fails") == 1
    assert "engine did not start: it ended with 3" in capfd.readouterr().err
    assert not stage.ready.is_set()


def test_p24_a_web_server_that_is_slow_to_start_is_waited_for_while_the_engine_goes_on(
    stage: Stage, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Answer, "status", 500)
    said: list[str] = []

    def told() -> bool:
        said.append(capfd.readouterr().err)
        return "".join(said).count("and paging goes on") >= 2

    later(told, lambda: monkeypatch.setattr(_Answer, "status", 200))
    later(stage.ready.is_set, stop)
    assert stage.run(limits=dataclasses.replace(LIMITS, slow_seconds=0.3), web="runs", engine="beats") == 0
    assert stage.ready.is_set()
    assert "web does not answer yet on port" in "".join(said)
    assert len(stage.pids("engine")) == len(stage.pids("web")) == 1


def test_p24_a_web_server_that_ends_at_its_first_start_does_not_end_an_engine_that_works(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Answer, "status", 500)
    later(lambda: len(stage.pids("web")) == 2, stop)
    assert stage.run(web="fails once the engine works", engine="beats") == 0
    assert len(stage.pids("engine")) == 1


def test_p24_a_web_server_that_answers_no_more_is_started_again_and_the_engine_goes_on(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    later(stage.ready.is_set, _Answer.goes_on.clear)
    later(lambda: len(stage.pids("web")) == 2, stop)
    assert stage.run(limits=SOON_FROZEN, web="runs", engine="beats") == 0
    assert "web has given no sign of life for 1.5 s" in capfd.readouterr().err
    assert len(stage.pids("engine")) == 1


def test_p24_a_web_server_that_is_slow_and_answers_is_left_alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answered: list[float] = []

    def answer(handler: _Answer) -> None:
        time.sleep(1.0)
        _ANSWER(handler)
        answered.append(time.monotonic())

    monkeypatch.setattr(_Answer, "do_GET", answer)
    later(lambda: answered and answered[-1] - answered[0] > 4, stop)
    assert stage.run(limits=dataclasses.replace(LIMITS, frozen_seconds=2.5), web="runs", engine="beats") == 0
    assert stage.ready.is_set()
    assert len(stage.pids("web")) == 1


def test_p25_an_engine_whose_loops_stand_still_is_started_again_though_it_is_deaf(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    later(
        lambda: stage.ready.is_set() and (stage.place / "beaten").exists(),
        lambda: os.kill(stage.pids("engine")[0], signal.SIGSTOP),
    )
    later(lambda: len(stage.pids("engine")) == 2, stop)
    assert stage.run(limits=SOON_FROZEN, web="runs", engine="beats") == 0
    said = capfd.readouterr().err
    assert "engine has given no sign of life for 1.5 s; ending it" in said
    assert "engine ended with -9" in said
    assert len(stage.pids("web")) == 1


def test_p25_an_engine_that_never_gets_going_is_given_twice_the_time(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    later(lambda: len(stage.pids("engine")) == 3, stop)
    assert stage.run(limits=dataclasses.replace(LIMITS, starting_seconds=0.4), web="runs", engine="runs") == 0
    said = capfd.readouterr().err
    assert "no sign of life for 0.4 s" in said
    assert "no sign of life for 0.8 s" in said


def test_a_stop_before_the_first_answer_ends_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Answer, "status", 500)
    later(lambda: stage.notes("web"), stop)
    assert stage.run(web="runs") == 0
    assert not stage.ready.is_set()


def test_what_does_not_stop_in_time_is_killed(
    stage: Stage, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "DRAIN_SECONDS", 0.5)
    later(lambda: stage.ready.is_set() and stage.notes("web"), stop)
    assert stage.run(web="deaf") == 0
    assert "web does not stop; killing it" in capfd.readouterr().err
    assert "asked" in stage.notes("web")


def test_a_second_stop_is_the_end_of_patience(stage: Stage) -> None:
    later(lambda: stage.ready.is_set() and stage.notes("web"), stop_twice(supervisor.SAME_STOP_SECONDS + 0.1))
    started = time.monotonic()
    assert stage.run(web="deaf") == 0
    assert time.monotonic() - started < supervisor.DRAIN_SECONDS


def test_one_stop_sent_twice_is_one_stop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "DRAIN_SECONDS", 1.5)
    asked_at: list[float] = []
    later(lambda: stage.ready.is_set() and stage.notes("web"), stop_twice(0.05))
    later(lambda: "asked" in stage.notes("web"), lambda: asked_at.append(time.monotonic()))
    assert stage.run(web="deaf") == 0
    assert time.monotonic() - asked_at[0] > 1, "it was not given its time to finish"


@pytest.mark.parametrize(
    ("host", "at"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("pager.example.com", "http://pager.example.com:8000"),
    ],
)
def test_the_address_shown_is_one_that_can_be_opened(host: str, at: str) -> None:
    assert supervisor.address(host, 8000) == at


def test_before_anything_runs_a_stop_is_a_quiet_end() -> None:
    handlers = {number: signal.getsignal(number) for number in supervisor.STOPS}
    try:
        supervisor.end_quietly_on_sigterm()
        with pytest.raises(SystemExit) as ended:
            stop()
        assert ended.value.code == 0
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
