"""A model organization and its one incident, kept in the simplest way that can be right: the only place that applies
what was decided to pages and people without the product's own storage.

It knows what the promises are about from the outside (who was paged, what was sent, who left, which fences were
raised), and never looks at how a decision is made.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from nightbell.core import oncall, policy, roster
from nightbell.core.incident import commands, decide, effects, state
from tests.core.builders import NOW, duties


class On(StrEnum):
    """Where a page is."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Page:
    """One message to one person over one channel, written after fence number `fence`, in go number `group`."""

    epoch: int
    round: int
    position: int
    reason: effects.Reason
    user: UUID
    channel: str
    fence: int
    group: int
    on: On = On.QUEUED

    @property
    def key(self) -> tuple[int, int, int, effects.Reason, UUID, str]:
        return self.epoch, self.round, self.position, self.reason, self.user, self.channel


@dataclass
class World:
    """Members in the order they joined, admins among them, and everything outside that happened to the incident."""

    members: list[roster.Member]
    admins: set[UUID]
    configured_fallback: tuple[UUID, ...]
    on_call: dict[UUID, tuple[UUID, ...]]
    incident: state.Incident
    now: datetime = NOW
    pages: list[Page] = field(default_factory=list)
    fences: int = 0
    groups: int = 0
    statuses: list[state.Status] = field(default_factory=lambda: [state.Status.INVESTIGATING])
    relieved: set[UUID] = field(default_factory=set)
    notified: set[UUID] = field(default_factory=set)
    rounds_begun: set[int] = field(default_factory=set)
    acknowledger: UUID | None = None
    due: datetime | None = None
    cause: state.Cause | None = None
    exhaustions: int = 0

    @property
    def active(self) -> set[UUID]:
        return {member.id for member in self.members}

    def people(self) -> roster.Roster:
        """Who can be reached now; the last resort is who is configured and active, else the admins."""
        admins = tuple(member.id for member in self.members if member.id in self.admins)
        configured = tuple(user for user in self.configured_fallback if user in self.active)
        return roster.Roster(
            members={member.id: member for member in self.members},
            heir=admins[0],
            fallback=configured or admins,
            on_call={schedule: duties(users) for schedule, users in self.on_call.items()},
        )

    def reachable(self, target: policy.Target) -> list[UUID]:
        """The active members a target names, as a person would read it from the policy and the rota."""
        named = target.user_ids if isinstance(target, policy.Users) else self.on_call.get(target.schedule_id, ())
        reached: list[UUID] = []
        for user in named:
            if user in self.active and user not in reached:
                reached.append(user)
        return reached

    def on_duty(self, target: policy.Target | None) -> tuple[oncall.Duty, ...]:
        """Whoever the rota has there, member or not, one entry a layer of the schedule."""
        return duties(self.on_call.get(target.schedule_id, ())) if isinstance(target, policy.Schedule) else ()

    def queued(self) -> list[Page]:
        return [page for page in self.pages if page.on is On.QUEUED]

    def wanted(self, page: Page) -> bool:
        """Whether a page may still start."""
        return (
            page.epoch == self.incident.epoch
            and self.incident.state in (state.State.PAGING, state.State.EXHAUSTED, state.State.NONE)
            and page.user in self.active
        )

    def newest_group_failed(self, *, without: UUID | None = None) -> bool:
        """Whether nobody in the newest group can still answer."""
        newest = [page for page in self.pages if page.group == self.groups]
        gone = (On.FAILED, On.CANCELLED)
        return bool(newest) and all(
            page.on in gone or page.user == without or page.user not in self.active for page in newest
        )

    def opens(self) -> None:
        """Without a policy the owner is paged at once; with one the clock does it."""
        self.due, self.cause = self.incident.due_at, self.incident.due_cause
        if self.incident.policy is None:
            owner = self.people().members[self.incident.owner_id]
            self.queue([effects.QueuePages(owner, effects.Reason.OWNER, effects.Why())])
            self.notified = {owner.id}

    def queue(self, wanted: list[effects.QueuePages]) -> None:
        """One row per person and channel, dated by the incident as it is now."""
        if not wanted:
            return
        self.groups += 1
        here = self.incident
        for order in wanted:
            self.pages += [
                Page(
                    here.epoch,
                    here.round,
                    here.position,
                    order.reason,
                    order.member.id,
                    channel,
                    self.fences,
                    self.groups,
                )
                for channel in order.member.channels
            ]

    def apply(self, decision: decide.Decision) -> None:
        """Write a decision down: the incident, then its effects in their order."""
        self.incident = decision.incident
        for effect in decision.effects:
            if isinstance(effect, effects.CancelPages):
                for page in self.queued():
                    if effect.user_id in (None, page.user):
                        page.on = On.CANCELLED
        self.queue([effect for effect in decision.effects if isinstance(effect, effects.QueuePages)])

    def take(self, page: Page) -> None:
        """The last look before a page starts."""
        page.on = On.SENDING if self.wanted(page) else On.CANCELLED

    def settle(self, page: Page, outcome: On) -> bool:
        """Write down what the provider said (queued: try again, if wanted); whether that failed the newest group."""
        if outcome is On.QUEUED and not self.wanted(page):
            outcome = On.CANCELLED
        page.on = outcome
        return outcome is On.FAILED and page.group == self.groups and self.newest_group_failed()

    def leaves(self, user: UUID) -> commands.MemberRemoved:
        """A member goes, and what happened is told to the incident."""
        failed = self.newest_group_failed(without=user)
        self.members = [member for member in self.members if member.id != user]
        self.admins.discard(user)
        return commands.MemberRemoved(user, self.people(), failed)

    def joins(self, member: roster.Member, *, admin: bool) -> None:
        """Somebody new, or back again; they stand last in line."""
        self.members.append(member)
        if admin:
            self.admins.add(member.id)
