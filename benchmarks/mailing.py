"""From an incident opened to its mail in the sink: how long it takes, and how many a second."""

from benchmarks import floors, usage
from benchmarks.installation import Installation, Request
from benchmarks.results import Row

IDLE = 80
IDLE_RATE = 5.0
STEADY_RATE = 50.0
STEADY = 600
SUSTAINED = 2000
CONNECTIONS = 4


def measure_latency(here: Installation) -> list[Row]:
    """Opened one at a time with pauses, and at a steady rate; from the request's first byte to the sink's answer."""
    bare = floors.mails(here)
    with here.web(), here.engine():
        here.load(here.openings(20), rate=IDLE_RATE)
        idle = _latencies(here, here.load(here.openings(IDLE), rate=IDLE_RATE, connections=2, uneven=True))
        steady = _latencies(here, here.load(here.openings(STEADY), rate=STEADY_RATE, connections=4, uneven=True))
    floor = f"p50 {bare.p50_ms:.1f} ms, p99 {bare.p99_ms:.1f} ms (SMTP alone)"
    return [
        Row("opened → mail in the sink, idle", "p50 ≤ 50 ms, p99 ≤ 250 ms", _words(idle), floor),
        Row("opened → mail in the sink, 50/s", "", _words(steady), floor),
    ]


def measure_rate(here: Installation) -> list[Row]:
    """Opened as fast as the web server takes them, until the last mail is in the sink."""
    mail, commit = floors.mails(here), floors.commits(here)
    with here.web() as web, here.engine() as engine:
        here.load(here.openings(50), rate=20)
        pids = (web.pid, engine.pid, here.database_pid)
        before = [usage.cpu(pid) for pid in pids]
        opened = here.load(here.openings(SUSTAINED), connections=CONNECTIONS)
        arrived = here.wait_for_mails({each.number for each in opened})
        spent = [usage.cpu(pid) - used for pid, used in zip(pids, before, strict=True)]
    if len(arrived) < len(opened):
        return [Row("sustained opened → mailed", "≥ 150/s", f"only {len(arrived)} of {len(opened)} arrived")]
    seconds = max(arrived.values()) - min(each.began for each in opened)
    opening = max(each.ended for each in opened) - min(each.began for each in opened)
    web_s, engine_s, database_s = (each / len(opened) * 1000 for each in spent)
    apart = f"web {web_s:.1f}, engine {engine_s:.1f}, database {database_s:.1f}"
    return [
        Row(
            "sustained opened → mailed",
            "≥ 150/s",
            f"{len(opened) / seconds:.0f}/s ({len(opened)} in {seconds:.1f} s, opened within {opening:.1f} s)",
            f"{mail.per_second:.0f}/s (SMTP, one connection), {commit.per_second:.0f}/s (commits)",
        ),
        Row(
            "the same, CPU s per 1,000",
            "≤ 6",
            f"{web_s + engine_s + database_s:.1f} ({apart})",
            f"{mail.cpu_ms:.2f} (SMTP client)",
        ),
    ]


def _latencies(here: Installation, opened: list[Request]) -> list[float]:
    arrived = here.wait_for_mails({each.number for each in opened})
    return [(arrived[each.number] - each.began) * 1000 if each.number in arrived else float("inf") for each in opened]


def _words(latencies: list[float]) -> str:
    p50, p99 = usage.share(latencies, 50), usage.share(latencies, 99)
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {max(latencies):.0f} ms"
