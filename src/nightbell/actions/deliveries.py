"""What senders do to messages: lease them, look once more, settle what became of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from nightbell.actions import ids, links
from nightbell.core import delivery, message, notice
from nightbell.core.incident import actor, commands, decide
from nightbell.core.links import AcknowledgeGrant
from nightbell.data import rows, store, transaction
from nightbell.data.claims import messages
from nightbell.data.reads import pages, rosters

_SYSTEM = rows.actor_values(actor.SYSTEM)


def claim(channel: str, limit: int) -> list[messages.Lease]:
    """Lease what is due on a channel, pages before notices. One statement, and so one transaction, a table."""
    leases: list[messages.Lease] = []
    for table in messages.TABLES:
        if len(leases) < limit:
            leases += messages.claim(table, channel, limit - len(leases))
    return leases


def seconds_to_next(channel: str) -> float | None:
    """How long until a message of this channel is due; zero or less where one is, None where none is on its way."""
    return messages.seconds_to_next(channel)


def look(lease: messages.Lease) -> tuple[delivery.Page | delivery.Notice, datetime] | None:
    """The message as it is to be sent, and the instant of this look; None where it is not for us to send.

    That is so where it is no longer wanted, and is settled here, and where the lease was lost to somebody else.
    """
    return _look_at_page(lease) if lease.table == "page" else _look_at_notice(lease)


def settle(lease: messages.Lease, outcome: delivery.Outcome, backoff: Sequence[timedelta], looked_at: datetime) -> None:
    """Write what became of an attempt: sent, again at, or failed for good, which may leave nobody to wait for."""
    settlement = delivery.settle(outcome, lease.attempts, backoff, looked_at)
    match settlement.state:
        case delivery.State.SENT:
            _write(lease, settlement, "page_sent")
        case delivery.State.FAILED if lease.table == "page":
            _lose(lease, settlement, "page_failed")
        case _:
            _write(lease, settlement, None)


def release(leases: Sequence[messages.Lease]) -> None:
    """Give leases back: untried ones, and those whose attempt ends with this process."""
    for table in messages.TABLES:
        messages.release(table, [lease for lease in leases if lease.table == table])


def _look_at_page(lease: messages.Lease) -> tuple[delivery.Page, datetime] | None:
    seen = pages.look(lease.id, lease.attempts)
    if not seen.held:
        # We were away for longer than the lease: whoever has it now sends it, or has sent it.
        return None
    if not seen.recipient_is_member:
        # Nobody can answer this page any more: that is a failure of the group's, not only of the page's.
        _lose(lease, _cancelled(seen.reason_not_wanted), None)
        return None
    if not seen.wanted:
        _write(lease, _cancelled(seen.reason_not_wanted), None)
        return None
    facts = message.Facts(
        **seen.facts,
        next_step=pages.next_step(seen),
        acknowledge_url=links.acknowledge_url(AcknowledgeGrant(seen.incident.id, seen.user_id)),
        view_url=links.incident_url(seen.facts["number"]),
    )
    return delivery.Page(lease.id, seen.address, facts), seen.now


def _look_at_notice(lease: messages.Lease) -> tuple[delivery.Notice, datetime] | None:
    seen = pages.look_at_notice(lease.id, lease.attempts)
    if not seen.held:
        return None
    if not seen.recipient_is_member:
        _write(lease, _cancelled("recipient_left"), None)
        return None
    subject, body = notice.say(_told(seen))
    return delivery.Notice(lease.id, seen.address, subject, body), seen.now


def _told(seen: pages.NoticeLook) -> notice.Told:
    data = seen.data
    if seen.kind is notice.Kind.COVERAGE_GAPS:
        gaps = tuple(
            (name, datetime.fromisoformat(start), datetime.fromisoformat(end)) for name, start, end in data["gaps"]
        )
        return notice.Uncovered(gaps, seen.timezone, links.schedules_url())
    by = data["by"]["name"]
    if seen.kind in (notice.Kind.SHIFT_LOST, notice.Kind.SHIFT_TAKEN):
        start, end = datetime.fromisoformat(data["startsAt"]), datetime.fromisoformat(data["endsAt"])
        url = links.schedule_url(UUID(data["scheduleId"]))
        return notice.ShiftMoved(seen.kind, data["schedule"], by, start, end, seen.timezone, url)
    assert seen.number is not None
    assert seen.title is not None
    assert seen.new_owner is not None
    return notice.TookOver(seen.kind, seen.number, seen.title, by, seen.new_owner, links.incident_url(seen.number))


def _cancelled(reason: str) -> delivery.Settlement:
    return delivery.Settlement(delivery.State.CANCELLED, error=reason)


def _write(lease: messages.Lease, settlement: delivery.Settlement, kind: str | None) -> bool:
    """One statement, and so one transaction, that locks only the message."""
    return messages.settle(lease, settlement, kind=kind, audit_id=ids.new(), actor=_SYSTEM)


@transaction.action
def _lose(lease: messages.Lease, settlement: delivery.Settlement, kind: str | None) -> None:
    """A page nobody will answer. Locks the incident first, as everybody does: its group may have failed with it."""
    organization_id, incident_id = messages.incident_of(lease.id)
    locked = store.lock(organization_id, incident_id)
    if locked is None or not _write(lease, settlement, kind) or not store.group_failed(incident_id):
        return
    people = rosters.read([organization_id], [locked.incident])
    decision = decide.decide(locked.incident, commands.GroupFailed(people[organization_id]), locked.now)
    decided = store.Decided(organization_id, locked.incident, decision, actor.SYSTEM)
    store.write([decided], ids.stream(), locked.now)
