"""What is answered, for the reference: the shapes `rendering` makes, which nothing is checked against while serving."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from nightbell.core import delivery
from nightbell.core.incident import actor, effects, state

T = TypeVar("T")


def _words(words: type[StrEnum]) -> Any:
    """One of these words, written out where it stands: several of the kinds share a name."""
    return Field(json_schema_extra={"enum": [word.value for word in words]})


ActorType = Annotated[str, _words(actor.Type)]
Via = Annotated[str, _words(actor.Via)]
EscalationState = Annotated[str, _words(state.State)]
PageState = Annotated[str, _words(delivery.State)]
PageReason = Annotated[str, _words(effects.Reason)]
Severity = Annotated[str, _words(state.Severity)]
Status = Annotated[str, _words(state.Status)]


class Shape(BaseModel):
    """Every field is always there; one that is not set is null."""

    model_config = ConfigDict(alias_generator=to_camel)


class Data(Shape, Generic[T]):
    """A success."""

    data: T


class FieldError(Shape):
    """What is wrong with one field of the request."""

    field: str
    message: str


class Error(Shape):
    """A refusal or a fault; `errors` is there on 422 only."""

    status_code: int
    type: Literal["not_authorized_error", "invalid_request_error", "validation_error", "internal_error"]
    code: str
    message: str
    request_id: str
    errors: list[FieldError] = Field(default_factory=list)


class Person(Shape):
    """Somebody, as they are called now."""

    id: UUID
    name: str


class Actor(Shape):
    """Who did something, as they were called then."""

    type: ActorType
    id: UUID | None
    name: str


class ActorVia(Actor):
    """Who did something, and through which door."""

    via: Via | None


class Component(Shape):
    """A part of what the organization runs."""

    id: UUID
    name: str


class UsersTarget(Shape):
    """A list of members."""

    type: Literal["users"]
    user_ids: list[UUID]


class ScheduleTarget(Shape):
    """Whoever is on call on a schedule at the moment the layer is paged."""

    type: Literal["schedule"]
    schedule_id: UUID


class FallbackTarget(Shape):
    """The organization's last resort."""

    type: Literal["fallback"]


Target = Annotated[UsersTarget | ScheduleTarget, Field(discriminator="type")]
NextTarget = Annotated[UsersTarget | ScheduleTarget | FallbackTarget, Field(discriminator="type")]


class ChannelState(Shape):
    """What became of the newest page to somebody over one channel."""

    channel: str
    state: PageState
    at: datetime
    error: str | None


class NotifiedResponder(Person):
    """Somebody who was paged since the opening or the last handoff."""

    paged_at: datetime
    channels: list[ChannelState]


class NextLayer(Shape):
    """What would really be paged if nobody answers."""

    position: int | None
    target: NextTarget
    responders: list[Person]


class EscalationRow(Shape):
    """How far paging has gone; `paging` without `nextEscalationAt` is held since a restore: nobody is paged."""

    state: EscalationState
    policy_id: UUID | None
    policy_name: str | None
    layer_position: int | None
    layer_count: int
    round: int
    next_escalation_at: datetime | None
    acknowledged_by: Actor | None
    acknowledged_at: datetime | None


class Escalation(EscalationRow):
    """How far paging has gone, whom it woke and who is next; `nextLayer` is null in answers to writes."""

    notified_responders: list[NotifiedResponder]
    next_layer: NextLayer | None


class _Incident(Shape):
    id: UUID
    number: int
    org_id: UUID
    title: str
    description: str | None
    severity: Severity
    status: Status
    owner_id: UUID
    escalation_policy_id: UUID | None
    affected_components: list[Component]
    created_by: Actor
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None


class IncidentRow(_Incident):
    """An incident in a list."""

    escalation: EscalationRow


class Incident(_Incident):
    """An incident."""

    escalation: Escalation


class Step(Shape):
    """A status the incident reached."""

    id: UUID
    status: Status
    changed_at: datetime
    resolution_note: str | None


class Entry(Shape):
    """One thing that happened."""

    id: UUID
    kind: str
    at: datetime
    actor: ActorVia
    data: dict[str, Any]


class WholeIncident(Incident):
    """An incident with its record, oldest first."""

    status_history: list[Step]
    audit_trail: list[Entry]


class Incidents(Shape):
    """A page of incidents, newest first; `nextCursor` is null on the last one."""

    incidents: list[IncidentRow]
    next_cursor: str | None


class Page(Shape):
    """One message to one person over one channel for one reason."""

    id: UUID
    responder: Person
    channel: str
    reason: PageReason
    round: int
    layer_position: int | None
    state: PageState
    queued_at: datetime
    settled_at: datetime | None
    attempts: int
    error: str | None


class Pages(Shape):
    """Every page of an incident, oldest first."""

    pages: list[Page]


class Layer(Shape):
    """Who is paged, and how long they have to answer."""

    id: UUID
    position: int
    ack_timeout_minutes: int
    target: Target


class PolicyRow(Shape):
    """An escalation policy in a list."""

    id: UUID
    name: str
    description: str | None
    repeat_count: int
    created_at: datetime
    updated_at: datetime


class Policy(PolicyRow):
    """An escalation policy."""

    layers: list[Layer]


class Policies(Shape):
    """Every escalation policy, by name."""

    policies: list[PolicyRow]


class User(Shape):
    """A member; with `includeRemoved` also one who has left."""

    id: UUID
    first_name: str
    last_name: str
    email: str


class Users(Shape):
    """Every active member, by name."""

    users: list[User]
