"""The decision table as data, first part: the clock, unreachable groups and *escalate now*."""

from dataclasses import replace

from nightbell.core import errors, policy
from nightbell.core.incident import commands, effects, events
from tests.core.builders import (
    ANA,
    BO,
    CY,
    DI,
    EVE,
    GHOST,
    LAYERS,
    NIGHTS,
    acknowledged,
    by,
    closed,
    exhausted,
    layer,
    opened,
    paging,
    people,
    users,
    walk,
)
from tests.core.rows import (
    ACKED,
    BARE,
    DUE,
    FALLBACK,
    LAYER_2,
    NO_LAYERS,
    NOBODY,
    ROSTER,
    SECOND,
    Cause,
    Reason,
    Row,
    State,
    by_turn,
    clock,
    fallback_paged,
    fallback_queued,
    queued,
    second_paged,
    second_queued,
    timed_out,
)

NIGHT_SHIFT = policy.Schedule(NIGHTS)
ROTA = replace(LAYERS, layers=(layer(NIGHT_SHIFT, 5), layer(users(EVE), 10)))
ON_CALL = tuple(by_turn(member, position) for position, member in enumerate((CY, GHOST, CY, DI)))
FIRED = commands.DeadlinePassed(ROSTER)
DEADLINE = [
    Row(
        "deadline passed, paging, first firing: layer 1 without an escalation_timed_out",
        opened(),
        FIRED,
        {"position": 1, **clock(5), "notified": frozenset({ANA.id})},
        (events.LayerPaged(1, 1, users(ANA), (ANA.id,), (), 0),),
        queued((ANA, Reason.LAYER), target=users(ANA), cause=Cause.OPENED),
    ),
    Row(
        "deadline passed, paging, due: the next layer, a full timeout, how late it is",
        DUE,
        FIRED,
        {**SECOND, **clock(10)},
        (timed_out(Cause.TIMEOUT, 1), second_paged(60)),
        second_queued(Cause.TIMEOUT, 60),
    ),
    Row(
        "deadline passed, paging, due this very instant",
        paging(due=0),
        FIRED,
        {**SECOND, **clock(10)},
        (timed_out(Cause.TIMEOUT, 1), second_paged()),
        second_queued(Cause.TIMEOUT),
    ),
    Row("deadline passed, paging, not due: nothing", paging(due=1), FIRED),
    Row(
        "deadline passed, paging: the relieved are passed over, and the record says so",
        replace(paging(due=0), relieved=frozenset({CY.id, EVE.id})),
        FIRED,
        {"position": 2, **clock(10), "notified": frozenset({ANA.id, BO.id})},
        (timed_out(Cause.TIMEOUT, 1), events.LayerPaged(2, 1, LAYER_2, (BO.id,), (CY.id,), 0)),
        queued((BO, Reason.LAYER), target=LAYER_2, cause=Cause.TIMEOUT),
    ),
    Row(
        "deadline passed, paging: the relieved are paged where nobody else is named, and the owner on top",
        replace(opened(walk(((CY,), 5), ((DI,), 10)), owner=BO), relieved=frozenset({CY.id})),
        FIRED,
        {"position": 1, **clock(5), "notified": frozenset({CY.id, BO.id})},
        (events.LayerPaged(1, 1, users(CY), (CY.id,), (), 0), events.OwnerPaged(BO.id)),
        queued((CY, Reason.LAYER), (BO, Reason.OWNER), target=users(CY), cause=Cause.OPENED),
    ),
    Row(
        "deadline passed, paging, a schedule: who is on call and why, by the lowest of a person's layers; the owner",
        opened(ROTA),
        commands.DeadlinePassed(people(on_call={NIGHTS: (CY, GHOST, CY, DI)})),
        {"position": 1, **clock(5), "notified": frozenset({CY.id, DI.id, ANA.id})},
        (
            events.LayerPaged(1, 1, NIGHT_SHIFT, (CY.id, DI.id), (), 0, ON_CALL),
            events.OwnerPaged(ANA.id),
        ),
        (
            effects.QueuePages(CY, Reason.LAYER, effects.Why(NIGHT_SHIFT, Cause.OPENED, duty=by_turn(CY, 0))),
            effects.QueuePages(DI, Reason.LAYER, effects.Why(NIGHT_SHIFT, Cause.OPENED, duty=by_turn(DI, 3))),
            effects.QueuePages(ANA, Reason.OWNER, effects.Why(NIGHT_SHIFT, Cause.OPENED)),
        ),
    ),
    Row(
        "deadline passed, paging, last layers stand for nobody: exhausted at the last of them",
        paging(walk(((ANA,), 5), ((GHOST,), 10), ((), 15)), due=0),
        FIRED,
        {**FALLBACK, "position": 3},
        (
            timed_out(Cause.TIMEOUT, 1),
            events.LayerSkipped(2, 1, users(GHOST), "no active member"),
            events.LayerSkipped(3, 1, users(), "no active member"),
            *fallback_paged(),
        ),
        fallback_queued(Cause.TIMEOUT),
    ),
    Row(
        "deadline passed, paging, no layer stands for anybody: exhausted before the first",
        opened(NOBODY),
        FIRED,
        FALLBACK,
        (
            events.LayerSkipped(1, 1, users(GHOST), "no active member"),
            events.LayerSkipped(2, 1, users(GHOST), "no active member"),
            *fallback_paged(),
        ),
        fallback_queued(Cause.OPENED),
    ),
    Row(
        "deadline passed, paging, last layer: exhausted, fallback and owner paged",
        paging(position=3, due=0),
        FIRED,
        FALLBACK,
        (timed_out(Cause.TIMEOUT, 3), *fallback_paged()),
        fallback_queued(Cause.TIMEOUT),
    ),
    Row(
        "deadline passed, paging, a policy without layers: exhausted at the first firing",
        opened(NO_LAYERS),
        FIRED,
        FALLBACK,
        fallback_paged(),
        fallback_queued(Cause.OPENED),
    ),
    Row("deadline passed, acknowledged: nothing", ACKED, FIRED),
    Row("deadline passed, exhausted: nothing", exhausted(), FIRED),
    Row("deadline passed, none: nothing", BARE, FIRED),
    Row("deadline passed, closed: nothing", closed(), FIRED),
]

