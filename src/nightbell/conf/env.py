"""The environment as one frozen value: the only place that reads NIGHTBELL_* variables; every mistake comes at once."""

import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from nightbell.channels import email, smtp

PREFIX = "NIGHTBELL_"
# The command line's client reads this one itself: it talks to a server and needs none of the rest.
CLIENT_ONLY = frozenset({"NIGHTBELL_API_KEY"})
# The pipe through which a supervisor hears its engine: no setting, and nobody's to set.
BEAT = "NIGHTBELL_BEAT"
_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")


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
    secret_key: Annotated[str | None, Field(min_length=32, repr=False)] = None
    smtp_url: Annotated[str | None, Field(repr=False)] = None
    mail_from: str = "Nightbell <nightbell@localhost>"
    web_threads: Annotated[int, Field(ge=1, le=64)] = 8
    senders: Annotated[int, Field(ge=1, le=200)] = 16
    slack_client_id: str | None = None
    slack_client_secret: Annotated[str | None, Field(repr=False)] = None
    slack_signing_secret: Annotated[str | None, Field(repr=False)] = None
    slack_api_url: str = "https://slack.com/api/"
    encryption_keys: Annotated[str | None, Field(repr=False)] = None
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"

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
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address like https://pager.example.com")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url(cls, value: str | None) -> str | None:
        if value is not None:
            smtp.parse_url(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_from(cls, value: str) -> str:
        email.parse_sender(value)
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _slack_api_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address like https://slack.com/api/")
        return value if value.endswith("/") else f"{value}/"

    @field_validator("encryption_keys")
    @classmethod
    def _encryption_keys(cls, value: str | None) -> str | None:
        # Fernet itself reads only the first of two keys with a space between them.
        if value and not all(_KEY.fullmatch(key.strip()) for key in value.split(",")):
            raise ValueError("must be keys of `nightbell secret new-key`, with commas between them")
        return value

    @property
    def slack_configured(self) -> bool:
        """Whether organizations can connect Slack here: the app is known, and its tokens can be kept."""
        return bool(self.slack_client_id and self.slack_client_secret and self.encryption_keys)

    @cached_property
    def hosts(self) -> list[str]:
        """The host names this installation answers to."""
        named = [host.strip() for host in self.allowed_hosts.split(",") if host.strip()]
        return [urlsplit(self.url).hostname or "", "localhost", "127.0.0.1", "[::1]", *named]

    @property
    def https(self) -> bool:
        """Whether people reach this installation over TLS."""
        return self.url.startswith("https://")


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises Mistakes, with every mistake in it."""
    environ = os.environ if environ is None else environ
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields} | CLIENT_ONLY | {BEAT}
    lines = [f"{name} is not a variable of Nightbell" for name in sorted(environ) if _unknown(name, known)]
    given: dict[str, Any] = {
        name: environ[f"{PREFIX}{name}".upper()]
        for name in Settings.model_fields
        if environ.get(f"{PREFIX}{name}".upper())
    }
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        lines += [f"{PREFIX}{str(each['loc'][0]).upper()}: {_sentence(each['msg'])}" for each in error.errors()]
        raise Mistakes(lines) from None
    if lines:
        raise Mistakes(lines)
    return settings


def beat_descriptor() -> int | None:
    """The descriptor a supervisor gave this process; None where there is no supervisor."""
    given = os.environ.get(BEAT, "")
    return int(given) if given.isdecimal() else None


def _unknown(name: str, known: set[str]) -> bool:
    return name.startswith(PREFIX) and name not in known


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")
