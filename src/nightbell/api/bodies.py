"""What several bodies have in common: one model per body, which refuses what it does not know."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from nightbell.actions import policy_drafts
from nightbell.core import instants


def not_blank(text: str) -> str:
    """A text that says something."""
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def kept() -> Any:
    """A field that stays as it is where it is not given; what was given is in `model_fields_set`."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _instant(value: Any) -> datetime:
    """The library would take a number of seconds as well."""
    if not isinstance(value, str):
        raise ValueError("must be an instant like 2026-11-23T10:00:00Z")  # noqa: TRY004 -- a refusal of what was sent
    return instants.read(value)


class Body(BaseModel):
    """Numbers are numbers and texts are texts: nothing is converted, nothing unknown is ignored."""

    model_config = ConfigDict(strict=True, extra="forbid", alias_generator=to_camel)


# Ids as examples show them.
SOMEBODY = "0190a5b2-7c1e-7b3a-9d2f-3e4c5b6a7d80"
ANOTHER = "0190a5b2-7c1e-7b3a-9d2f-3e4c5b6a7d81"


def example(**given: Any) -> ConfigDict:
    """One that the reference shows."""
    return ConfigDict(json_schema_extra={"examples": [given]})


Instant = Annotated[datetime, BeforeValidator(_instant)]
Name = Annotated[str, Field(min_length=1, max_length=policy_drafts.MAX_NAME), AfterValidator(not_blank)]
Version = Annotated[
    int | None,
    Field(description="The version that was seen: another one is 409 `stale_configuration`. None is any."),
]


class Versioned(BaseModel):
    """Which version a change was made of."""

    version: Version = None


# What an answer shows and nobody sets: it is taken, so that what GET gives PUT takes, and has no effect.
Shown = Annotated[str | None, Field(max_length=40, description="Taken as GET gives it; it has no effect.")]
