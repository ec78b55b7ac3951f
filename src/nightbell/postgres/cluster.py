"""The only place that makes a database cluster and says who may connect to it."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nightbell.postgres import accounts, binaries, errors, layout, processes

ROLE = "nightbell"
DATABASE = "nightbell"
_UNFINISHED = "postgres.new-"
# The role owns its database and may make others (the tests do); it is no superuser. One statement a line.
_FIRST_STATEMENTS = f"create role {ROLE} login createdb;\ncreate database {DATABASE} owner {ROLE};\n"

# For a small box: a few processes, little memory; what is promised (fsync, synchronous_commit) said out loud.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "max_wal_size": "512MB",
    "max_logical_replication_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "2",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}


def major(place: layout.Layout) -> int | None:
    """The version of the cluster that is there; None before there is one."""
    try:
        return int((place.cluster / "PG_VERSION").read_text().strip())
    except FileNotFoundError:
        if place.cluster.exists():
            raise errors.Unusable(f"{place.cluster} exists and is not a PostgreSQL cluster.") from None
        return None
    except (OSError, ValueError) as error:
        raise errors.Unusable(f"{place.cluster} cannot be read: {error}") from None


def make(place: layout.Layout, programs: binaries.Binaries, account: accounts.Account, *, sync: bool) -> None:
    """A whole cluster with role and database or, whatever happens, none: it is made beside and renamed."""
    for leftover in place.data.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=place.data))
    try:
        layout.make_private(unfinished, account)
        initdb: list[str | Path] = [
            programs.initdb,
            "-D",
            unfinished,
            "-U",
            "postgres",
            "--auth=peer",
            "--encoding=UTF8",
        ]
        if programs.major >= 17:
            # Sorts and folds the same on every machine and after every update of its C library.
            initdb += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            initdb += ["--locale=C.UTF-8"]
        single: list[str | Path] = [programs.postgres, "--single", "-D", unfinished, "-c", "exit_on_error=on"]
        if not sync:
            initdb += ["--no-sync"]
            single += ["-c", "fsync=off"]
        processes.run(initdb, account)
        processes.run([*single, "postgres"], account, _FIRST_STATEMENTS)
        unfinished.rename(place.cluster)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    if sync:
        _sync_directory(place.data)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_access_rules(place: layout.Layout) -> None:
    """Only this process's user, by the kernel's word, as `nightbell`; all others are refused, the server's own too."""
    layout.write(place.hba, "local all all peer map=nightbell\n")
    layout.write(place.ident, _ident())


def _ident() -> str:
    name = accounts.own_name().replace('"', '""')
    return f'nightbell "{name}" {ROLE}\n'


def arguments(
    place: layout.Layout,
    programs: binaries.Binaries,
    account: accounts.Account,
    socket_directory: Path,
    settings: Mapping[str, str],
) -> list[str | Path]:
    """The command line of the server. Settings stand here, not in a file, so that a new release brings its own."""
    shared_memory = Path("/dev/shm")  # noqa: S108 -- not a file of ours: whether the kernel offers it
    writable = shared_memory.is_dir() and accounts.first_refused(account, "w", [shared_memory]) is None
    wanted = {
        **_SETTINGS,
        "port": str(layout.PORT),
        "unix_socket_directories": str(socket_directory),
        "hba_file": str(place.hba),
        "ident_file": str(place.ident),
        "dynamic_shared_memory_type": "posix" if writable else "sysv",
    }
    if programs.major >= 18:
        wanted["io_method"] = "sync"  # saves three processes
    line: list[str | Path] = [programs.postgres, "-D", place.cluster]
    for name, value in {**wanted, **settings}.items():
        line += ["-c", f"{name}={value}"]
    return line


def may_connect(place: layout.Layout) -> bool:
    """Whether the running server accepts this process's user."""
    try:
        return place.ident.read_text(encoding="utf-8") == _ident()
    except OSError:
        return False


def whose(place: layout.Layout) -> str:
    """The user whom the running server accepts; the directory's owner where that may not be read."""
    try:
        found = re.search(r'^nightbell "((?:[^"]|"")+)"', place.ident.read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1].replace('""', '"') if found else accounts.owner(place.data)


def take_over(place: layout.Layout) -> Path | None:
    """Ends a server whose owner was killed and clears what it left; returns where its socket was.

    The caller holds the owner's lock. In a copy of a data directory all of it speaks of the original, which is left
    alone: only what lies in this directory, or was made for it, is cleared.
    """
    left = processes.read_pid_file(place.cluster)
    if left is not None and processes.is_server(left.pid, place.cluster):
        processes.end(left.pid, place.cluster)
    directory = layout.own_socket_directory(place, left.socket_directory) if left is not None else None
    # A zombie, or in a new container any process of the same number, would pass for a running server. Backends of a
    # killed server that still run are found by PostgreSQL itself, by their shared memory.
    (place.cluster / "postmaster.pid").unlink(missing_ok=True)
    for socket_directory in {place.run, directory or place.run}:
        socket = layout.socket_file(socket_directory)
        socket.unlink(missing_ok=True)
        socket.with_name(f"{socket.name}.lock").unlink(missing_ok=True)
    return directory
