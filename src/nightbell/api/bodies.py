"""What is sent: one model a body, which refuses what it does not know."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from nightbell.actions import policies
from nightbell.core import instants, policy
from nightbell.core.incident import state

# There are none yet, and so each that is named is refused.
MAX_COMPONENTS = 100


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _kept() -> Any:
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


Instant = Annotated[datetime, BeforeValidator(_instant)]
Severity = Annotated[state.Severity, Field(strict=False)]
Status = Annotated[state.Status, Field(strict=False)]
Title = Annotated[str, Field(min_length=1, max_length=state.MAX_TITLE), AfterValidator(_not_blank)]
Description = Annotated[str | None, Field(max_length=state.MAX_DESCRIPTION)]
Note = Annotated[str | None, Field(max_length=state.MAX_NOTE)]
DedupKey = Annotated[str | None, Field(min_length=1, max_length=state.MAX_DEDUP_KEY)]
Name = Annotated[str, Field(min_length=1, max_length=policies.MAX_NAME), AfterValidator(_not_blank)]
PolicyDescription = Annotated[str | None, Field(max_length=policies.MAX_DESCRIPTION)]
RepeatCount = Annotated[int, Field(ge=0, le=policy.MAX_REPEAT_COUNT)]
AckTimeoutMinutes = Annotated[int, Field(ge=1, le=policy.MAX_ACK_TIMEOUT_MINUTES)]
Position = Annotated[int, Field(ge=1, le=policy.MAX_LAYERS)]


class Everybody(BaseModel):
    """Whom a list of people is to have."""

    model_config = ConfigDict(populate_by_name=True)

    include_removed: bool = Field(False, alias="includeRemoved", description="Whoever has left, too.")


class Nothing(Body):
    """No field."""


class Opening(Body):
    """A new incident. `ownerId` or `ownerScheduleId` is needed."""

    title: Title
    severity: Severity
    description: Description = None
    owner_id: str | None = None
    owner_schedule_id: str | None = None
    escalation_policy_id: str | None = None
    component_ids: Annotated[list[str] | None, Field(max_length=MAX_COMPONENTS)] = None
    dedup_key: DedupKey = None


class Acknowledging(Body):
    """For whom a key acknowledges; nobody named means for itself."""

    user_id: str | None = None


class HandingOff(Body):
    """Who owns the incident from now on, and why."""

    target_user_id: str
    note: Note = None


class Resolving(Body):
    """How it ended."""

    resolution_note: Note = None


class ChangingStatus(Body):
    """One step forward."""

    status: Status
    resolution_note: Note = None


class UsersTargetGiven(Body):
    """A list of members."""

    type: Literal["users"]
    user_ids: Annotated[list[str], Field(min_length=1, max_length=policy.MAX_USERS)]


class ScheduleTargetGiven(Body):
    """Whoever is on call on a schedule at the moment the layer is paged."""

    type: Literal["schedule"]
    schedule_id: str


Target = Annotated[UsersTargetGiven | ScheduleTargetGiven, Field(discriminator="type")]


class LayerGiven(Body):
    """A layer; without a position it is the last, or in a whole policy where it stands."""

    target: Target
    ack_timeout_minutes: AckTimeoutMinutes
    position: Position | None = None


class LayerKept(LayerGiven):
    """A layer of a policy that is there; with its id it stays that layer, without one it is the one in its place."""

    id: str | None = None


Layers = Annotated[list[LayerGiven], Field(max_length=policy.MAX_LAYERS)]
LayersKept = Annotated[list[LayerKept], Field(max_length=policy.MAX_LAYERS)]
# What an answer shows and nobody sets: it is taken, so that what GET gives PUT takes, and has no effect.
Shown = Annotated[str | None, Field(max_length=40, description="Taken as GET gives it; it has no effect.")]


class PolicyGiven(Body):
    """A whole policy."""

    name: Name
    description: PolicyDescription = None
    repeat_count: RepeatCount = 0
    layers: Layers = Field(default_factory=list)


class PolicyReplaced(Body):
    """A whole policy in place of the one that is there, as GET gives it."""

    id: str | None = None
    name: Name
    description: PolicyDescription = None
    repeat_count: RepeatCount = 0
    layers: LayersKept = Field(default_factory=list)
    created_at: Shown = None
    updated_at: Shown = None


class PolicyChanges(Body):
    """What of a policy changes; `layers` replaces them all."""

    name: Name = _kept()
    description: PolicyDescription = _kept()
    repeat_count: RepeatCount = _kept()
    layers: LayersKept = _kept()


class LayerChanges(Body):
    """What of a layer changes; a new position moves the others out of the way."""

    target: Target = _kept()
    ack_timeout_minutes: AckTimeoutMinutes = _kept()
    position: Position = _kept()


class LayerOrder(Body):
    """Every layer of the policy, once."""

    layer_ids: Annotated[list[str], Field(max_length=policy.MAX_LAYERS)]
