"""The engines' beats: the only place that writes them and forgets them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection

from nightbell.data.bounded import Line

# Written anew where it was forgotten: a machine that slept for a day wakes up as it was.
BEAT = """
insert into engine_beat (id, host, version, loops, overstaying)
values (%(id)s, %(host)s, %(version)s, %(loops)s::jsonb, %(overstaying)s::jsonb)
on conflict (id) do update
  set beat_at = nightbell_now(), loops = excluded.loops, overstaying = excluded.overstaying
"""

ANSWERS = "select 1"

FORGET = "delete from engine_beat where beat_at < nightbell_now() - make_interval(secs => %(age)s)"


@dataclass(frozen=True, slots=True)
class Engine:
    """Who beats."""

    id: UUID
    host: str
    version: str


def write(line: Line, engine: Engine, loops: Mapping[str, float], overstaying: Sequence[str]) -> None:
    """Say that this engine lives. Raises psycopg.Error, in a bounded time."""
    line.ask(
        BEAT,
        {
            "id": engine.id,
            "host": engine.host,
            "version": engine.version,
            "loops": json.dumps(loops),
            "overstaying": json.dumps(overstaying),
        },
    )


def look(line: Line) -> None:
    """Raises psycopg.Error where the database does not answer in a bounded time."""
    line.ask(ANSWERS)


def forget(age: timedelta) -> int:
    """Delete the beats of engines that stopped longer ago; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"age": age.total_seconds()})
        return int(cursor.rowcount)
