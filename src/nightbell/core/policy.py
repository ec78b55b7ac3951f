"""An escalation policy as a frozen value: what an incident copies when it opens, and keeps."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

MAX_LAYERS = 50
MAX_USERS = 100
MAX_REPEAT_COUNT = 9
MAX_ACK_TIMEOUT_MINUTES = 10_080


@dataclass(frozen=True, slots=True)
class Users:
    """A target that is a list of members."""

    user_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A target that is whoever is on call on a schedule at the moment the layer is paged."""

    schedule_id: UUID


Target = Users | Schedule


@dataclass(frozen=True, slots=True)
class Layer:
    """Who is paged, and how long they have to answer."""

    target: Target
    ack_timeout: timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """Ordered layers, walked once and then `repeat_count` times more while nobody answers."""

    id: UUID
    name: str
    layers: tuple[Layer, ...]
    repeat_count: int = 0

    def ack_timeout(self, position: int) -> timedelta:
        """How long the layer at `position` has; before any layer was paged (0), as long as the first."""
        return self.layers[max(position, 1) - 1].ack_timeout
