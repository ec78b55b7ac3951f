"""The decision table as data, third part: status steps, resolving, and members who leave."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from nightbell.core import errors, roster
from nightbell.core.incident import actor, commands, effects, events, state
from tests.core.builders import (
    ANA,
    BO,
    CY,
    DI,
    EVE,
    HAL,
    NOW,
    acknowledged,
    by,
    closed,
    exhausted,
    paging,
)
from tests.core.rows import (
    ACKED,
    BARE,
    FALLBACK,
    LAYER_2,
    STOPPED,
    WITHOUT,
    Cause,
    Reason,
    Row,
    State,
    Status,
    clock,
    handed,
    queued,
    timed_out,
)

OPEN = (paging(), ACKED, exhausted(), BARE)
STEPS = (Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING, Status.RESOLVED)


def closes(given: state.Incident, command: commands.Command, note: str | None) -> Row:
    left = STEPS[STEPS.index(given.status) :]
    return Row(
        f"resolve, {given.state}, {given.status}",
        given,
        command,
        {"state": State.CLOSED, **STOPPED, "status": Status.RESOLVED, "resolved_at": NOW, "epoch": given.epoch + 1},
        tuple(
            events.StatusChanged(one, other, note if other is Status.RESOLVED else None)
            for one, other in pairwise(left)
        ),
        (effects.CancelPages("resolved"),),
    )


RESOLVE = [
    *(closes(given, commands.Resolve(by(EVE), "reverted"), "reverted") for given in OPEN),
    closes(replace(ACKED, status=Status.MONITORING), commands.Resolve(by(EVE), "reverted"), "reverted"),
    Row("resolve, closed: success, no change", closed(), commands.Resolve(by(EVE))),
]


def steps(given: state.Incident, to: Status, expected: Status | errors.Code) -> Row:
    name = f"status, {given.state}: {given.status} to {to}"
    command = commands.ChangeStatus(by(EVE), to, None)
    if isinstance(expected, errors.Code):
        return Row(name, given, command, refused=expected)
    return Row(name, given, command, {"status": to}, (events.StatusChanged(given.status, to, None),))


SKIPS = errors.Code.INVALID_STATUS_TRANSITION
CHANGE_STATUS = [
    *(
        row
        for given in OPEN
        for row in (
            steps(given, Status.INVESTIGATING, SKIPS),
            steps(given, Status.IDENTIFIED, Status.IDENTIFIED),
            steps(given, Status.MONITORING, SKIPS),
            steps(given, Status.RESOLVED, SKIPS),
            steps(replace(given, status=Status.IDENTIFIED), Status.INVESTIGATING, SKIPS),
            steps(replace(given, status=Status.IDENTIFIED), Status.MONITORING, Status.MONITORING),
            steps(replace(given, status=Status.IDENTIFIED), Status.RESOLVED, SKIPS),
            steps(replace(given, status=Status.MONITORING), Status.IDENTIFIED, SKIPS),
            replace(
                closes(
                    replace(given, status=Status.MONITORING),
                    commands.ChangeStatus(by(EVE), Status.RESOLVED, "fixed"),
                    "fixed",
                ),
                name=f"status, {given.state}: monitoring to resolved closes",
            ),
        )
    ),
    *(steps(closed(), to, errors.Code.INCIDENT_RESOLVED) for to in STEPS),
]


def leaves(member: roster.Member, *, group_failed: bool = False) -> commands.Command:
    return commands.MemberRemoved(member.id, WITHOUT[member], group_failed)


def dropped(member: roster.Member) -> tuple[effects.Effect, ...]:
    return (effects.CancelPages("member_removed", member.id),)


def taken_over(given: state.Incident, cleared: actor.Actor | None) -> tuple[events.Event, ...]:
    return (
        events.OwnerChanged(ANA.id, HAL.id, "member_removed"),
        events.IncidentHandedOff(ANA.id, HAL.id, None, cleared),
    )


HEIR_OWNS: dict[str, Any] = {"owner_id": HAL.id}
INHERITED = (events.OwnerChanged(ANA.id, HAL.id, "member_removed"),)
HANDED: dict[str, Any] = {"acknowledged_by": None, "acknowledged_at": None, "epoch": 4, "handed_off_epoch": 4}
OWNER_LEAVES = [
    Row(
        "owner removed, paging: the heir owns, the next layer is paged now and the heir with it",
        paging(),
        leaves(ANA),
        {**HEIR_OWNS, "position": 2, **clock(10), "notified": frozenset({ANA.id, BO.id, CY.id, HAL.id})},
        (
            *INHERITED,
            timed_out(Cause.REMOVED, 1),
            events.LayerPaged(2, 1, LAYER_2, (BO.id, CY.id), (), 0),
            events.OwnerPaged(HAL.id),
        ),
        (
            *dropped(ANA),
            *queued((BO, Reason.LAYER), (CY, Reason.LAYER), (HAL, Reason.OWNER), target=LAYER_2, cause=Cause.REMOVED),
        ),
    ),
    Row(
        "owner removed, paging, last layer: the heir owns, the fallback is paged",
        paging(position=3),
        leaves(ANA),
        {**FALLBACK, **HEIR_OWNS},
        (
            *INHERITED,
            timed_out(Cause.REMOVED, 3),
            events.EscalationExhausted(1),
            events.FallbackPaged((HAL.id,), ()),
        ),
        (*dropped(ANA), *queued((HAL, Reason.FALLBACK), target=None, cause=Cause.REMOVED)),
    ),
    Row(
        "owner removed, acknowledged by another: the heir owns", ACKED, leaves(ANA), HEIR_OWNS, INHERITED, dropped(ANA)
    ),
    Row(
        "owner removed, acknowledged by the owner: handed off by the system to the heir",
        acknowledged(by(ANA)),
        leaves(ANA),
        {
            **HEIR_OWNS,
            **HANDED,
            "state": State.PAGING,
            **clock(5),
            "relieved": frozenset({ANA.id}),
            "notified": frozenset({HAL.id}),
        },
        taken_over(acknowledged(by(ANA)), by(ANA)),
        handed(HAL, actor.SYSTEM),
    ),
    Row(
        "owner removed, acknowledged by another: an heir who was relieved no longer is",
        replace(ACKED, relieved=frozenset({HAL.id, DI.id})),
        leaves(ANA),
        {**HEIR_OWNS, "relieved": frozenset({DI.id})},
        INHERITED,
        dropped(ANA),
    ),
    Row("owner removed, exhausted: the heir owns", exhausted(), leaves(ANA), HEIR_OWNS, INHERITED, dropped(ANA)),
    Row(
        "owner removed, none: the heir owns, handed off by the system to the heir",
        BARE,
        leaves(ANA),
        {
            **HEIR_OWNS,
            **HANDED,
            "epoch": 1,
            "handed_off_epoch": 1,
            "relieved": frozenset({ANA.id}),
            "notified": frozenset({HAL.id}),
        },
        taken_over(BARE, None),
        handed(HAL, actor.SYSTEM),
    ),
    Row("owner removed, closed: nothing", closed(), leaves(ANA)),
]

OTHER_LEAVES = [
    Row("responder removed, paging, others can still answer", paging(position=2), leaves(BO), asked=dropped(BO)),
    Row(
        "responder removed, paging, nobody is left who can answer",
        paging(position=2),
        leaves(BO, group_failed=True),
        clock(0, Cause.UNREACHABLE),
        asked=dropped(BO),
    ),
    Row(
        "responder removed, acknowledged by them: handed off by the system to the owner",
        ACKED,
        leaves(BO),
        {**HANDED, "state": State.PAGING, **clock(5), "notified": frozenset({ANA.id})},
        (events.IncidentHandedOff(ANA.id, ANA.id, None, by(BO)),),
        handed(ANA, actor.SYSTEM),
    ),
    Row("responder removed, acknowledged by another", ACKED, leaves(CY), asked=dropped(CY)),
    Row(
        "responder removed, acknowledged by nobody's key",
        acknowledged(actor.Actor(actor.Type.API_KEY, BO.id, "ci")),
        leaves(BO),
        asked=dropped(BO),
    ),
    Row("responder removed, exhausted", exhausted(), leaves(BO, group_failed=True), asked=dropped(BO)),
    Row("responder removed, none: their pages are cancelled", BARE, leaves(BO, group_failed=True), asked=dropped(BO)),
    Row("responder removed, closed: nothing, though they had acknowledged", closed(), leaves(BO)),
]
