"""What the clock does: fire the deadlines that have passed."""

from datetime import timedelta
from uuid import UUID

from nightbell.actions import ids
from nightbell.core.incident import commands, decide
from nightbell.data import store, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.claims import due, stepped
from nightbell.data.reads import rosters

BATCH = 500
SET_ASIDE = timedelta(seconds=60)


@transaction.quiet_action(Needs.INSTALLATION)
def fire_due(principal: Principal, limit: int = BATCH) -> int:
    """Advance the longest overdue incidents, each by one step; how many there were."""
    return _fire(principal, due.claim(limit))


@transaction.quiet_action(Needs.INSTALLATION)
def fire_one(principal: Principal, incident_id: UUID) -> int:
    """Advance this incident alone, so that one that cannot be advanced stops no other."""
    return _fire(principal, due.claim_one(incident_id))


def due_now(limit: int = BATCH) -> list[UUID]:
    """The longest overdue incidents, for going through them one by one."""
    return due.due_ids(limit)


def seconds_to_next() -> float | None:
    """How long until a clock runs out; zero or less where one has, None where none runs."""
    return due.seconds_to_next()


@transaction.quiet_action(Needs.INSTALLATION)
def pull_back(_principal: Principal) -> dict[str, int]:
    """After the clock has stepped back: pull whatever is due to what it was set for; how much there was, by table."""
    return stepped.pull()


@transaction.quiet_action(Needs.INSTALLATION)
def set_aside(_principal: Principal, incident_id: UUID) -> None:
    """Look at an incident again only in a minute."""
    due.set_aside(incident_id, SET_ASIDE)


def _fire(principal: Principal, claimed: list[store.Locked]) -> int:
    """Decide each claimed incident and write all of it in the claim's own transaction: exactly once."""
    if not claimed:
        return 0
    people = rosters.read((each.organization_id for each in claimed), (each.incident for each in claimed))
    decided = [
        store.Decided(
            each.organization_id,
            each.incident,
            decide.decide(each.incident, commands.DeadlinePassed(people[each.organization_id]), each.now),
            principal.actor,
        )
        for each in claimed
    ]
    store.write(decided, ids.stream(), claimed[0].now)
    return len(claimed)
