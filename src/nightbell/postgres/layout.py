"""The only place that knows what lies where in a data directory, and that makes it reachable for the server's user."""

import contextlib
import hashlib
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nightbell.postgres import accounts, errors

PORT = 5432  # only the socket file's name: nothing listens on it
_LONGEST_SOCKET_PATH = 107
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")  # libpq splits a host at commas; PostgreSQL its setting too


@dataclass(frozen=True, slots=True)
class Layout:
    data: Path

    @property
    def cluster(self) -> Path:
        return self.data / "postgres"

    @property
    def owner_lock(self) -> Path:
        return self.data / "owner.lock"

    @property
    def users_lock(self) -> Path:
        return self.data / "users.lock"

    @property
    def log(self) -> Path:
        return self.data / "postgres.log"

    @property
    def hba(self) -> Path:
        return self.data / "pg_hba.conf"

    @property
    def ident(self) -> Path:
        return self.data / "pg_ident.conf"

    @property
    def run(self) -> Path:
        return self.data / "run"


def default_data_directory() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/nightbell")
    home = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not home.is_absolute():  # so says the XDG specification
        home = Path.home() / ".local" / "share"
    return home / "nightbell"


def of(data_directory: Path) -> Layout:
    data = data_directory.expanduser().absolute()
    if any(ord(letter) < 32 for letter in str(data)):
        raise errors.Unusable(f"The data directory {str(data)!r} has a control character in its name.")
    try:
        return Layout(data.resolve())
    except (OSError, RuntimeError) as error:
        raise errors.Unusable(f"The data directory {data}: {error}") from None


def make(layout: Layout) -> None:
    """The data directory, private (as root: passable, for the server's user), with whatever parents are missing."""
    try:
        layout.data.parent.mkdir(parents=True, exist_ok=True)
        layout.data.mkdir(mode=0o700)
        layout.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except FileExistsError:
        if not layout.data.is_dir():
            raise errors.Unusable(f"The data directory {layout.data} is not a directory.") from None
    except OSError as error:
        raise errors.Unusable(
            f"The data directory {layout.data} cannot be made: {error.strerror}: {error.filename}"
        ) from None


def check_reachable(layout: Layout, account: accounts.Account) -> None:
    """Every parent must let the server's user pass; only the data directory itself, ours, is opened to its group."""
    refused = accounts.first_refused(account, "x", [*reversed(layout.data.parents), layout.data])
    if refused == layout.data and account.dropped and _open_to_group(layout.data, account):
        return
    if refused is not None:
        raise errors.Unusable(
            f"The data directory {layout.data} cannot be used: user {account.name}, who runs PostgreSQL, may not pass "
            f"{refused}. Choose another directory with NIGHTBELL_DATA_DIR, or allow it with  chmod o+x {refused}"
        )
    if not os.access(layout.data, os.W_OK | os.X_OK):
        raise errors.Unusable(f"The data directory {layout.data} is not writable for user {accounts.own_name()}.")


def _open_to_group(directory: Path, account: accounts.Account) -> bool:
    state = directory.stat()
    if state.st_uid != 0 or state.st_gid != 0:
        return False  # somebody else's: not for us to open
    os.chown(directory, -1, account.gid)
    directory.chmod(stat.S_IMODE(state.st_mode) & ~0o070 | 0o010)
    return accounts.first_refused(account, "x", [directory]) is None


def check_own(layout: Layout) -> None:
    """Nothing the server writes to may lie elsewhere: in a copy, such a link leads into the original."""
    places = [layout.cluster, layout.run]
    for directory in (layout.cluster, layout.cluster / "pg_tblspc"):
        if directory.is_dir():
            places += directory.iterdir()
    for path in places:
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(layout.data):
            raise errors.Unusable(
                f"{path} is a link to {path.readlink()}, out of the data directory: if this is a copy, that is the "
                "original's. Put there what it leads to."
            )


def make_private(directory: Path, account: accounts.Account) -> None:
    directory.mkdir(mode=0o700, exist_ok=True)
    if account.dropped:
        os.chown(directory, account.uid, account.gid, follow_symlinks=False)


def socket_file(directory: Path) -> Path:
    return directory / f".s.PGSQL.{PORT}"


def socket_directory(layout: Layout, account: accounts.Account) -> Path:
    """`run` in the data directory, or a short private one where a socket's path would be too long.

    Whoever attaches finds it in the server's pid file.
    """
    path = str(socket_file(layout.run))
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH and _PLAIN_PATH.fullmatch(path):
        make_private(layout.run, account)
        return layout.run
    parents = [Path("/run")] if os.geteuid() == 0 else []
    for parent in [*parents, Path(tempfile.gettempdir()), Path("/tmp")]:  # noqa: S108 -- mkdtemp makes it private
        if len(str(parent)) > 60 or not _PLAIN_PATH.fullmatch(str(parent)):
            continue
        if accounts.first_refused(account, "x", [parent]) is not None or not os.access(parent, os.W_OK):
            continue
        short = Path(tempfile.mkdtemp(prefix=_short_prefix(layout), dir=parent))
        make_private(short, account)
        return short
    raise errors.Unusable(
        f"The data directory {layout.data} is too long for a socket, and no temporary directory can be used."
    )


def _short_prefix(layout: Layout) -> str:
    # By what the directory is, not by its name: after a move, another may bear that.
    state = layout.data.stat()
    return f"nightbell-{hashlib.sha256(f'{state.st_dev} {state.st_ino}'.encode()).hexdigest()[:12]}-"


def own_socket_directory(layout: Layout, said: Path) -> Path:
    """Where this directory's server has its socket if its pid file says `said`; a copied one says the original's."""
    return said if said.name.startswith(_short_prefix(layout)) else layout.run


def make_socket_directory_again(directory: Path, account: accounts.Account) -> None:
    """Whatever removed it, it is at the same place again: that is where everybody connects."""
    try:
        make_private(directory, account)
        state = directory.lstat()
    except OSError as error:
        raise errors.Unusable(f"The directory {directory} for the socket: {error.strerror}.") from None
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != account.uid or state.st_mode & 0o022:
        raise errors.Unusable(f"The directory {directory} for the socket is not ours: somebody else made it.")


def remove_short_socket_directory(layout: Layout, directory: Path) -> None:
    """Nothing if it is not one that `socket_directory` made for this data directory."""
    with contextlib.suppress(FileNotFoundError):
        if directory.name.startswith(_short_prefix(layout)) and not directory.is_symlink():
            shutil.rmtree(directory, ignore_errors=True)


def write(path: Path, text: str) -> None:
    """A whole new file, readable by the server's user whatever our umask; never through a link somebody put there."""
    descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(descriptor, 0o644)
    Path(name).replace(path)
