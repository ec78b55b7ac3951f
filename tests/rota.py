"""Schedules for the stories of `tests.world`: rotations of people, in the words of whoever sets them up."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from nightbell.actions import ids, incidents, overrides, policies, policy_drafts, schedules
from nightbell.core import editing, oncall, policy
from nightbell.core.incident import actor, state
from nightbell.data import clock, rows
from nightbell.data.models import Override
from nightbell.data.reads import on_call
from tests.world import Incident, Person, World


class Rota:
    """A schedule of the story."""

    def __init__(self, world: World, name: str = "Platform on-call", timezone: str = "UTC") -> None:
        self.world = world
        self.name = name
        self.timezone = timezone
        self.id = schedules.create(world.principal, schedules.Given(name, timezone))
        self.layers: list[UUID] = []
        self.people: dict[str, Person] = {}

    def layer(self, *people: Person, since: datetime | None = None, **more: Any) -> UUID:
        """People taking weekly turns, from now on unless said otherwise; the first is on call first.

        They change at the time of day at which they begin, so that a story is the same at any hour it is told.
        """
        self.people |= {person.name: person for person in people}
        begins = since or clock.now()
        at = begins.astimezone(ZoneInfo(self.timezone)).time().replace(second=0, microsecond=0)
        given = replace(editing.Draft(oncall.Kind.WEEKLY, at, begins, tuple(person.id for person in people)), **more)
        made = schedules.add_layer(self.world.principal, self.id, given)
        self.layers.append(made)
        return made

    def override(self, by: Person, hours: float = 8, layer: UUID | None = None, **later: float) -> UUID:
        """Somebody else from now, or later, for some hours."""
        start = clock.now() + timedelta(**later)
        given = overrides.Given(by.id, start, start + timedelta(hours=hours), layer)
        return overrides.create(self.world.principal, self.id, given)

    def overrides(self, by: Person, starts: Iterable[datetime], hours: float) -> None:
        """Somebody else from each of these instants on for some hours: many at once, and nobody is told."""
        Override.objects.bulk_create(
            Override(
                id=ids.new(),
                schedule_id=self.id,
                user_id=by.id,
                starts_at=start,
                ends_at=start + timedelta(hours=hours),
                created_by=rows.actor_values(actor.SYSTEM),
            )
            for start in starts
        )

    def on_call(self, **later: float) -> list[str]:
        """The names of those on call now, or later, one a layer."""
        found = on_call.resolve(self.world.principal, self.id, clock.now() + timedelta(**later))
        assert found is not None
        return [each.name for each in found.current]

    def policy(self, *then: tuple[Person, int], minutes: int = 5) -> UUID:
        """A policy that pages this schedule first, and then these people."""
        layers = [policy_drafts.LayerDraft(policy.Schedule(self.id), minutes)]
        layers += [policy_drafts.LayerDraft(policy.Users((person.id,)), each) for person, each in then]
        given = policy_drafts.Draft(f"{self.name} first", layers=tuple(layers))
        return policies.create(self.world.principal, given).id

    def opens(self, owner: Person | None = None, **more: Any) -> Incident:
        """A program opens an incident for whoever is on call."""
        given = incidents.Opening("DB pool exhausted", state.Severity.CRITICAL, owner.id if owner else None, **more)
        view, _ = incidents.open_by_schedule(self.world.principal, given, self.id, owner_named=owner is not None)
        self.world.settles()
        return self.world.of(view)
