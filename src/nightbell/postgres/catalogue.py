"""The only place that knows which tables hold an installation's data, and which the migrations filled themselves."""

import graphlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from nightbell.postgres import errors

MIGRATIONS = "django_migrations"
# Filled by `nightbell migrate` on both sides: compared where something refers to them, never copied.
MADE_BY_MIGRATIONS = frozenset({MIGRATIONS, "django_content_type", "auth_permission", "django_site"})
# Who is signed in where, and what sessions and links are signed with: a file opens no account, and what was signed
# before an import is void after it. Which engines lived: they report anew. Who tried to sign in of late.
LEFT_BEHIND = frozenset({"django_session", "installation", "engine_beat", "rate_limit"})

Connection = psycopg.Connection[tuple[Any, ...]]

TABLES = """
select c.relname,
       array_agg(a.attname::text order by a.attnum) filter (
           where a.attnum > 0 and not a.attisdropped
             and a.attgenerated = ''  -- a generated column cannot be written; the other side computes it
       )
from pg_class c
join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
left join pg_attribute a on a.attrelid = c.oid
where c.relkind = 'r'
  and not exists (  -- an extension brings its own tables
      select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  )
group by c.relname
order by c.relname
"""

REFERENCES = """
select child.relname, parent.relname, bool_and(k.condeferrable)
from pg_constraint k
join pg_class child on child.oid = k.conrelid
join pg_class parent on parent.oid = k.confrelid
join pg_namespace n on n.oid = child.relnamespace and n.nspname = 'public'
where k.contype = 'f' and child.oid <> parent.oid  -- a reference within a table is checked when its copy is done
group by child.relname, parent.relname
"""

SEQUENCES = """
select s.relname, owner.relname, q.last_value
from pg_class s
join pg_namespace n on n.oid = s.relnamespace and n.nspname = 'public'
join pg_sequences q on q.schemaname = 'public' and q.sequencename = s.relname
left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid
                     and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')  -- serial, identity
left join pg_class owner on owner.oid = d.refobjid
where s.relkind = 'S'
"""

INSERT_TRIGGERS = """
select c.relname, t.tgname
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where not t.tgisinternal and t.tgenabled = 'O' and t.tgtype & 4 <> 0  -- 4: fires on insert
order by c.relname, t.tgname
"""


@dataclass(frozen=True, slots=True)
class Reference:
    child: str
    parent: str
    deferrable: bool


def migrations(connection: Connection) -> list[list[str]]:
    """Every applied migration as [app, name]."""
    if connection.execute("select to_regclass('public.django_migrations')").fetchone() == (None,):
        raise errors.Refused("The database has no Nightbell in it yet: run  nightbell migrate  first.")
    rows = connection.execute(
        'select app, name from public.django_migrations order by app collate "C", name collate "C"'
    )
    return [list(row) for row in rows]


def tables(connection: Connection) -> dict[str, list[str]]:
    """Every table to be copied, with the columns that can be written."""
    return {
        name: columns or []
        for name, columns in connection.execute(TABLES)
        if name not in MADE_BY_MIGRATIONS | LEFT_BEHIND
    }


def reference_tables(connection: Connection) -> dict[str, list[str]]:
    """The tables the migrations fill, which what is copied may refer to."""
    wanted = MADE_BY_MIGRATIONS - {MIGRATIONS}
    return {name: columns or [] for name, columns in connection.execute(TABLES) if name in wanted}


def left_behind(connection: Connection) -> list[str]:
    """The tables that are neither written nor read."""
    return [name for name, _ in connection.execute(TABLES) if name in LEFT_BEHIND]


def references(connection: Connection) -> list[Reference]:
    return [Reference(*row) for row in connection.execute(REFERENCES)]


def sequences(connection: Connection) -> dict[str, int | None]:
    """Each sequence of a copied table, or of none, with the last number it gave; None before the first."""
    skipped = MADE_BY_MIGRATIONS | LEFT_BEHIND
    return {name: last for name, owner, last in connection.execute(SEQUENCES) if owner not in skipped}


def insert_triggers(connection: Connection, names: Collection[str]) -> list[tuple[str, str]]:
    return [(table, trigger) for table, trigger in connection.execute(INSERT_TRIGGERS) if table in names]


def load_order(names: Iterable[str], known: Iterable[Reference]) -> tuple[list[str], bool]:
    """Tables, what is referred to first; and whether some references form a ring and must wait for the end."""
    wanted = sorted(names)
    edges = [edge for edge in known if edge.child in wanted and edge.parent in wanted]
    try:
        return _sorted(wanted, edges), False
    except graphlib.CycleError:
        pass
    try:
        return _sorted(wanted, [edge for edge in edges if not edge.deferrable]), True
    except graphlib.CycleError as ring:
        raise errors.Refused(
            f"These tables refer to each other and cannot be loaded: {', '.join(ring.args[1])}."
        ) from None


def _sorted(names: list[str], edges: list[Reference]) -> list[str]:
    graph = {name: sorted(edge.parent for edge in edges if edge.child == name) for name in names}
    return list(graphlib.TopologicalSorter(graph).static_order())


def reached(start: Iterable[str], known: Iterable[Reference]) -> set[str]:
    """What these tables refer to, directly or through others."""
    edges = list(known)
    found: set[str] = set()
    rest = list(start)
    while rest:
        name = rest.pop()
        for edge in edges:
            if edge.child == name and edge.parent not in found:
                found.add(edge.parent)
                rest.append(edge.parent)
    return found
