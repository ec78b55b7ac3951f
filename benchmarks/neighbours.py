"""Neighbours: how long a page takes while ten thousand of somebody else, or of the same organization, are waiting."""

import json
import time
import urllib.request
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from benchmarks import deadlines, usage
from benchmarks.installation import Installation, wait_for
from benchmarks.results import Row

WAITING = 10_000
OPENED = 6
# The engine has met the backlog by then.
BACKLOG_SECONDS = 1.0
PAGE = "select p.id from page p where p.incident_id = %(incident)s"


@dataclass(frozen=True)
class Org:
    """Who opens incidents, and for whom."""

    key: str
    owner: str
    policy: str


def measure(here: Installation) -> list[Row]:
    """From the request to the mail of a new critical incident: alone, and soon after 10,000 deadlines passed."""
    ours = Org(here.key, str(here.owner), str(here.policy))
    other = _another(here)
    with here.web(), here.engine():
        _open(here, ours)
        alone = [_seconds(here, ours) for _ in range(OPENED)]
    deadlines.fill(here, WAITING, first=-3600, apart=0)
    with here.web(), here.engine():
        wait_for(lambda: here.ask("select count(*) from page where due_at is not null")[0][0] > 1000)
        time.sleep(BACKLOG_SECONDS)
        same, others = [], []
        for _ in range(OPENED):
            same.append(_seconds(here, ours))
            others.append(_seconds(here, other))
        [(left,)] = here.ask("select count(*) from page where due_at is not null")
    deadlines.clear(here)
    floor = f"{max(alone):.2f} s (alone)"
    behind = f", {left:,} still waiting" if left else ", nothing was waiting any more"
    return [
        Row("a new page behind 10,000 of its organization", "≤ 2 s later than alone", _words(same) + behind, floor),
        Row("another organization's page behind them", "≤ 2 s later than alone", _words(others) + behind, floor),
    ]


def _another(here: Installation) -> Org:
    name = ["--first-name", "Ana", "--last-name", "Ruiz", "--json"]
    made = here.run("org", "create", "Neighbours", "--admin", "zoe@next.example", *name)
    of = ["--org", made["slug"]]
    owner = here.run("member", "add", "ana@next.example", *of, *name)["userId"]
    key = here.run("key", "create", "bench", *of, "--json")["key"]
    layer = ["--layer", "ana@next.example:1440"]
    return Org(key, owner, here.run("policy", "create", "Day", *of, *layer, "--json")["id"])


def _seconds(here: Installation, org: Org) -> float:
    """From the first byte of the request to the moment the sink has taken the mail."""
    began = time.monotonic()
    incident = _open(here, org)
    found: list[tuple[Any, ...]] = []

    def paged() -> bool:
        found[:] = here.ask(PAGE, {"incident": incident})
        return bool(found)

    wait_for(paged)
    page_id = str(found[0][0])
    arrived: list[float] = []

    def mailed() -> bool:
        arrived[:] = [mail.at for mail in here.mails() if mail.message_id.startswith(page_id)]
        return bool(arrived)

    wait_for(mailed)
    return arrived[0] - began


def _open(here: Installation, org: Org) -> UUID:
    body = {
        "title": "DB pool exhausted",
        "severity": "critical",
        "ownerId": org.owner,
        "escalationPolicyId": org.policy,
    }
    headers = {"Authorization": f"Bearer {org.key}", "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{here.port}/v1/incidents"
    with urllib.request.urlopen(
        urllib.request.Request(address, json.dumps(body).encode(), headers), timeout=30
    ) as said:
        return UUID(json.load(said)["data"]["id"])


def _words(seconds: list[float]) -> str:
    return f"p50 {usage.share(seconds, 50):.2f} s, longest {max(seconds):.2f} s"
