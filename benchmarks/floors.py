"""The floor under each figure: what a bare transaction and a bare mail cost on this machine, in this run."""

import subprocess
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psycopg

from benchmarks import usage
from benchmarks.installation import Installation
from nightbell import postgres

COMMITS = 1500
PGBENCH_SECONDS = 3
MAILS = 1500
INSERT = "insert into bench_floor (value) values ('x')"


@dataclass(frozen=True)
class Commits:
    """One insert and one commit: ms of CPU of the client and of the server, and how many a second."""

    client_ms: float
    database_ms: float
    per_second: float


@dataclass(frozen=True)
class Mails:
    """A mail of a page's size over a kept connection, by the standard library's client."""

    cpu_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float


@lru_cache
def commits(here: Installation) -> Commits:
    """A psycopg loop for the processor time; pgbench with four clients for the rate, where there is one."""
    here.ask("create table if not exists bench_floor (id bigint generated always as identity primary key, value text)")
    database = here.database_pid
    with psycopg.connect(here.server.url, autocommit=True) as connection:
        client, server, began = time.process_time(), usage.cpu(database), time.monotonic()
        for _ in range(COMMITS):
            connection.execute(INSERT.encode())
        seconds = time.monotonic() - began
        client, server = time.process_time() - client, usage.cpu(database) - server
    rate = _pgbench(here) or COMMITS / seconds
    return Commits(client / COMMITS * 1000, server / COMMITS * 1000, rate)


def _pgbench(here: Installation) -> float | None:
    program = Path(postgres.find_binaries().postgres).with_name("pgbench")
    if not program.exists():
        return None
    script = here.directory / "insert.sql"
    script.write_text(INSERT + ";\n")
    command = [str(program), "-n", "-c", "4", "-T", str(PGBENCH_SECONDS), "-f", str(script)]
    command += ["-h", str(here.server.socket_directory), "-U", "nightbell", "nightbell"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("tps = "):
            return float(line.split()[2])
    return None


SMTP = """
import smtplib, sys, time
mail = ("Subject: [#0] CRITICAL floor\\r\\nMessage-ID: <0@floor>\\r\\n\\r\\n" + ("x" * 78 + "\\r\\n") * 60).encode()
times = []
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as smtp:
    used, began = time.process_time(), time.monotonic()
    for _ in range(int(sys.argv[2])):
        at = time.monotonic()
        smtp.sendmail("a@floor.example", ["b@floor.example"], mail)
        times.append(time.monotonic() - at)
    used, took = time.process_time() - used, time.monotonic() - began
times.sort()
print(used, took, times[len(times) // 2], times[len(times) * 99 // 100])
"""


@lru_cache
def mails(here: Installation) -> Mails:
    """A loop of the standard library's client against the same sink, in a process of its own."""
    command = [sys.executable, "-c", SMTP, str(here.smtp_port), str(MAILS)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    used, took, p50, p99 = (float(each) for each in said.split())
    return Mails(used / MAILS * 1000, MAILS / took, p50 * 1000, p99 * 1000)
