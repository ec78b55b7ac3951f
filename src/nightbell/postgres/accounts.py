"""The only place that decides which user of the machine runs the server, and what that user can reach."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from nightbell.postgres import errors

_ROOT_DROPS_TO = ("postgres", "nobody")  # PostgreSQL refuses to run as root


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that make a child somebody else; empty to stay who we are."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int
    name: str
    dropped: bool

    @property
    def identity(self) -> Identity:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.dropped else {}


def own_name() -> str:
    """The name PostgreSQL's peer authentication will find for this process."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise errors.Unusable(
            f"The user with the number {os.geteuid()} has no entry in /etc/passwd, and PostgreSQL needs one: add it, "
            "run Nightbell as another user, or set NIGHTBELL_DATABASE_URL."
        ) from None


def choose(cluster: Path) -> Account:
    """Ourselves; as root the owner of an existing cluster, else `postgres`, else `nobody`."""
    try:
        owner = cluster.stat().st_uid if cluster.exists() else None
    except PermissionError:
        raise errors.Unusable(f"{cluster.parent}: user {own_name()} cannot reach it.") from None
    if os.geteuid() != 0:
        if owner is not None and owner != os.geteuid():
            raise errors.Unusable(f"{cluster} belongs to {_name(owner)}: run Nightbell as that user or as root.")
        return Account(os.geteuid(), os.getegid(), own_name(), dropped=False)
    if owner:
        return Account(owner, cluster.stat().st_gid, _name(owner), dropped=True)
    for name in _ROOT_DROPS_TO:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name, dropped=True)
    raise errors.Unusable("PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody.")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def owner(path: Path) -> str:
    """Whose a directory is."""
    return _name(path.stat().st_uid)


def same_directory(account: Account, one: Path, other: Path) -> bool:
    """By what the account sees: to a root without every capability the kernel shows no other user's process."""
    try:
        answer = subprocess.run(
            ["/bin/sh", "-c", '[ "$1" -ef "$2" ]', "sh", one, other], cwd="/", check=False, **account.identity
        )
    except PermissionError:
        return False
    return answer.returncode == 0


def first_refused(account: Account, right: Literal["r", "w", "x"], paths: Sequence[Path]) -> Path | None:
    """The first of `paths` the account has not this right on, by the kernel's word, so that every rule of it counts."""
    if not account.dropped:
        mode = {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[right]
        return next((path for path in paths if not os.access(path, mode)), None)
    script = f'for path do [ -{right} "$path" ] || {{ printf "%s" "$path"; exit 1; }}; done'
    try:
        answer = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *paths], capture_output=True, cwd="/", check=False, **account.identity
        )
    except PermissionError:
        raise errors.Unusable(
            f"This process may not become the user {account.name}, and PostgreSQL does not run as root."
        ) from None
    return Path(os.fsdecode(answer.stdout)) if answer.returncode else None
