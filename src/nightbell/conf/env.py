"""The environment as one frozen value: the only place that reads NIGHTBELL_* variables; every mistake comes at once."""

import os
import re
from collections.abc import Iterable, Mapping, MutableMapping
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, TypeVar

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, field_validator

from nightbell.channels import registry
from nightbell.channels.declaration import Ability, Part
from nightbell.conf import addresses
from nightbell.core import variables
from nightbell.core.pace import Pace

PREFIX = "NIGHTBELL_"
# The command line's client reads this one itself: it talks to a server and needs none of the rest.
CLIENT_ONLY = frozenset({"NIGHTBELL_API_KEY"})
_SERVICE = re.compile(
    r"NIGHTBELL_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR))"
)
# Such a name alone may be a person's mistake, who means the port to listen on.
_LINK = re.compile(r"NIGHTBELL_([A-Z0-9_]+_)?PORT(_\d+_(TCP|UDP|SCTP))?")
_LINKED = re.compile(r"(tcp|udp|sctp)://")
# The pipe through which a supervisor hears its engine: no setting, and nobody's to set.
BEAT = "NIGHTBELL_BEAT"
_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")

M = TypeVar("M", bound=BaseModel)
P = TypeVar("P", bound=Part)


class Mistakes(Exception):  # noqa: N818 -- one exception for all of them
    """The environment is wrong; `lines` has one sentence for each variable that is."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Settings(BaseModel):
    """What the environment says. Without `database_url` the embedded server in `data_dir` is used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: Annotated[str | None, Field(repr=False)] = None
    data_dir: Path | None = None
    url: str = "http://127.0.0.1:8000"
    allowed_hosts: str = ""
    trusted_proxies: Annotated[int | None, Field(ge=0, le=10)] = None
    secret_key: Annotated[str | None, Field(min_length=32, repr=False)] = None
    web_threads: Annotated[int, Field(ge=1, le=64)] = 8
    senders: Annotated[int, Field(ge=1, le=200)] = 16
    key_writes_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 3_000
    key_writes_burst: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    encryption_keys: Annotated[str | None, Field(repr=False)] = None
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    parts: tuple[SerializeAsAny[Part], ...] = Field(default_factory=lambda: tuple(part() for part in registry.parts()))

    @field_validator("database_url")
    @classmethod
    def _database_url(cls, value: str | None) -> str | None:
        try:
            conninfo_to_dict(value or "")
        except ProgrammingError as error:
            raise ValueError(f"is not a PostgreSQL address: {error}".strip()) from None
        return value

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        return addresses.origin(value)

    @field_validator("allowed_hosts")
    @classmethod
    def _allowed_hosts(cls, value: str) -> str:
        return ",".join(addresses.pattern(each.strip()) for each in value.split(",") if each.strip())

    @field_validator("encryption_keys")
    @classmethod
    def _encryption_keys(cls, value: str | None) -> str | None:
        # Fernet itself reads only the first of two keys with a space between them.
        if value and not all(_KEY.fullmatch(key.strip()) for key in value.split(",")):
            raise ValueError("must be keys of `nightbell secret new-key`, with commas between them")
        return value

    def of(self, part: type[P], /) -> P:
        """What it says of one channel's part."""
        return next(each for each in self.parts if isinstance(each, part))

    @property
    def paging(self) -> tuple[str, ...]:
        """The channels over which this installation can page somebody."""
        return registry.offered(self, Ability.PAGE)

    @property
    def showing(self) -> tuple[str, ...]:
        """Those that keep what they have shown up to date."""
        return registry.offered(self, Ability.EDIT)

    @property
    def key_pace(self) -> Pace:
        """How fast a key may write."""
        return Pace(self.key_writes_per_minute, self.key_writes_burst)

    @cached_property
    def hosts(self) -> list[str]:
        """The host names this installation answers to."""
        own = addresses.host(re.sub(r":\d+$", "", self.url.partition("://")[2]))
        return [own, "localhost", "127.0.0.1", "[::1]", *filter(None, self.allowed_hosts.split(","))]

    def cookie(self, name: str) -> str:
        """What a cookie of ours is called. Over https no other host of the domain can set one of that name."""
        return f"{'__Host-' if self.https else ''}nightbell_{name}"

    @property
    def https(self) -> bool:
        """Whether people reach this installation over TLS."""
        return self.url.startswith("https://")


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises Mistakes, with every mistake in it."""
    environ = os.environ if environ is None else environ
    known = {variable(name) for name in names()} | CLIENT_ONLY
    known |= {f"{name}{variables.FILE}" for name in known}
    known |= {BEAT}
    lines = [
        f"{name} is not a variable of Nightbell" for name in sorted(environ) if _unknown(name, environ[name], known)
    ]
    parts = [_valid(part, part.model_fields, environ, lines) for part in registry.parts()]
    settings = _valid(Settings, _own(), environ, lines, parts=tuple(each for each in parts if each is not None))
    if settings is None or lines:
        raise Mistakes(lines)
    return settings


def _valid(
    model: type[M], names: Iterable[str], environ: Mapping[str, str], lines: list[str], **given: Any
) -> M | None:
    """What the environment says of these variables; None, and what is wrong in `lines`, where it is."""
    for name in names:
        try:
            value = variables.value(environ, variable(name), read_file)
        except ValueError as error:
            lines.append(str(error))
            continue
        if value is not None:
            given[name] = value
    try:
        return model.model_validate(given)
    except ValidationError as error:
        lines += [f"{variable(str(each['loc'][0]))}: {_sentence(each['msg'])}" for each in error.errors()]
        return None


def names() -> list[str]:
    """Every setting by its name."""
    return [*_own(), *chain.from_iterable(part.model_fields for part in registry.parts())]


def _own() -> list[str]:
    return [name for name in Settings.model_fields if name != "parts"]


def variable(name: str) -> str:
    """What the setting is called in the environment."""
    return f"{PREFIX}{name}".upper()


def put(environ: MutableMapping[str, str], name: str, value: str) -> None:
    """Give a setting a value, in place of whatever the environment says."""
    environ.pop(variable(name) + variables.FILE, None)
    environ[variable(name)] = value


def read_file(path: str) -> str:
    """What is in a file that a variable names."""
    return Path(path).read_text(encoding="utf-8")


def _unknown(name: str, value: str, known: set[str]) -> bool:
    return name.startswith(PREFIX) and name not in known and not _is_injected(name, value)


def _is_injected(name: str, value: str) -> bool:
    """Whether Kubernetes made it, for a service called `nightbell` or `nightbell-…`: every container nearby has it."""
    return bool(_SERVICE.fullmatch(name)) or (bool(_LINK.fullmatch(name)) and bool(_LINKED.match(value)))


def beat_descriptor() -> int | None:
    """The descriptor a supervisor gave this process; None where there is no supervisor."""
    given = os.environ.get(BEAT, "")
    return int(given) if given.isdecimal() else None


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")
