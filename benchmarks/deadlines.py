"""Deadlines: how many an engine advances when they are due together, and how late it is with many pending."""

import time
from uuid import uuid4

from benchmarks import floors, usage
from benchmarks.installation import Installation, wait_for
from benchmarks.results import Row

TOGETHER = 20_000
PENDING = 100_000
RATE = 300
SECONDS = 10

# Incidents as they stand when layer 1 has been paged and has not answered; layer 2 is next.
FILL = """
insert into incident (
  id, organization_id, number, title, severity, status, owner_id, created_by, created_at, updated_at, state, policy,
  position, round, due_at, due_cause, epoch, handed_off_epoch, relieved
)
select gen_random_uuid(), %(organization)s, o.incident_count + n, 'DB pool exhausted', 'critical', 'investigating',
  %(owner)s, '{"type": "system", "id": null, "name": "bench", "via": null}', nightbell_now(), nightbell_now(), 'paging',
  jsonb_build_object(
    'id', %(mark)s::text, 'name', 'Bench', 'repeatCount', 0, 'layers', jsonb_build_array(l.layer, l.layer)),
  1, 1, nightbell_now() + make_interval(secs => %(first)s + n * %(apart)s::float8), 'timeout', 0, 0, '{}'
from generate_series(1, %(count)s) n
cross join organization o
cross join (select jsonb_build_object('ackTimeoutMinutes', 1440,
  'target', jsonb_build_object('type', 'users', 'userIds', jsonb_build_array(%(owner)s::uuid))) as layer) l
where o.id = %(organization)s
"""
COUNT = "update organization set incident_count = incident_count + %(count)s where id = %(organization)s"
CLEAR = "update incident set state = 'exhausted', due_at = null, due_cause = null where due_at is not null"
QUIET = "update page set state = 'cancelled', due_at = null where due_at is not null"

ADVANCED = """
select count(*), extract(epoch from max(c.at) - min(c.at))::float8
from audit a join incident i on i.id = a.incident_id cross join pg_xact_commit_timestamp(a.xmin) c(at)
where a.kind = 'layer_paged' and i.policy ->> 'id' = %(mark)s
"""
LATENESS = """
select extract(epoch from pg_xact_commit_timestamp(a.xmin) - i.created_at)::float8 * 1000
  - (%(first)s + (i.number - %(base)s) * %(apart)s::float8) * 1000
from audit a join incident i on i.id = a.incident_id where a.kind = 'layer_paged' and i.policy ->> 'id' = %(mark)s
"""


def measure_together(here: Installation) -> list[Row]:
    """All due before the engine starts; the first commit to the last, while the same engine sends what it can."""
    bare = floors.commits(here)
    mark = fill(here, TOGETHER, first=-3600, apart=0)
    database = here.database_pid
    before = usage.cpu(database)
    with here.engine() as engine:
        wait_for(lambda: here.ask(ADVANCED, {"mark": mark})[0][0] >= TOGETHER, seconds=120)
        used, database_used = usage.cpu(engine.pid), usage.cpu(database) - before
        # Between the first commit and the last is the time of every batch but the first.
        [(count, seconds)] = here.ask(ADVANCED, {"mark": mark})
    clear(here)
    rate = count * (1 - 500 / count) / seconds
    return [
        Row(
            "deadlines due at once, one engine",
            "≥ 10,000/s",
            f"{rate:.0f}/s ({count:,} in {seconds:.1f} s; engine {used:.1f} s, database {database_used:.1f} s of CPU)",
            f"{bare.per_second:.0f}/s (commits)",
        )
    ]


def measure_lateness(here: Installation) -> list[Row]:
    """How long after its deadline an incident is advanced: 100,000 pending, 300 a second coming due."""
    bare = floors.commits(here)
    fill(here, PENDING, first=86_400, apart=0.01)
    here.ask("vacuum analyze incident")
    first, apart = 6.0, 1 / RATE
    with here.engine():
        [(base,)] = here.ask("select incident_count from organization where id = %(id)s", {"id": here.organization})
        mark = fill(here, RATE * SECONDS, first=first, apart=apart)
        time.sleep(first + SECONDS + 1)
        given = {"mark": mark, "first": first, "apart": apart, "base": base}
        late = [each for (each,) in here.ask(LATENESS, given)]
    clear(here)
    missing = RATE * SECONDS - len(late)
    return [
        Row(
            "lateness, 100,000 pending, 300/s",
            "p99 ≤ 50 ms",
            f"p50 {usage.share(late, 50):.1f} ms, p99 {usage.share(late, 99):.1f} ms, longest {max(late):.0f} ms"
            + (f", {missing} not yet advanced" if missing else ""),
            f"{1000 / bare.per_second:.2f} ms (one commit)",
        )
    ]


def fill(here: Installation, count: int, *, first: float, apart: float) -> str:
    """So many incidents whose deadlines pass in `first` seconds and `apart` from each other; what marks them."""
    mark = str(uuid4())
    given = {"organization": here.organization, "owner": here.owner, "mark": mark, "count": count}
    here.ask(FILL, {**given, "first": first, "apart": apart})
    here.ask(COUNT, given)
    return mark


def clear(here: Installation) -> None:
    """What is left of this part is no work for the next."""
    here.ask(CLEAR)
    here.ask(QUIET)
