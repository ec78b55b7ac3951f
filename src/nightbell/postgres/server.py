"""The only place that starts, shares and stops the embedded server of a data directory."""

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from nightbell.postgres import accounts, binaries, cluster, errors, layout, libpq, locks, processes, pulse

_RECOVERY_PATIENCE = 600.0
_ATTACH_PATIENCE = 30.0
_BACKENDS_PATIENCE = 30.0
_ONE_SHOT = "one-shot"
_LASTING = "lasting"
_ONE_SHOT_PATIENCE = 10.0
_LONGEST_USE = 3600.0
_LARGEST_LOG = 10 * 1024 * 1024


class Server:
    """A running server. As a context manager it stops only what it started.

    A process that has one has no other database: libpq's variables have no say in it from then on.
    """

    def __init__(self, place: layout.Layout, version: str, socket_directory: Path) -> None:
        libpq.forget_environment()
        self.version = version
        self._place = place
        self._socket_directory = socket_directory
        self._pulse = pulse.Pulse(layout.socket_file(socket_directory))
        self._process: subprocess.Popen[bytes] | None = None
        self._how: tuple[list[str | Path], accounts.Account] | None = None
        self._owner: locks.Lock | None = None
        self._cluster: locks.Lock | None = None
        self._use: locks.Lock | None = None
        self._pid = os.getpid()

    @property
    def url(self) -> str:
        return f"postgresql://{cluster.ROLE}@/{cluster.DATABASE}?host={self._socket_directory}&port={layout.PORT}"

    @property
    def owned(self) -> bool:
        return self._owner is not None

    @property
    def log(self) -> Path:
        return self._place.log

    def stop(self) -> None:
        """A fast shutdown of what we started; after an attach nothing. Again: nothing. In a forked child: nothing."""
        if self._pid != os.getpid():
            return
        try:
            if self._owner is not None:
                self._wait_for_other_users()
        finally:
            self._pulse.forget()
            try:
                self._end()
                if self._owner is not None:
                    layout.remove_short_socket_directory(self._place, self._socket_directory)
            finally:
                self._give_back()

    def ensure_running(self) -> str | None:
        """One look at an owned server, from the main thread, once a second; starts it again if it is not well.

        That is if its process has ended (killed for memory), or if for several looks nobody has answered: the socket
        is gone, or the process is frozen. Returns why it was started again, None if it was not. Raises Unusable where
        that fails; the next call tries again.
        """
        if self._owner is None:
            return None
        why = "it had ended"
        if self._process is not None and self._process.poll() is None:
            if not self._pulse.is_silent(self._process.pid):
                return None
            why = "it did not answer"
        if not self._owner.is_in_place():
            raise errors.Unusable(f"The data directory {self._place.data} was moved or removed while it was in use.")
        layout.check_own(self._place)
        self._end(processes.IN_HASTE)
        cluster.take_over(self._place)
        self._launch()
        return why

    def restart_immediate(self) -> None:
        """Ends it without a shutdown, as a power cut would, and starts it on the same socket: for crash tests."""
        self._end(processes.AT_ONCE)
        cluster.take_over(self._place)
        self._launch()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def socket_directory(self) -> Path:
        return self._socket_directory

    def own(
        self, lock: locks.Lock, cluster_lock: locks.Lock, account: accounts.Account, command: list[str | Path]
    ) -> None:
        """Starts it, for whoever holds both locks."""
        self._how = command, account
        try:
            self._launch()
        except BaseException:
            layout.remove_short_socket_directory(self._place, self._socket_directory)
            raise
        self._owner, self._cluster = lock, cluster_lock

    def used_through(self, lock: locks.Lock) -> None:
        self._use = lock

    def _wait_for_other_users(self) -> None:
        # One-shot verbs share the server the first of them started: it must not be pulled away from under the second.
        if self._use is not None:
            self._use.take_alone(_LONGEST_USE)

    def _end(self, steps: processes.Steps = processes.IN_ORDER) -> None:
        process, self._process = self._process, None
        if process is not None:
            processes.end_child(process, steps)

    def _give_back(self) -> None:
        # The owner first: who waits for the other lock finds the server already free to start.
        for lock in (self._cluster, self._owner, self._use):
            if lock is not None:
                lock.release()
        self._owner = self._cluster = self._use = None

    def _launch(self) -> None:
        if self._how is None:
            raise RuntimeError("only the owner of a server can start it")
        command, account = self._how
        self._pulse.forget()
        layout.make_socket_directory_again(self._socket_directory, account)
        until = time.monotonic() + _BACKENDS_PATIENCE
        while True:
            with _open_log(self._place, account) as log:
                before = log.seek(0, os.SEEK_END)
                process = processes.launch(command, account, log)
            try:
                ready = processes.wait_until_ready(process, self._place.cluster, _RECOVERY_PATIENCE)
            except BaseException:
                processes.end_child(process)
                raise
            if ready:
                self._process = process
                return
            if process.poll() is None:
                processes.end_child(process)
            said = _log_since(self._place, before)
            # Backends of a killed server end by themselves, each after its statement.
            if "pre-existing shared memory block" not in said or time.monotonic() > until:
                raise errors.Unusable(f"PostgreSQL did not start. {self._place.log} says:\n{said}")
            time.sleep(0.1)