FAILED = commands.GroupFailed(ROSTER)
GROUP = [
    Row("group failed, paging: the clock is now, cause unreachable", paging(), FAILED, clock(0, Cause.UNREACHABLE)),
    Row("group failed, acknowledged: nothing", ACKED, FAILED),
    Row("group failed, exhausted: nothing", exhausted(), FAILED),
    Row(
        "group failed, none: exhausted, fallback",
        BARE,
        FAILED,
        FALLBACK,
        (timed_out(Cause.UNREACHABLE, 0), *fallback_paged()),
        fallback_queued(Cause.UNREACHABLE),
    ),
    Row("group failed, closed: nothing", closed(), FAILED),
]


NOW_PLEASE = commands.Escalate(by(EVE), ROSTER)
NOTHING = errors.Code.NOTHING_TO_ESCALATE
ESCALATE = [
    Row(
        "escalate now, paging",
        paging(),
        NOW_PLEASE,
        {**SECOND, **clock(10)},
        (timed_out(Cause.ESCALATED, 1), second_paged()),
        second_queued(Cause.ESCALATED),
    ),
    Row(
        "escalate now, paging, a policy without layers",
        opened(NO_LAYERS),
        NOW_PLEASE,
        FALLBACK,
        (timed_out(Cause.ESCALATED, 0), *fallback_paged()),
        fallback_queued(Cause.ESCALATED),
    ),
    Row(
        "escalate now, acknowledged: the acknowledgement is cleared",
        ACKED,
        NOW_PLEASE,
        {"state": State.PAGING, **SECOND, **clock(10), "acknowledged_by": None, "acknowledged_at": None},
        (timed_out(Cause.ESCALATED, 1, by(BO)), second_paged()),
        second_queued(Cause.ESCALATED),
    ),
    Row(
        "escalate now, acknowledged on the last layer: exhausted, the acknowledgement is cleared",
        acknowledged(by(BO), paging(position=3)),
        NOW_PLEASE,
        {**FALLBACK, "acknowledged_by": None, "acknowledged_at": None},
        (timed_out(Cause.ESCALATED, 3, by(BO)), *fallback_paged()),
        fallback_queued(Cause.ESCALATED),
    ),
    Row("escalate now, acknowledged, no policy", acknowledged(by(BO), BARE), NOW_PLEASE, refused=NOTHING),
    Row("escalate now, acknowledged, no layers", acknowledged(by(BO), opened(NO_LAYERS)), NOW_PLEASE, refused=NOTHING),
    Row("escalate now, exhausted", exhausted(), NOW_PLEASE, refused=NOTHING),
    Row("escalate now, none", BARE, NOW_PLEASE, refused=NOTHING),
    Row("escalate now, closed", closed(), NOW_PLEASE, refused=errors.Code.INCIDENT_RESOLVED),
    *(
        Row(
            f"escalate now, from a form with a stale {word}",
            paging(),
            commands.Escalate(by(EVE), ROSTER, seen),
            refused=errors.Code.STALE_INCIDENT,
        )
        for word, seen in {
            "epoch": commands.Seen(2, 1, 1),
            "round": commands.Seen(3, 2, 1),
            "layer": commands.Seen(3, 1, 0),
        }.items()
    ),
    Row(
        "escalate now, from a form that shows what is",
        paging(),
        commands.Escalate(by(EVE), ROSTER, commands.Seen(3, 1, 1)),
        {**SECOND, **clock(10)},
        (timed_out(Cause.ESCALATED, 1), second_paged()),
        second_queued(Cause.ESCALATED),
    ),
]
