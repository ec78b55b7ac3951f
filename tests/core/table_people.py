"""The decision table as data, second part: people who acknowledge and hand off."""

from dataclasses import replace

from nightbell.core import errors, notice, roster
from nightbell.core.incident import actor, commands, effects, events, state
from tests.core.builders import ANA, BO, CY, EVE, KEY, NOW, acknowledged, by, closed, exhausted, opened, paging
from tests.core.rows import ACKED, BARE, NO_LAYERS, STOPPED, Row, State, clock, handed


def acknowledges(given: state.Incident, who: actor.Actor, *, paged: bool) -> Row:
    return Row(
        f"acknowledge, {given.state}: by {who.name}",
        given,
        commands.Acknowledge(who),
        {
            "state": State.ACKNOWLEDGED,
            **STOPPED,
            "acknowledged_by": who,
            "acknowledged_at": NOW,
            "epoch": given.epoch + 1,
        },
        (events.IncidentAcknowledged(who, paged),),
        (
            effects.CancelPages("acknowledged"),
            *(effects.Notify(each, notice.Kind.ACKNOWLEDGED, who) for each in given.notified - {who.user_id}),
        ),
    )


EVE_BY_KEY = actor.Actor(actor.Type.USER, EVE.id, "Eve", actor.Via.API)
ACKNOWLEDGE = [
    acknowledges(paging(), by(ANA), paged=True),
    acknowledges(paging(), by(EVE), paged=False),
    acknowledges(paging(), KEY, paged=False),
    replace(
        acknowledges(paging(), EVE_BY_KEY, paged=False),
        name="acknowledge, paging: by a key, for Eve",
        command=commands.Acknowledge(KEY, EVE),
    ),
    acknowledges(exhausted(), by(BO), paged=False),
    acknowledges(BARE, by(ANA), paged=True),
    Row("acknowledge, acknowledged: the first acknowledger stays", ACKED, commands.Acknowledge(by(CY))),
    Row("acknowledge, closed: nothing, never reopens", closed(), commands.Acknowledge(by(CY))),
]


def hands(given: state.Incident, due: float | None, *told: tuple[roster.Member, notice.Kind]) -> Row:
    """Cy gives it to Eve."""
    return Row(
        f"hand off, {given.state}",
        given,
        commands.HandOff(by(CY), EVE, "my train leaves"),
        {
            "owner_id": EVE.id,
            "state": State.NONE if due is None else State.PAGING,
            **(STOPPED if due is None else clock(due)),
            "epoch": given.epoch + 1,
            "handed_off_epoch": given.epoch + 1,
            "acknowledged_by": None,
            "acknowledged_at": None,
            "relieved": frozenset({ANA.id, CY.id}),
            "notified": frozenset({EVE.id}),
        },
        (events.IncidentHandedOff(ANA.id, EVE.id, "my train leaves", given.acknowledged_by),),
        (
            *handed(EVE, by(CY), "my train leaves"),
            *(effects.Notify(member.id, kind, by(CY), EVE.id) for member, kind in told),
        ),
    )


OWNER_TOLD = (ANA, notice.Kind.OWNER_DISPLACED)
BO_TOLD = (BO, notice.Kind.ACKNOWLEDGER_DISPLACED)
OWNED_AND_ACKED = acknowledged(by(ANA))
HAND_OFF = [
    hands(paging(), 5, OWNER_TOLD),
    hands(paging(position=2), 10, OWNER_TOLD),
    replace(hands(opened(), 5, OWNER_TOLD), name="hand off, paging, before any layer was paged"),
    replace(hands(opened(NO_LAYERS), None, OWNER_TOLD), name="hand off, paging, a policy without layers"),
    hands(ACKED, 5, BO_TOLD, OWNER_TOLD),
    replace(hands(OWNED_AND_ACKED, 5, OWNER_TOLD), name="hand off, acknowledged by the owner: one notice"),
    hands(exhausted(), 15, OWNER_TOLD),
    hands(BARE, None, OWNER_TOLD),
    Row("hand off, closed", closed(), commands.HandOff(by(CY), EVE), refused=errors.Code.INCIDENT_RESOLVED),
    Row("hand off, closed, to nobody", closed(), commands.HandOff(by(CY), None), refused=errors.Code.INCIDENT_RESOLVED),
    *(
        Row(
            f"hand off, {given.state}, to nobody",
            given,
            commands.HandOff(by(CY), None, seen=commands.Seen(-1)),
            refused=errors.Code.INVALID_TARGET_USER,
        )
        for given in (paging(), ACKED, exhausted(), BARE)
    ),
    *(
        Row(
            f"hand off, {given.state}, from a stale form",
            given,
            commands.HandOff(by(CY), EVE, seen=commands.Seen(given.epoch - 1)),
            refused=errors.Code.STALE_INCIDENT,
        )
        for given in (paging(), ACKED, exhausted(), BARE)
    ),
    *(
        Row(
            f"hand off, {given.state}, to where it already is, even from a stale form",
            given,
            commands.HandOff(by(CY), ANA, seen=commands.Seen(-1)),
        )
        for given in (paging(), OWNED_AND_ACKED, BARE)
    ),
]
