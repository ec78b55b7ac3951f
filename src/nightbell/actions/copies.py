"""What senders do to copies: look how their incident stands now, and settle what became of showing it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from nightbell.actions import deliveries, signed_links, workspaces
from nightbell.actions.deliveries import Looked
from nightbell.core import delivery, message
from nightbell.core.incident import state
from nightbell.data import clock, secrets, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.claims import messages, turns
from nightbell.data.reads import copies, incidents, pages

_TABLE: messages.Table = "incident_copy"


@transaction.needing(Needs.INSTALLATION)
def claim(_principal: Principal, channel: str, limit: int, whose: turns.Turns | None = None) -> list[messages.Lease]:
    """Lease the copies of a channel that are due."""
    return messages.claim(_TABLE, channel, limit, whose or turns.Turns())


def seconds_to_next(channel: str) -> float | None:
    """How long until a copy of this channel is due; zero or less where one is, None where none is on its way."""
    return messages.seconds_to_next(messages.COPIES, channel)


@transaction.needing(Needs.INSTALLATION)
def bring_forward(
    _principal: Principal, channel: str, shares: str | UUID | None, limit: int, spread: timedelta
) -> None:
    """Have what was tried in vain, and shares this fate, tried again within `spread`; None is all of the channel's."""
    messages.bring_forward(_TABLE, channel, shares, limit, spread)


def why_not(_lease: messages.Lease) -> None:
    """A copy that was looked at is always shown: whatever changed since makes it due again."""
    return


@transaction.needing(Needs.INSTALLATION)
def renew(_principal: Principal, lease: messages.Lease) -> None:
    """Hold a copy for another lease, while the provider thinks."""
    messages.renew(lease)


@transaction.needing(Needs.INSTALLATION)
def release(_principal: Principal, leases: Sequence[messages.Lease]) -> None:
    """Give leases back: untried ones, and those whose attempt ends with this process."""
    messages.release(_TABLE, leases)


@transaction.needing(Needs.INSTALLATION)
def look(_principal: Principal, lease: messages.Lease) -> tuple[delivery.Copy, Looked] | None:
    """The copy as it is to be shown, and this look; None where there is nothing to do, or not for us.

    That is so where it shows the newest state already, where nothing can be shown any more, and where the lease was
    lost.
    """
    seen = copies.look(lease.id, lease.attempts)
    if not seen.held:
        return None
    view = incidents.of_organization(seen.organization_id, seen.incident_id)
    if seen.message_id and seen.shown == view.updated_at:
        _write(lease, delivery.Settlement(delivery.State.SENT))
        return None
    page = pages.look(seen.page_id, 0) if seen.page_id else None
    if reason := _not_wanted(lease, seen, view, page):
        _write(lease, delivery.Settlement(delivery.State.CANCELLED, error=reason))
        return None
    assert seen.token is not None
    try:
        credential = secrets.decrypt(seen.token)
    except secrets.Unreadable as error:
        _write(lease, deliveries.again(str(error), lease, seen.now))
        return None
    facts = deliveries.page_facts(page) if page else None
    return _shown(lease, seen, view, facts, credential), Looked(seen.now, seen.organization_id, as_of=view.updated_at)


@transaction.needing(Needs.INSTALLATION)
def settle(
    _principal: Principal,
    lease: messages.Lease,
    outcome: delivery.Outcome,
    backoff: Sequence[timedelta],
    looked: Looked,
) -> delivery.Outcome:
    """Write what became of an attempt: what is shown now and where, or when to try again."""
    # Read now: the attempt took its time, and the clock may have been set meanwhile.
    now = clock.now()
    settlement = delivery.settle(outcome, lease.tries, backoff, now)
    channel_id, _, message_id = (settlement.provider_id or "").partition("/")
    if settlement.state is delivery.State.SENT and channel_id and not message_id:
        # The incident's own channel has been made, and is known from here on; what it shows is the next attempt's.
        settlement = replace(settlement, state=delivery.State.QUEUED, due_at=now)
    as_of = looked.as_of if settlement.state is delivery.State.SENT else None
    messages.settle_copy(lease, settlement, place=(channel_id or None, message_id or None), shown=as_of)
    if isinstance(outcome, delivery.Refused) and outcome.access_lost and looked.organization_id is not None:
        principal = Principal.system(looked.organization_id)
        workspaces.lose(principal, lease.channel, outcome.error, looked.at)
    return outcome


def _not_wanted(
    lease: messages.Lease, seen: copies.CopyLook, view: incidents.IncidentView, page: pages.Look | None
) -> str:
    """Why there is nothing to show; empty where there is."""
    if seen.token is None:
        return deliveries.not_connected(lease.channel)
    if page is not None and not page.recipient_is_member:
        return "recipient_left"
    if seen.place is delivery.Place.INCIDENT and not seen.message_id and view.incident.state is state.State.CLOSED:
        return "resolved before it had a channel"
    return ""


def _shown(
    lease: messages.Lease,
    seen: copies.CopyLook,
    view: incidents.IncidentView,
    facts: message.Facts | None,
    credential: str,
) -> delivery.Copy:
    assert seen.team_id is not None
    in_channel = seen.place is delivery.Place.INCIDENT
    return delivery.Copy(
        id=lease.id,
        place=seen.place,
        address=f"{seen.team_id}/{seen.channel_id or ''}",
        message_id=seen.message_id,
        standing=copies.of(incidents.foreseen(view), seen.organization, signed_links.incident_url(view.number)),
        facts=facts,
        people=copies.addresses(view, lease.channel) if in_channel else (),
        archive=in_channel and seen.archive and view.incident.state is state.State.CLOSED,
        credential=credential,
    )


def _write(lease: messages.Lease, settlement: delivery.Settlement) -> None:
    messages.settle_copy(lease, settlement, place=(None, None), shown=None)
