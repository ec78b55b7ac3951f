"""The decision table as data, first part: the clock, unreachable groups and *escalate now*."""

from dataclasses import replace

from nightbell.core import errors
from nightbell.core.incident import commands, events
from tests.core.builders import ANA, BO, CY, EVE, acknowledged, by, closed, exhausted, opened, paging, users
from tests.core.rows import (
    ACKED,
    BARE,
    DUE,
    FALLBACK,
    LAYER_2,
    NO_LAYERS,
    ROSTER,
    SECOND,
    Cause,
    Reason,
    Row,
    State,
    clock,
    fallback_paged,
    fallback_queued,
    queued,
    second_paged,
    second_queued,
    timed_out,
)

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
