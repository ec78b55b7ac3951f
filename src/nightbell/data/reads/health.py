"""Whether this database can be worked on, and whether people are being paged: yes or no for each check, and no data."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db.migrations.loader import MigrationLoader

from nightbell.core import health

Ask = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]

# A standby and a server whose disk is full say so in the same setting.
WRITABLE = "select current_setting('transaction_read_only') = 'off'"

MIGRATED = """
select not exists (
  select from unnest(%(apps)s::text[], %(names)s::text[]) known(app, name)
  where not exists (select from django_migrations m where m.app = known.app and m.name = known.name)
)
"""

# A beat ahead of the clock is not believed either: the clock was set back since, and whoever lives beats again. A lane
# is stuck where it is so in every engine that has it. What a restore holds is not waited for. `exists` stops at the
# first row, and the rows that have a `due_at` are few.
PAGING = """
with fresh as (
  select b.loops, b.overstaying from engine_beat b
  where b.beat_at between nightbell_now() - make_interval(secs => %(beat)s)
    and nightbell_now() + make_interval(secs => %(beat)s)
)
select
  exists (select from fresh),
  not exists (
    select from incident i where i.due_at < nightbell_now() - make_interval(secs => %(overdue)s) and not i.held
  ),
  not exists (select from page p where p.due_at < nightbell_now() - make_interval(secs => %(due)s) and not p.held),
  not exists (
    select from fresh f, jsonb_array_elements_text(f.overstaying) lane(name)
    where not exists (select from fresh o where o.loops ? lane.name and not o.overstaying ? lane.name)
  )
"""
LIMITS = {
    "beat": health.OLDEST_BEAT.total_seconds(),
    "overdue": health.LONGEST_OVERDUE.total_seconds(),
    "due": health.LONGEST_DUE.total_seconds(),
}


def writable(ask: Ask) -> bool:
    """Whether what is asked to be written will be."""
    [(found,)] = ask(WRITABLE, {})
    return bool(found)


def migrated(ask: Ask) -> bool:
    """Whether the tables are as this version needs them."""
    apps, names = zip(*_known(), strict=True)
    [(found,)] = ask(MIGRATED, {"apps": list(apps), "names": list(names)})
    return bool(found)


def paging(ask: Ask) -> dict[str, bool]:
    """Each check of `core.health.PAGING`, and whether it holds."""
    [found] = ask(PAGING, LIMITS)
    return dict(zip(health.PAGING, found, strict=True))


@cache
def _known() -> list[tuple[str, str]]:
    # Without a connection: what is on this machine's disk.
    return sorted(MigrationLoader(None).graph.nodes)
