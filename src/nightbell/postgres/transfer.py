"""The only place that writes an installation's data to a file and reads it back, whatever the two servers' versions."""

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, LiteralString

import psycopg
from psycopg import sql

from nightbell.postgres import catalogue, errors

FORMAT = 1
_MANIFEST = "manifest.json"
_CHUNK = 1 << 16
Report = Callable[[int, int], None]  # rows done, rows in all

# What the text of a value depends on must be the same on both sides; a copy may take as long as it takes.
_SESSION: tuple[LiteralString, ...] = (
    "set client_encoding = 'UTF8'",
    "set datestyle = 'ISO, YMD'",
    "set intervalstyle = 'postgres'",
    "set timezone = 'UTC'",
    "set extra_float_digits = 3",
    "set bytea_output = 'hex'",
    "set statement_timeout = 0",
    "set idle_in_transaction_session_timeout = 0",
    "set lock_timeout = '10s'",
)


@dataclass(frozen=True, slots=True)
class Table:
    columns: list[str]
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in the file; `sequences` holds the last number each sequence gave."""

    server: str
    migrations: list[list[str]]
    tables: dict[str, Table]
    reference: dict[str, Table]
    sequences: dict[str, int | None]


def write_file(url: str, file: Path, report: Report) -> Manifest:
    """Everything in the database at one instant, to a new file that only its owner may read; whole or not at all."""
    if file.exists():
        raise errors.Refused(f"{file} exists already.")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as error:
        raise errors.Refused(f"{file} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "wb") as output, _connected(url) as connection:
            with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                manifest = _write_archive(connection, archive, report)
            output.flush()
            os.fsync(output.fileno())
        Path(name).rename(file)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise errors.Refused(f"{file} cannot be written: {error.strerror}.") from None
        raise
    return manifest


def _write_archive(connection: catalogue.Connection, archive: zipfile.ZipFile, report: Report) -> Manifest:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # one snapshot for all of it
    connection.read_only = True
    with connection.transaction():
        migrations = catalogue.migrations(connection)
        columns = catalogue.tables(connection)
        total = sum(_count(connection, name) for name in columns)
        done = 0

        def advance(rows: int) -> None:
            nonlocal done
            done += rows
            report(done, total)

        advance(0)
        tables = {}
        for name, wanted in columns.items():
            rows = _copy_out(connection, archive, f"tables/{name}.copy", _rows_of(name, wanted), advance)
            tables[name] = Table(wanted, rows)
        reference = {}
        for name, wanted in catalogue.reference_tables(connection).items():
            statement = _reference_of(name, wanted)
            rows = _copy_out(connection, archive, f"reference/{name}.copy", statement, lambda _: None)
            reference[name] = Table(wanted, rows)
        # After the rows: a sequence follows no snapshot, and must not lag behind them.
        manifest = Manifest(_server_version(connection), migrations, tables, reference, catalogue.sequences(connection))
    content = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1, ensure_ascii=False)
    archive.writestr(_MANIFEST, content)
    return manifest


def _copy_out(
    connection: catalogue.Connection,
    archive: zipfile.ZipFile,
    member: str,
    statement: sql.Composed,
    advance: Callable[[int], None],
) -> int:
    rows = 0
    with archive.open(member, "w", force_zip64=True) as output, connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for chunk in copy:
                output.write(chunk)
                rows += 1  # PostgreSQL sends a row a message
                if rows % 1000 == 0:
                    advance(1000)
        advance(rows % 1000)
        if cursor.rowcount != rows:
            raise errors.Refused(f"{member}: {cursor.rowcount} rows announced, {rows} received.")
    return rows


def _rows_of(name: str, columns: list[str]) -> sql.Composed:
    return sql.SQL("copy {} ({}) to stdout").format(_table(name), _list(columns))


def _reference_of(name: str, columns: list[str]) -> sql.Composed:
    # In an order, because the two sides' are compared.
    return sql.SQL("copy (select {} from {} order by id) to stdout").format(_list(columns), _table(name))


def read_file(
    url: str, file: Path, report: Report, finish: Callable[[catalogue.Connection], None] = lambda _: None
) -> Manifest:
    """Into a freshly migrated database without data, in one transaction; Refused, with the reason, changes nothing.

    `finish` is what else belongs to that transaction.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _read_manifest(archive, file)
            with _connected(url) as connection:
                with connection.transaction():
                    _load(connection, archive, manifest, report)
                    finish(connection)
                connection.autocommit = True
                for name in manifest.tables:
                    connection.execute(sql.SQL("analyze {}").format(_table(name)))
    except OSError as error:
        raise errors.Refused(f"{file} cannot be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise errors.Refused(f"{file} is not a Nightbell export, or it is damaged: {error}.") from None
    return manifest


def _read_manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    try:
        content: dict[str, Any] = json.loads(archive.read(_MANIFEST))
        found = content.pop("format")
        if found != FORMAT:
            raise errors.Refused(f"{file} has format {found!r}; this Nightbell reads format {FORMAT}.")
        manifest = Manifest(
            content["server"],
            content["migrations"],
            {name: Table(**table) for name, table in content["tables"].items()},
            {name: Table(**table) for name, table in content["reference"].items()},
            content["sequences"],
        )
        members = [f"tables/{name}.copy" for name in manifest.tables]
        members += [f"reference/{name}.copy" for name in manifest.reference]
        for member in members:
            archive.getinfo(member)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise errors.Refused(f"{file} is not a Nightbell export: {error}.") from None
    return manifest


def _load(connection: catalogue.Connection, archive: zipfile.ZipFile, manifest: Manifest, report: Report) -> None:
    _check_same_schema(connection, manifest)
    known = catalogue.references(connection)
    order, ring = catalogue.load_order(manifest.tables, known)
    if order:
        tables = sql.SQL(", ").join(_table(name) for name in order)
        connection.execute(sql.SQL("lock table {} in share row exclusive mode").format(tables))
    _check_empty(connection, order)
    _forget(connection)
    filled = [name for name in order if manifest.tables[name].rows]
    _check_reference(connection, archive, catalogue.reached(filled, known) & manifest.reference.keys(), manifest)
    connection.execute("set constraints all deferred" if ring else "set constraints all immediate")
    triggers = catalogue.insert_triggers(connection, order)
    # The rows are history: what a trigger made of them the first time is in the file.
    _switch(connection, triggers, sql.SQL("disable"))
    total, done = sum(table.rows for table in manifest.tables.values()), 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        report(done, total)

    advance(0)
    for name in order:
        with archive.open(f"tables/{name}.copy") as source:
            _copy_in(connection, source, name, manifest.tables[name], advance)
    connection.execute("set constraints all immediate")
    _switch(connection, triggers, sql.SQL("enable"))
    for sequence, last in manifest.sequences.items():
        if last is not None:
            connection.execute("select setval(%s::regclass, %s)", [f'public."{sequence}"', last])


def _check_same_schema(connection: catalogue.Connection, manifest: Manifest) -> None:
    here = {tuple(migration) for migration in catalogue.migrations(connection)}
    there = {tuple(migration) for migration in manifest.migrations}
    if here != there:
        lacking = [f"only in the file: {app}.{name}" for app, name in sorted(there - here)]
        lacking += [f"only in the database: {app}.{name}" for app, name in sorted(here - there)]
        raise errors.Refused(
            "The file and the database are of different versions of Nightbell. Bring both sides to the same version, "
            f"run  nightbell migrate,  and export again ({'; '.join(lacking[:6])}{'; …' if len(lacking) > 6 else ''})."
        )
    columns = catalogue.tables(connection)
    for name in sorted(columns.keys() | manifest.tables.keys()):
        if name not in columns or name not in manifest.tables:
            side = "file" if name not in columns else "database"
            raise errors.Refused(f"Table {name} is only in the {side}.")
        if set(columns[name]) != set(manifest.tables[name].columns):
            raise errors.Refused(f"Table {name} has other columns in the file than in the database.")
    if unknown := sorted(manifest.sequences.keys() - catalogue.sequences(connection).keys()):
        raise errors.Refused(f"Sequence {unknown[0]} is only in the file.")


def _check_empty(connection: catalogue.Connection, names: list[str]) -> None:
    filled = [(name, rows) for name in names if (rows := _count(connection, name))]
    if filled:
        listed = ", ".join(f"{name} ({rows} {'row' if rows == 1 else 'rows'})" for name, rows in filled)
        raise errors.Refused(
            f"The database is not empty: {listed}. Import into a new one, fresh from  nightbell migrate."
        )


def _forget(connection: catalogue.Connection) -> None:
    """Where an installation has been, its rows taken away by hand, what it signed must not open the one that comes.

    In a database that was never used it stays: processes that were started too early know it already.
    """
    if any(last is not None for last in catalogue.sequences(connection).values()):
        for name in catalogue.left_behind(connection):
            connection.execute(sql.SQL("delete from {}").format(_table(name)))


def _check_reference(
    connection: catalogue.Connection, archive: zipfile.ZipFile, names: set[str], manifest: Manifest
) -> None:
    """Copied rows name these by number: a number must mean the same on both sides."""
    for name in sorted(names):
        with (
            connection.cursor() as cursor,
            cursor.copy(_reference_of(name, manifest.reference[name].columns)) as copy,
        ):
            here = b"".join(bytes(chunk) for chunk in copy)
        if here != archive.read(f"reference/{name}.copy"):
            raise errors.Refused(
                f"Table {name}, which copied rows refer to, differs between the file and the database."
            )


def _switch(connection: catalogue.Connection, triggers: list[tuple[str, str]], how: sql.SQL) -> None:
    for table, trigger in triggers:
        statement = sql.SQL("alter table {} {} trigger {}")
        connection.execute(statement.format(_table(table), how, sql.Identifier(trigger)))


def _copy_in(
    connection: catalogue.Connection, source: IO[bytes], name: str, table: Table, advance: Callable[[int], None]
) -> None:
    with connection.cursor() as cursor:
        statement = sql.SQL("copy {} ({}) from stdin").format(_table(name), _list(table.columns))
        try:
            with cursor.copy(statement) as copy:
                while chunk := source.read(_CHUNK):
                    copy.write(chunk)
                    advance(chunk.count(b"\n"))  # a line break within a value is written as \n, two characters
        except psycopg.Error as error:
            raise errors.Refused(f"Table {name}: {str(error).strip()}") from error
        if cursor.rowcount != table.rows:
            raise errors.Refused(f"Table {name}: {table.rows} rows announced, {cursor.rowcount} in the file.")


def _count(connection: catalogue.Connection, name: str) -> int:
    row = connection.execute(sql.SQL("select count(*) from {}").format(_table(name))).fetchone()
    return int(row[0]) if row else 0


def _server_version(connection: catalogue.Connection) -> str:
    return connection.info.parameter_status("server_version") or ""


def _table(name: str) -> sql.Identifier:
    return sql.Identifier("public", name)


def _list(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)


@contextmanager
def _connected(url: str) -> Iterator[catalogue.Connection]:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            for statement in _SESSION:
                connection.execute(statement)
            yield connection
    except psycopg.Error as error:
        raise errors.Refused(f"The database says: {str(error).strip()}") from error
