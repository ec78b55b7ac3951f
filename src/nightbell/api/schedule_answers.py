"""What is answered about schedules, for the reference: the shapes that `schedule_rendering` makes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from nightbell.api.answers import Actor, Person, Shape
from nightbell.core import oncall

RotationType = Annotated[str, Field(json_schema_extra={"enum": [kind.value for kind in oncall.Kind]})]


class Rotation(Shape):
    """A rotation layer, as it was written; position 0 bears ownership."""

    id: UUID
    name: str
    position: int
    rotation_type: RotationType
    rotation_length_days: int
    handoff_time: str
    effective_from: datetime
    effective_until: datetime | None
    participant_ids: list[UUID]


class ScheduleRow(Shape):
    """A schedule in a list."""

    id: UUID
    name: str
    description: str | None
    timezone: str
    created_at: datetime
    updated_at: datetime


class Schedule(ScheduleRow):
    """A schedule."""

    layers: list[Rotation]


class Schedules(Shape):
    """Every schedule, by name."""

    schedules: list[ScheduleRow]


class OverrideRow(Shape):
    """Somebody else for a while; without a layer, in the whole schedule."""

    id: UUID
    schedule_id: UUID
    layer_id: UUID | None
    user_id: UUID
    user_name: str
    starts_at: datetime
    ends_at: datetime
    created_by: Actor
    created_at: datetime


class Overrides(Shape):
    """Overrides, the earliest first."""

    overrides: list[OverrideRow]


class OnCall(Person):
    """Somebody on call, with the layer and the override that put them there, and until when without a change."""

    layer_id: UUID | None
    position: int
    override_id: UUID | None
    until: datetime


class Resolved(Shape):
    """Who is on call: one a layer; whom a page reaches, each once; and who would own an incident."""

    at: datetime
    owner: OnCall | None
    paging_targets: list[OnCall]
    current_on_call: list[OnCall]


class Shift(Shape):
    """A stretch of one line; in a gap there is nobody."""

    starts_at: datetime
    ends_at: datetime
    person: Person | None
    position: int | None
    layer_id: UUID | None
    override_id: UUID | None


class Line(Shape):
    """A layer's line; `layerId` is null where overrides have position 0 to themselves."""

    position: int
    layer_id: UUID | None
    shifts: list[Shift]


class Gap(Shape):
    """A stretch in which nobody is on call."""

    starts_at: datetime
    ends_at: datetime


class Timeline(Shape):
    """Who is on call when: each layer's line, and `final`, the one that counts for ownership."""

    starts_at: datetime
    ends_at: datetime
    timezone: str
    layers: list[Line]
    overrides: list[OverrideRow]
    final: list[Shift]
    gaps: list[Gap]


class ShiftChange(Shape):
    """A stretch of a layer that changes hands; null is nobody."""

    starts_at: datetime
    ends_at: datetime
    position: int
    loses: Person | None
    gains: Person | None


class Preview(Shape):
    """What an edit would do in the next 28 days."""

    changes: list[ShiftChange]


class CalendarToken(Shape):
    """Shown once; the address is that of one's own feed."""

    token: str
    url: str
