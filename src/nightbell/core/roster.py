"""Who can be reached at one instant: an organization's active members, its heir, its last resort and who is on call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never
from uuid import UUID

from nightbell.core import oncall, policy


@dataclass(frozen=True, slots=True)
class Member:
    """An active member and the channels that reach them."""

    id: UUID
    name: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """The people of one organization, read once for a decision.

    `members` holds at least every active member that the decision could name; `fallback` is never empty, because there
    is always an active admin; `on_call` has, for each schedule, whoever is on call there now.
    """

    members: Mapping[UUID, Member]
    heir: UUID
    fallback: tuple[UUID, ...]
    on_call: Mapping[UUID, tuple[oncall.Duty, ...]] = field(default_factory=dict)

    def reach(self, target: policy.Target) -> tuple[Member, ...]:
        """The active members a target stands for, each once, in the target's order."""
        match target:
            case policy.Users(user_ids):
                return self.active(user_ids)
            case policy.Schedule():
                return self.active(tuple(duty.user_id for duty in self.duties(target)))
            case _:
                assert_never(target)

    def duties(self, target: policy.Target | None) -> tuple[oncall.Duty, ...]:
        """Who is on call on the target's schedule, and why; nothing for a target that is no schedule."""
        return self.on_call.get(target.schedule_id, ()) if isinstance(target, policy.Schedule) else ()

    def active(self, user_ids: tuple[UUID, ...]) -> tuple[Member, ...]:
        """The active members among `user_ids`, each once, in that order."""
        found = (self.members.get(user_id) for user_id in dict.fromkeys(user_ids))
        return tuple(member for member in found if member is not None)
