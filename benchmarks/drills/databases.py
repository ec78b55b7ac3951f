"""What may happen to the database of a running pager: copied, cut off, frozen, stepped back, made read-only, pooled."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.drills.seen import Seen
from benchmarks.drills.serving import PATIENCE_SECONDS, START_SECONDS, Serving, place, wait_for, within
from benchmarks.installation import CLI, ended, environment, free_port
from nightbell.demo import clock
from nightbell.postgres import layout

READ_ONLY_SECONDS = 60.0
WAITING = 20
POOLED = "A pooler in transaction mode stands between Nightbell and its database"


def copied() -> list[Seen]:
    """A copy of the data directory, made and started while the original runs; each then opens an incident."""
    with Serving() as here:
        acme = here.organization("acme", "Ana:30")
        here.seconds_to_mail(acme, "Before the copy")
        server = here.database
        beside = place()
        subprocess.run(["cp", "-a", str(here.data), str(beside / "data")], check=True)
        with Serving(beside) as copy:
            own = copy.seconds_to_mail(acme, "On the copy")
            took = here.seconds_to_mail(acme, "On the original")
            apart = not here.arrivals("On the copy") and not copy.arrivals("On the original")
            alike = here.database == server
        after = here.seconds_to_mail(acme, "After the copy")
    return [
        Seen(
            "a copy of a live data directory is started, and stopped again",
            "it runs on its own; the original's server is untouched and its pages leave",
            f"original mailed {took:.1f} s after opening, {after:.1f} s once the copy was gone, copy {own:.1f} s; "
            f"{'each its own pages' if apart else 'PAGES OF ONE FROM THE OTHER'}, "
            f"{'the same server all the time' if alike else 'ANOTHER SERVER'}",
            apart and alike,
        )
    ]


def cut_off() -> list[Seen]:
    """The socket's file is removed; after that the postmaster is stopped by SIGSTOP."""
    with Serving() as here:
        acme = here.organization("acme", "Ana:30")
        here.seconds_to_mail(acme, "Before")
        socket = layout.socket_file(layout.of(here.data).run)
        gone = _restarted(here, socket.unlink)
        without = here.seconds_to_mail(acme, "Socket", START_SECONDS)
        frozen = _restarted(here, lambda: os.kill(here.database, signal.SIGSTOP))
        after = here.seconds_to_mail(acme, "Postmaster", START_SECONDS)
    must = "noticed within 5 s, started again, pages leave"
    return [
        _cut_off("the embedded server's socket is removed", must, *gone, without),
        _cut_off("the postmaster is stopped (SIGSTOP)", must, *frozen, after),
    ]


def _restarted(here: Serving, does: Callable[[], object]) -> tuple[float, float]:
    """After how long the server was ended, and another was ready."""
    before, began = here.database, time.monotonic()
    does()
    wait_for(lambda: here.database != before, PATIENCE_SECONDS)
    noticed = time.monotonic() - began
    wait_for(lambda: here.database not in (0, before), START_SECONDS)
    ready = time.monotonic() - began
    wait_for(here.is_ready, START_SECONDS)
    return noticed, ready


def _cut_off(what: str, must: str, noticed: float, ready: float, mailed: float) -> Seen:
    said = f"ended after {noticed:.1f} s, another ready after {ready:.1f} s; then opened → mailed in {mailed:.1f} s"
    return Seen(what, must, said, noticed <= 5)


def stepped_back() -> list[Seen]:
    """Pages wait for a mail server that asks to come later, their layer has a minute; the clock goes back an hour."""
    with Serving() as here:
        acme = here.organization("acme", "Ana:1", "Bo:30")
        here.ask(clock.INSTALL)
        here.ask(clock.MOVED)
        here.mail.answer(rcpt="451 later")
        for number in range(WAITING):
            here.open(acme, f"Waiting {number}")
        wait_for(lambda: here.ask("select min(attempts) from page")[0][0] >= 1, PATIENCE_SECONDS)
        here.ask(clock.ADVANCE, {"seconds": -3600})
        began = time.monotonic()
        here.mail.behave()
        arrived = [_arrival(here, acme.address("Ana"), began, 45), _arrival(here, acme.address("Bo"), began, 75)]
    return [
        Seen(
            f"the clock steps back an hour while {WAITING} pages wait for their next attempt",
            "all leave within 45 s, and the next layer is paged within 75 s: its minute, and a back-off",
            f"the last left after {arrived[0]:.1f} s, the next layer's after {arrived[1]:.1f} s",
            max(arrived) < float("inf"),
        )
    ]


