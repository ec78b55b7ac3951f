"""Processes of a pager that stand still: the web server, the engine."""

import time

from benchmarks.drills.seen import Seen
from benchmarks.drills.serving import START_SECONDS, Serving, wait_for, within


def web() -> list[Seen]:
    """SIGSTOP of the web server and its worker, half a minute before a deadline of a minute."""
    with Serving() as here:
        acme = here.organization("acme", "Ana:1", "Bo:30")
        here.seconds_to_mail(acme, "DB pool exhausted")
        opened = time.monotonic()
        time.sleep(35)
        engine, servers = here.engine, here.pids("nightbell.cli web")
        with here.frozen(*servers):
            froze = time.monotonic()
            wait_for(lambda: any(each.recipient == acme.address("Bo") for each in here.mail.messages), 60)
            paged, meanwhile = time.monotonic() - opened, here.status("/healthz") == 0
            answers = within(lambda: here.status("/readyz") == 200, 120)
            answers = time.monotonic() - froze if answers < float("inf") else answers
        after = here.seconds_to_mail(acme, "After")
        untouched = here.engine == engine
    return [
        Seen(
            "the web server is stopped (SIGSTOP) while a deadline of 60 s runs",
            "the engine goes on; the web server is started again",
            f"the next layer was paged {paged:.1f} s after the first{', while nobody answered' if meanwhile else ''}; "
            f"web answered again {answers:.1f} s after it was stopped; the engine was "
            f"{'the same' if untouched else 'ANOTHER'}; then opened → mailed in {after:.1f} s",
            meanwhile and untouched and paged <= 63 and answers < float("inf"),
        )
    ]


def engine() -> list[Seen]:
    """SIGSTOP of the engine; an incident is opened while it stands still."""
    with Serving() as here:
        acme = here.organization("acme", "Ana:30")
        here.seconds_to_mail(acme, "Before")
        engine = here.engine
        assert engine is not None
        with here.frozen(engine):
            froze = time.monotonic()
            here.open(acme, "Meanwhile")
            noticed = within(lambda: here.status("/pagingz") == 503, 60)
            ready = here.status("/readyz")
            wait_for(lambda: here.engine not in (None, engine), START_SECONDS)
            restarted = time.monotonic() - froze
        mailed = within(lambda: here.arrivals("Meanwhile"), START_SECONDS)
        mailed = time.monotonic() - froze if mailed < float("inf") else mailed
        well = within(here.is_ready, 30)
    return [
        Seen(
            "the engine is stopped (SIGSTOP)",
            "/pagingz answers 503 within 15 s and /readyz 200; started again within 40 s; what waited leaves",
            f"/pagingz 503 after {noticed:.1f} s, /readyz {ready} meanwhile; another engine after {restarted:.1f} s; "
            f"what was opened meanwhile was mailed after {mailed:.1f} s; /pagingz 200 {well:.1f} s later",
            noticed <= 15 and ready == 200 and restarted <= 40 and max(mailed, well) < float("inf"),
        )
    ]
