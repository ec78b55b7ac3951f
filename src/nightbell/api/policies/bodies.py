"""What is sent about escalation policies."""

from typing import Annotated, Literal

from pydantic import Field

from nightbell.actions import policy_drafts
from nightbell.api import bodies
from nightbell.api.bodies import Body, Name, Shown, Version, example, kept
from nightbell.core import policy

Description = Annotated[str | None, Field(max_length=policy_drafts.MAX_DESCRIPTION)]
RepeatCount = Annotated[int, Field(ge=0, le=policy.MAX_REPEAT_COUNT)]
AckTimeoutMinutes = Annotated[int, Field(ge=1, le=policy.MAX_ACK_TIMEOUT_MINUTES)]
Position = Annotated[int, Field(ge=1, le=policy.MAX_LAYERS)]


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


class PolicyGiven(Body):
    """A whole policy."""

    model_config = example(
        name="Shop front",
        repeatCount=1,
        layers=[
            {
                "target": {"type": "schedule", "scheduleId": bodies.SOMEBODY},
                "ackTimeoutMinutes": 5,
            },
            {"target": {"type": "users", "userIds": [bodies.ANOTHER]}, "ackTimeoutMinutes": 15},
        ],
    )

    name: Name
    description: Description = None
    repeat_count: RepeatCount = 0
    layers: Layers = Field(default_factory=list)


class PolicyReplaced(Body):
    """A whole policy in place of the one that is there, as GET gives it."""

    id: str | None = None
    name: Name
    description: Description = None
    repeat_count: RepeatCount = 0
    layers: LayersKept = Field(default_factory=list)
    created_at: Shown = None
    updated_at: Shown = None
    version: Version = None


class PolicyChanges(Body):
    """What of a policy changes; `layers` replaces them all."""

    name: Name = kept()
    description: Description = kept()
    repeat_count: RepeatCount = kept()
    layers: LayersKept = kept()


class LayerChanges(Body):
    """What of a layer changes; a new position moves the others out of the way."""

    target: Target = kept()
    ack_timeout_minutes: AckTimeoutMinutes = kept()
    position: Position = kept()


class LayerOrder(Body):
    """Every layer of the policy, once."""

    layer_ids: Annotated[list[str], Field(max_length=policy.MAX_LAYERS)]