def _arrival(here: Serving, address: str, began: float, seconds: float) -> float:
    """How long after `began` the last of those waiting had somebody's mail; infinity where one had none in time."""

    def all_have_it() -> bool:
        return len({each.subject for each in here.mail.messages if each.recipient == address}) == WAITING

    took = within(all_have_it, began + seconds - time.monotonic())
    return took if took == float("inf") else time.monotonic() - began


def read_only() -> list[Seen]:
    """For a minute; one page is with the mail server when it begins, and is taken meanwhile."""
    with Serving() as here:
        acme = here.organization("acme", "Ana:30")
        here.seconds_to_mail(acme, "Before")
        with here.mail.holding("thought") as thinks:
            here.open(acme, "Under way")
            thinks.wait(PATIENCE_SECONDS)
            configuration = layout.of(here.data).cluster / "postgresql.auto.conf"
            before = configuration.read_text()
            _set(here, configuration, f"{before}default_transaction_read_only = on\n")
        refused = {here.attempt(acme, "Refused")[0]}
        time.sleep(READ_ONLY_SECONDS)
        refused.add(here.attempt(acme, "Refused")[0])
        ready = here.status("/readyz")
        began = time.monotonic()
        _set(here, configuration, before)
        accepted = within(lambda: here.attempt(acme, "After")[0] == 201, 30)
        mailed = within(lambda: here.arrivals("After"), 30)
        settled = "select count(*) from page where state <> 'sent'"
        settles = within(lambda: here.ask(settled) == [(0,)], 45) + accepted + mailed
        at_hand = within(here.is_ready, 30)
        times = len(here.arrivals("Under way"))
        lasted = time.monotonic() - began
    recovered = accepted + mailed
    return [
        Seen(
            f"the database is read-only for {READ_ONLY_SECONDS:.0f} s while a page is being taken",
            "openings are refused with 503; recovered within 5 s; no page twice because of it",
            f"openings answered {', '.join(map(str, sorted(refused)))}, /readyz {ready}; then the first was accepted "
            f"after {accepted:.1f} s and mailed {mailed:.1f} s later; all sent after {settles:.1f} s; the page under "
            f"way arrived {times} times",
            refused == {503} and ready == 503 and recovered <= 5 and times == 1 and at_hand < lasted + 30,
        )
    ]


def _set(here: Serving, configuration: Path, text: str) -> None:
    configuration.write_text(text)
    os.kill(here.database, signal.SIGHUP)
    setting = "on" if "default_transaction_read_only = on" in text else "off"
    wait_for(lambda: here.ask("show default_transaction_read_only") == [(setting,)], PATIENCE_SECONDS)


def pooled() -> list[Seen]:
    """`serve`, on a database behind PgBouncer in transaction mode."""
    what, must = "`serve` behind PgBouncer in transaction mode", "refused at start, in words"
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if program is None:
        return [Seen(what, must, "no pgbouncer on this machine", None)]
    with Serving() as here, _pooler(here, program) as url:
        began = time.monotonic()
        done = subprocess.run(
            [*CLI, "serve", "--port", str(free_port())],
            env=environment(NIGHTBELL_DATABASE_URL=url),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        took = time.monotonic() - began
    said = next((line for line in done.stderr.splitlines() if POOLED in line), done.stderr[-200:])
    seen = f"ended with {done.returncode} after {took:.1f} s: “{said.strip()[:110]} …”"
    return [Seen(what, must, seen, done.returncode != 0 and POOLED in done.stderr and "Traceback" not in done.stderr)]


@contextmanager
def _pooler(here: Serving, program: str) -> Iterator[str]:
    """The address of the same database behind it."""
    at = layout.of(here.data)
    # It refuses to run as root, and must reach the server's socket as somebody the server knows.
    user = pwd.getpwuid(at.run.stat().st_uid).pw_name if os.geteuid() == 0 else None
    with at.ident.open("a") as file:
        file.write(f'nightbell "{user or pwd.getpwuid(os.geteuid()).pw_name}" nightbell\n')
    os.kill(here.database, signal.SIGHUP)
    directory = place()
    directory.chmod(0o777)
    lines = [
        "[databases]",
        f"nightbell = host={at.run} port={layout.PORT} dbname=nightbell user=nightbell",
        "[pgbouncer]",
        "listen_addr =",
        f"unix_socket_dir = {directory}",
        "listen_port = 6432",
        "auth_type = any",
        "pool_mode = transaction",
        "ignore_startup_parameters = extra_float_digits,options",
    ]
    (directory / "ini").write_text("\n".join(lines) + "\n")
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([program, "-q", str(directory / "ini")], stdout=log, stderr=log, user=user)
    url = f"postgresql://nightbell@/nightbell?host={directory}&port=6432"
    try:
        wait_for(lambda: _connects(url), PATIENCE_SECONDS)
        yield url
    finally:
        ended(process)
        shutil.rmtree(directory, ignore_errors=True)


def _connects(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
