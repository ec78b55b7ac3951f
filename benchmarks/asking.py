"""Processor time of opening and of acknowledging, the web server's and the database's apart."""

import subprocess
from collections.abc import Sequence
from typing import Any

from benchmarks import floors, usage
from benchmarks.installation import Installation, Request
from benchmarks.results import Row

REQUESTS = 1000
WARM_UP = 100


def measure(here: Installation) -> list[Row]:
    """Open, then acknowledge, one after the other over one kept connection; no engine runs meanwhile."""
    bare = floors.commits(here)
    with here.web() as web:
        here.load(here.openings(WARM_UP))
        opened, open_app, open_database = _per_request(here, web, here.openings(REQUESTS))
        paths: list[tuple[str, Any]] = [(f"/v1/incidents/{each.number}/acknowledge", {}) for each in opened]
        _, ack_app, ack_database = _per_request(here, web, paths)
    floor = f"client {bare.client_ms:.2f} ms, database {bare.database_ms:.2f} ms (one insert, one commit)"
    return [
        Row("open, application CPU", "≤ 1.2 ms", f"{open_app:.2f} ms (database {open_database:.2f} ms)", floor),
        Row("acknowledge, application CPU", "≤ 1.3 ms", f"{ack_app:.2f} ms (database {ack_database:.2f} ms)", floor),
    ]


def _per_request(
    here: Installation, web: subprocess.Popen[bytes], requests: Sequence[tuple[str, Any]]
) -> tuple[list[Request], float, float]:
    """What was answered, and ms of processor time a request: the web server's, the database's."""
    database = here.database_pid
    before = usage.cpu(web.pid), usage.cpu(database)
    done = here.load(requests)
    after = usage.cpu(web.pid), usage.cpu(database)
    app, server = ((b - a) / len(requests) * 1000 for a, b in zip(before, after, strict=True))
    return done, app, server