def _open_log(place: layout.Layout, account: accounts.Account) -> BinaryIO:
    with contextlib.suppress(FileNotFoundError):
        if place.log.lstat().st_size > _LARGEST_LOG:
            place.log.replace(place.log.with_suffix(".log.1"))
    try:
        descriptor = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise errors.Unusable(f"{place.log}: {error.strerror}") from None
    if account.dropped:
        os.fchown(descriptor, account.uid, account.gid)
    return os.fdopen(descriptor, "ab")


def _log_since(place: layout.Layout, offset: int) -> str:
    with place.log.open("rb") as file:
        file.seek(offset)
        return file.read()[-2000:].decode(errors="replace").strip()


def start(data_directory: Path, settings: Mapping[str, str] | None = None) -> Server:
    """Takes ownership, makes the cluster the first time, and starts the server; from the main thread.

    `settings` are PostgreSQL's, over our own. Raises Busy if another process owns a running server, Unusable with what
    to change otherwise.
    """
    return _start(data_directory, settings or {}, _LASTING)


def attach(data_directory: Path) -> Server:
    """The running server of this data directory; waits for one that is starting. Raises NotRunning."""
    place = layout.of(data_directory)
    until = time.monotonic() + _ATTACH_PATIENCE
    while True:
        try:
            layout.check_own(place)
            said = processes.read_pid_file(place.cluster)
        except PermissionError:
            raise _not_for_us(place) from None
        if said is None or not processes.is_server(said.pid, place.cluster) or said.status == "stopping":
            raise errors.NotRunning(f"No PostgreSQL of {place.data} is running: nightbell serve starts it.")
        if said.status == "ready":
            break
        if time.monotonic() > until:
            raise errors.NotRunning(f"The PostgreSQL of {place.data} is still starting, after a crash? Try later.")
        time.sleep(0.02)
    if not cluster.may_connect(place):
        raise _not_for_us(place)
    return Server(place, str(cluster.major(place)), layout.own_socket_directory(place, said.socket_directory))


def share(data_directory: Path) -> Server:
    """For verbs that do one thing: attaches, or starts a server and stops it when its last such user is done."""
    place = layout.of(data_directory)
    layout.make(place)
    account = accounts.choose(place.cluster)
    layout.check_reachable(place, account)
    use = locks.Lock(place.users_lock, account)
    try:
        use.share()
        server = _attach_or_start(data_directory)
    except BaseException:
        use.release()
        raise
    server.used_through(use)
    return server


def _attach_or_start(data_directory: Path) -> Server:
    until = time.monotonic() + _ATTACH_PATIENCE
    while True:
        try:
            return attach(data_directory)
        except errors.NotRunning:
            with contextlib.suppress(errors.Busy):  # another is between its lock and its pid file
                return _start(data_directory, {}, _ONE_SHOT)
            if time.monotonic() > until:
                raise
        time.sleep(0.05)


def _not_for_us(place: layout.Layout) -> errors.Unusable:
    user = cluster.whose(place)
    return errors.OtherUser(
        f"The PostgreSQL of {place.data} runs for {user}, not for {accounts.own_name()}: run this as that user.", user
    )


def _start(data_directory: Path, settings: Mapping[str, str], purpose: str) -> Server:
    place = layout.of(data_directory)
    layout.make(place)
    account = accounts.choose(place.cluster)
    layout.check_reachable(place, account)
    layout.check_own(place)
    with contextlib.ExitStack() as given_back:
        lock = locks.Lock(place.owner_lock, account)
        given_back.callback(lock.release)
        _own(lock, place, purpose)
        major = cluster.major(place)
        programs = binaries.readable(binaries.find_binaries(major), account, place.data)
        if major is None:
            cluster.make(place, programs, account, sync=settings.get("fsync") != "off")
        cluster_lock = _own_cluster(place, account)
        given_back.callback(cluster_lock.release)
        left = cluster.take_over(place)
        if left is not None:
            layout.remove_short_socket_directory(place, left)
        cluster.write_access_rules(place)
        server = Server(place, str(programs.major), layout.socket_directory(place, account))
        command = cluster.arguments(place, programs, account, server.socket_directory, settings)
        server.own(lock, cluster_lock, account, command)
        given_back.pop_all()
    return server


def _own_cluster(place: layout.Layout, account: accounts.Account) -> locks.Lock:
    # The files may be another data directory's as well: a copy can be of hard links.
    lock = locks.Lock(place.cluster / "PG_VERSION", account)
    if not lock.take():
        lock.release()
        raise errors.Busy(
            f"Another process runs a PostgreSQL on the files of {place.cluster}: it is no copy of its own."
        )
    return lock


def _own(lock: locks.Lock, place: layout.Layout, purpose: str) -> None:
    until = time.monotonic() + _ONE_SHOT_PATIENCE
    while not lock.take():
        holder = lock.read()
        if purpose == _ONE_SHOT or not holder.startswith(_ONE_SHOT) or time.monotonic() > until:
            raise errors.Busy(f"Another process ({holder}) runs the PostgreSQL of {place.data}.")
        time.sleep(0.05)
    lock.note(f"{purpose}, process {os.getpid()}")
