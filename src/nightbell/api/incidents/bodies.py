"""What is sent and asked about incidents."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from nightbell.api import bodies
from nightbell.api.bodies import Body, example, not_blank
from nightbell.core.incident import state

# There are none yet, and so each that is named is refused.
MAX_COMPONENTS = 100
MAX_WORDS = 200

Severity = Annotated[state.Severity, Field(strict=False)]
Status = Annotated[state.Status, Field(strict=False)]
Title = Annotated[str, Field(min_length=1, max_length=state.MAX_TITLE), AfterValidator(not_blank)]
Description = Annotated[str | None, Field(max_length=state.MAX_DESCRIPTION)]
Note = Annotated[str | None, Field(max_length=state.MAX_NOTE)]
DedupKey = Annotated[str | None, Field(min_length=1, max_length=state.MAX_DEDUP_KEY)]


class Nothing(Body):
    """No field."""


class Opening(Body):
    """A new incident. `ownerId` or `ownerScheduleId` is needed."""

    model_config = example(
        title="DB pool exhausted",
        severity="critical",
        ownerId=bodies.SOMEBODY,
        escalationPolicyId=bodies.ANOTHER,
        dedupKey="db-pool",
    )

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

    model_config = example(targetUserId=bodies.SOMEBODY, note="It is the replica, not the pool.")

    target_user_id: str
    note: Note = None


class Resolving(Body):
    """How it ended."""

    resolution_note: Note = None


class ChangingStatus(Body):
    """One step forward."""

    model_config = example(status="identified")

    status: Status
    resolution_note: Note = None


class Filters(BaseModel):
    """What a list is narrowed to."""

    model_config = ConfigDict(populate_by_name=True)

    status: state.Status | None = None
    severity: state.Severity | None = None
    owner_id: str | None = Field(None, alias="ownerId")
    escalation_state: state.State | None = Field(None, alias="escalationState")
    since: bodies.Instant | None = Field(None, alias="from", description="Opened at or after this instant.")
    until: bodies.Instant | None = Field(None, alias="to", description="Opened before this instant.")
    words: Annotated[str | None, Field(max_length=MAX_WORDS)] = Field(None, alias="q", description="In the title.")
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = Field(None, description="`nextCursor` of the page before.")
