"""What is sent and asked about schedules and who is on call."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from nightbell.actions import rotations, schedules
from nightbell.api import bodies
from nightbell.api.bodies import Body, Name, Shown, Version, Versioned, example, kept
from nightbell.core import oncall


def _in_range(at: datetime) -> datetime:
    if not rotations.EARLIEST <= at < rotations.LATEST:
        raise ValueError(f"must be between {rotations.EARLIEST:%Y} and {rotations.LATEST.year - 1}")
    return at


Instant = Annotated[bodies.Instant, AfterValidator(_in_range)]
Description = Annotated[str | None, Field(max_length=schedules.MAX_DESCRIPTION)]
Timezone = Annotated[str, Field(max_length=64, description="An IANA zone, like Europe/Berlin.")]
RotationType = Annotated[oncall.Kind, Field(strict=False)]
RotationLengthDays = Annotated[int | None, Field(ge=1, le=rotations.MAX_LENGTH_DAYS)]
RotationStart = Annotated[
    bodies.Instant | None,
    Field(
        description="An instant in a shift of the first participant, which says whose turn every other shift is. "
        "Where it is not given, that is the first shift; of a layer that is there, whoever is on call now stays, and "
        "of that GET shows the start of the first such shift."
    ),
]
HandoffTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="In the schedule's zone.")]
Participants = Annotated[list[str], Field(min_length=1, max_length=oncall.MAX_PARTICIPANTS)]
Position = Annotated[int, Field(ge=0, lt=oncall.MAX_LAYERS)]


class ScheduleGiven(Body):
    """A schedule's own fields."""

    model_config = example(name="Platform", timezone="Europe/Berlin")

    name: Name
    description: Description = None
    timezone: Timezone


class ScheduleReplaced(ScheduleGiven):
    """A schedule's own fields in place of those that are there, as GET gives it."""

    id: str | None = None
    layers: list[dict[str, Any]] | None = Field(None, description="As GET gives them; they are changed elsewhere.")
    created_at: Shown = None
    updated_at: Shown = None
    version: Version = None


class ScheduleChanges(Body):
    """What of a schedule changes."""

    name: Name = kept()
    description: Description = kept()
    timezone: Timezone = kept()


class RotationGiven(Body):
    """A rotation layer; without a position it is the last, without a name *Rotation N*.

    `rotationLengthDays` is needed for `custom` only.
    """

    model_config = example(
        rotationType="weekly",
        handoffTime="09:00",
        effectiveFrom="2026-11-30T08:00:00Z",
        participantIds=[bodies.SOMEBODY, bodies.ANOTHER],
    )

    name: Name | None = None
    rotation_type: RotationType
    rotation_length_days: RotationLengthDays = None
    handoff_time: HandoffTime
    effective_from: Instant
    effective_until: Instant | None = None
    rotation_start: RotationStart = None
    participant_ids: Participants
    position: Position | None = None


class RotationReplaced(RotationGiven):
    """A rotation layer in place of the one that is there, as GET gives it."""

    id: str | None = None


class RotationChanges(Body):
    """What of a rotation layer changes; a new position moves the others out of the way."""

    name: Name = kept()
    rotation_type: RotationType = kept()
    rotation_length_days: RotationLengthDays = kept()
    handoff_time: HandoffTime = kept()
    effective_from: Instant = kept()
    effective_until: Instant | None = kept()
    rotation_start: RotationStart = kept()
    participant_ids: Participants = kept()
    position: Position = kept()


class RotationOrder(Body):
    """Every layer of the schedule, once."""

    layer_ids: Annotated[list[str], Field(max_length=oncall.MAX_LAYERS)]


class OverrideGiven(Body):
    """Somebody else for a while; without a layer, in the whole schedule."""

    model_config = example(userId=bodies.SOMEBODY, startsAt="2026-12-24T08:00:00Z", endsAt="2026-12-26T08:00:00Z")

    user_id: str
    starts_at: Instant
    ends_at: Instant
    layer_id: str | None = None


class Taking(Body):
    """Who takes the shift that is under way; without it, whoever is signed in."""

    user_id: str | None = None


class Previewing(Versioned):
    """Whether to show a change instead of making it, and which version it was made of."""

    preview: bool = Field(False, description="Answer 200 with who gains and who loses what, and save nothing.")


class Editing(Previewing):
    """How to edit a rotation."""

    model_config = ConfigDict(populate_by_name=True)

    keep_current: bool = Field(True, alias="keepCurrent", description="Whoever is on call now stays on call.")


class At(BaseModel):
    """An instant."""

    at: Instant | None = Field(None, description="Now, if it is not given.")


class Span(BaseModel):
    """From when on, and up to when."""

    since: Instant | None = Field(None, alias="from", description="What ended before is left out. Now, if not given.")
    until: Instant | None = Field(None, alias="to", description="What starts later is left out. Nothing, if not given.")


class Between(BaseModel):
    """From when to when."""

    start: Instant | None = Field(None, alias="from", description="Now, if it is not given.")
    end: Instant | None = Field(None, alias="to", description="28 days after `from`, if it is not given.")
