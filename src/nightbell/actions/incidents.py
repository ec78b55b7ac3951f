"""What people and programs do to incidents: open, acknowledge, hand off, escalate, move on, resolve."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction as database

from nightbell.actions import holds, ids
from nightbell.core import oncall
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import commands, decide, events, state
from nightbell.data import clock, store, transaction, wake
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.claims import opening
from nightbell.data.reads import incidents, reach, rosters, schedules, workspaces

# How often an owner who leaves between being found and being locked is looked for anew.
RESOLUTIONS = 3


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new incident is made of. `owner_id` is None where what was given is nobody's id.

    `schedule_id` and `owner_because` say on the record how a schedule named the owner: `on_call` or `nobody_on_call`.
    """

    title: str
    severity: state.Severity
    owner_id: UUID | None
    description: str | None = None
    policy_id: UUID | None = None
    dedup_key: str | None = None
    schedule_id: UUID | None = None
    owner_because: str | None = None


@dataclass(frozen=True, slots=True)
class OnCall:
    """An owner that stands for whoever is on call on a schedule; None where what was given is no schedule's id."""

    schedule_id: UUID | None


@transaction.needing(Needs.MEMBERSHIP)
def open_for(principal: Principal, given: Opening, owner: UUID | OnCall | None) -> incidents.IncidentView:
    """Open an incident for somebody, or for whoever is on call. Raises Rejected as the two below do."""
    if isinstance(owner, OnCall):
        return open_by_schedule(principal, given, owner.schedule_id, owner_named=False)[0]
    return open_incident(principal, replace(given, owner_id=owner))[0]


@transaction.needing(Needs.MEMBERSHIP)
def open_by_schedule(
    principal: Principal, given: Opening, schedule_id: UUID | None, *, owner_named: bool
) -> tuple[incidents.IncidentView, bool]:
    """Open an incident for whoever is on call on a schedule now, with the policy that targets it.

    A named owner owns all the same, and a named policy beats the match. Where nobody is on call the heir owns.
    Raises Rejected: as `open_incident`, and `not_found` (the schedule).
    """
    matched = schedules.match(principal, schedule_id) if schedule_id else None
    if matched is None and (repeated := _open_already(principal, given)):
        return repeated, False
    if matched is None:
        raise Rejected(Code.NOT_FOUND, "There is no such schedule.", "owner_schedule_id")
    given = replace(given, schedule_id=matched.id, policy_id=given.policy_id or matched.policy_id)
    if owner_named:
        return open_incident(principal, given)
    return _open_for_on_call(principal, given, matched.id, RESOLUTIONS)


def _open_for_on_call(
    principal: Principal, given: Opening, schedule_id: UUID, tries: int
) -> tuple[incidents.IncidentView, bool]:
    try:
        return open_incident(principal, _owned(principal, given, schedule_id))
    except Rejected as refusal:
        if refusal.code is not Code.INVALID_OWNER or tries == 1:
            raise
        # Whoever was on call has been removed since: ask again.
        return _open_for_on_call(principal, given, schedule_id, tries - 1)


def _owned(principal: Principal, given: Opening, schedule_id: UUID) -> Opening:
    now = clock.now()
    schedule = schedules.load([schedule_id], now, now).get(schedule_id)
    owner_id = oncall.owner(schedule, now) if schedule else None
    if owner_id is not None:
        return replace(given, owner_id=owner_id, owner_because="on_call")
    heir = rosters.read([principal.organization_id], [])[principal.organization_id].heir
    return replace(given, owner_id=heir, owner_because="nobody_on_call")


@transaction.needing(Needs.MEMBERSHIP)
def open_incident(principal: Principal, given: Opening) -> tuple[incidents.IncidentView, bool]:
    """Open an incident; True where it is new, False where one with its dedup key is open already.

    One statement, and so one transaction of its own. Raises Rejected: `invalid_owner`, `not_found` (the policy).
    """
    incident_id = ids.new()
    state_, due_cause = decide.opened(has_policy=given.policy_id is not None)
    paged = state_ is state.State.NONE
    found = opening.open_incident(
        opening.New(
            id=incident_id,
            organization_id=principal.organization_id,
            owner_id=given.owner_id,
            policy_id=given.policy_id,
            title=given.title,
            description=given.description,
            severity=given.severity,
            dedup_key=given.dedup_key,
            by=principal.actor,
            state=state_,
            due_cause=due_cause,
            page_ids=tuple(ids.new() for _ in range(reach.most() if paged else 0)),
            copy_ids=tuple(ids.new() for _ in range(workspaces.most_copies())),
            entries=_opening_events(given, paged=paged),
        )
    )
    if found.number is None and (repeated := _open_already(principal, given)):
        # A repeat is one whatever has become since of whom and what it names.
        return repeated, False
    if not found.owner_found:
        raise Rejected(Code.INVALID_OWNER, "The owner is not an active member of the organization.", "owner_id")
    if not found.policy_found:
        raise Rejected(Code.NOT_FOUND, "There is no such escalation policy.", "escalation_policy_id")
    if found.number is None:
        # The one that won on the dedup key was resolved in between: there is room for a new one.
        return open_incident(principal, given)
    database.on_commit(wake.engines)
    return _as_opened(principal, given, incident_id, found), True


