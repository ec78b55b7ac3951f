"""What several answers have in common: the reference is made from these shapes, and mypy holds the answers to them.

A shape is a dict as it goes on the wire. Every field is always there, but where it says otherwise; one that is not set
is null.
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar
from uuid import UUID

from django.http import HttpResponse
from pydantic import Field
from typing_extensions import TypedDict

from nightbell.core import policy
from nightbell.core.incident import actor

T = TypeVar("T")

Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


def words(known: type[StrEnum]) -> Any:
    """One of these words, written out where it stands: several of the kinds share a name."""
    return Field(json_schema_extra={"enum": [word.value for word in known]})


ErrorType = Literal["not_authorized_error", "invalid_request_error", "validation_error", "internal_error"]
ActorType = Annotated[str, words(actor.Type)]


class Data(TypedDict, Generic[T]):
    """A success."""

    data: T


class FieldError(TypedDict):
    """What is wrong with one field of the request."""

    field: str
    message: str


class Error(TypedDict):
    """A refusal or a fault; `errors` is there on 422 only."""

    statusCode: int
    type: ErrorType
    code: str
    message: str
    requestId: str
    errors: NotRequired[list[FieldError]]


class Person(TypedDict):
    """Somebody, as they are called now."""

    id: Id
    name: str


class Actor(TypedDict):
    """Who did something, as they were called then."""

    type: ActorType
    id: Id | None
    name: str


class UsersTarget(TypedDict):
    """A list of members."""

    type: Literal["users"]
    userIds: list[Id]


class ScheduleTarget(TypedDict):
    """Whoever is on call on a schedule at the moment the layer is paged."""

    type: Literal["schedule"]
    scheduleId: Id


Target = Annotated[UsersTarget | ScheduleTarget, Field(discriminator="type")]


def answer(data: Any, status: int = 200) -> HttpResponse:
    """A success."""
    return HttpResponse(json.dumps({"data": data}, ensure_ascii=False), status=status, content_type="application/json")


def nothing() -> HttpResponse:
    """A success with nothing to say."""
    response = HttpResponse(status=204)
    del response.headers["Content-Type"]
    return response


def instant(at: datetime) -> str:
    """ISO 8601, UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def instant_if(at: datetime | None) -> str | None:
    """The same; None for none."""
    return None if at is None else instant(at)


def id_if(value: UUID | None) -> str | None:
    """An id; None for none."""
    return str(value) if value else None


def person(user_id: UUID, name: str) -> Person:
    """Somebody."""
    return {"id": str(user_id), "name": name}


def by(who: actor.Actor) -> Actor:
    """Who did something."""
    return {"type": who.type, "id": id_if(who.id), "name": who.name}


def target(of: policy.Target) -> UsersTarget | ScheduleTarget:
    """Whom a layer pages."""
    match of:
        case policy.Schedule(schedule_id):
            return {"type": "schedule", "scheduleId": str(schedule_id)}
        case policy.Users(user_ids):
            return {"type": "users", "userIds": [str(user_id) for user_id in user_ids]}