@transaction.action(Needs.MEMBERSHIP)
def acknowledge(principal: Principal, ref: UUID | int, on_behalf_of: UUID | None = None) -> incidents.IncidentView:
    """I am on it. A key may say so for a member. Raises Rejected: `not_found`, `invalid_target_user`."""
    member = None
    if on_behalf_of is not None:
        member = rosters.lock_member(principal.organization_id, on_behalf_of)
        if member is None:
            raise not_a_member("user_id")
    return _change(principal, ref, lambda _: commands.Acknowledge(principal.actor, member))


@transaction.action(Needs.MEMBERSHIP)
def hand_off(
    principal: Principal,
    ref: UUID | int,
    target_id: UUID | None,
    note: str | None = None,
    seen: commands.Seen | None = None,
) -> incidents.IncidentView:
    """Not me, her. `target_id` is None where what was given is nobody's id.

    Raises Rejected: `not_found`, `incident_resolved`, `invalid_target_user`, `stale_incident`, in that order.
    """
    target = rosters.lock_member(principal.organization_id, target_id) if target_id else None
    return _change(principal, ref, lambda _: commands.HandOff(principal.actor, target, note or None, seen))


@transaction.action(Needs.MEMBERSHIP)
def escalate(principal: Principal, ref: UUID | int, seen: commands.Seen | None = None) -> incidents.IncidentView:
    """Page the next layer now.

    Raises Rejected: `not_found`, `incident_resolved`, `nothing_to_escalate`, `stale_incident`, in that order.
    """

    def command(locked: store.Locked) -> commands.Escalate:
        people = rosters.read([locked.organization_id], [locked.incident])
        return commands.Escalate(principal.actor, people[locked.organization_id], seen)

    return _change(principal, ref, command)


@transaction.action(Needs.MEMBERSHIP)
def change_status(
    principal: Principal, ref: UUID | int, status: state.Status, note: str | None = None
) -> incidents.IncidentView:
    """One step forward. Raises Rejected: `not_found`, `incident_resolved`, `invalid_status_transition`."""
    return _change(principal, ref, lambda _: commands.ChangeStatus(principal.actor, status, note))


@transaction.action(Needs.MEMBERSHIP)
def resolve(principal: Principal, ref: UUID | int, note: str | None = None) -> incidents.IncidentView:
    """Every step that is left. Raises Rejected: `not_found`."""
    return _change(principal, ref, lambda _: commands.Resolve(principal.actor, note))


def not_a_member(field: str) -> Rejected:
    """The refusal of somebody who is no active member of the organization."""
    return Rejected(Code.INVALID_TARGET_USER, "That is not an active member of the organization.", field)


def _change(
    principal: Principal, ref: UUID | int, command: Callable[[store.Locked], commands.Command]
) -> incidents.IncidentView:
    """Lock, decide, write: the way of every change somebody makes."""
    locked = store.lock(principal.organization_id, ref)
    if locked is None:
        raise Rejected(Code.NOT_FOUND, "There is no such incident.")
    decision = decide.decide(locked.incident, command(locked), locked.now)
    decided = store.Decided(locked.organization_id, locked.incident, decision, principal.actor)
    return store.write_one(principal, decided, ids.stream(), locked.now)


def _as_opened(
    principal: Principal, given: Opening, incident_id: UUID, found: opening.Opening
) -> incidents.IncidentView:
    """The view of an incident opened just now, from what the statement wrote: reading it again would cost a trip."""
    assert given.owner_id is not None
    assert found.number is not None
    assert found.created_at is not None
    owner = incidents.Person(given.owner_id, found.owner_name or "")
    state_, due_cause = decide.opened(has_policy=given.policy_id is not None)
    queued = tuple(incidents.Reached(channel, "queued", found.created_at, None) for channel in found.paged)
    return incidents.IncidentView(
        incident=state.Incident(
            id=incident_id,
            owner_id=given.owner_id,
            status=state.Status.INVESTIGATING,
            state=state_,
            policy=found.policy,
            due_at=found.created_at if due_cause else None,
            due_cause=due_cause,
        ),
        organization_id=principal.organization_id,
        number=found.number,
        title=given.title,
        description=given.description,
        severity=given.severity,
        created_by=principal.actor,
        created_at=found.created_at,
        updated_at=found.created_at,
        owner=owner,
        notified=(incidents.Notified(owner, "owner", found.created_at, queued),) if state_ is state.State.NONE else (),
    )


def _open_already(principal: Principal, given: Opening) -> incidents.IncidentView | None:
    """The incident that is open with this dedup key; None where there is none."""
    winner = opening.open_with(principal.organization_id, given.dedup_key) if given.dedup_key else None
    if winner is None:
        return None
    view = incidents.one(principal, winner)
    assert view is not None
    if view.incident.held:
        holds.repeat(principal, winner)
        view = incidents.one(principal, winner)
        assert view is not None
    return view


def _opening_events(given: Opening, *, paged: bool) -> tuple[tuple[UUID, events.Event], ...]:
    if given.owner_id is None:
        return ()  # and nothing is written
    opened = events.IncidentOpened(
        given.title,
        given.severity,
        given.owner_id,
        given.policy_id,
        given.dedup_key,
        given.schedule_id,
        given.owner_because,
    )
    told: tuple[events.Event, ...] = (opened, events.OwnerPaged(given.owner_id)) if paged else (opened,)
    return tuple((ids.new(), event) for event in told)
