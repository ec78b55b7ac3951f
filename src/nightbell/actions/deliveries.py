"""What senders do to messages: lease them, look once more, settle what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from nightbell.actions import contacts, ids, refusals, signed_links, workspaces
from nightbell.channels import registry
from nightbell.core import about, delivery, message, notice
from nightbell.core.incident import actor, commands, decide, effects, events
from nightbell.core.link_grants import AcknowledgeGrant
from nightbell.data import clock, rows, secrets, store, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.claims import messages, turns
from nightbell.data.models import Account
from nightbell.data.reads import pages, reach, rosters

# How soon to look again for a way in, and for a key that opens what is kept of it.
NO_WAY_IN_FOR = timedelta(seconds=30)

_SYSTEM = rows.actor_values(actor.SYSTEM)
# What of an attempt goes on the record; nothing where it is tried again, or was withdrawn.
Settled = type[events.PageSent | events.PageFailed] | None


@dataclass(frozen=True, slots=True)
class Looked:
    """A last look: when it was, whose message it is, and as of when it shows the incident, where that is kept.

    `fallback`: it goes to the last resort.
    """

    at: datetime
    organization_id: UUID | None = None
    user_id: UUID | None = None
    as_of: datetime | None = None
    fallback: bool = False


@transaction.needing(Needs.INSTALLATION)
def claim(_principal: Principal, channel: str, limit: int, whose: turns.Turns | None = None) -> list[messages.Lease]:
    """Lease what is due on a channel, pages before notices. One statement, and so one transaction, a table."""
    return messages.claim_of(messages.MESSAGES, channel, limit, whose or turns.Turns())


def seconds_to_next(channel: str) -> float | None:
    """How long until a message of this channel is due; zero or less where one is, None where none is on its way."""
    return messages.seconds_to_next(messages.MESSAGES, channel)


@transaction.needing(Needs.INSTALLATION)
def look(principal: Principal, lease: messages.Lease) -> tuple[delivery.Page | delivery.Notice, Looked] | None:
    """The message as it is to be sent, and this look; None where it is not for us to send.

    That is so where it is no longer wanted, and is settled here, and where the lease was lost to somebody else.
    """
    return _look_at_page(principal, lease) if lease.table == "page" else _look_at_notice(lease)


@transaction.needing(Needs.INSTALLATION)
def bring_forward(
    _principal: Principal, channel: str, shares: str | UUID | None, limit: int, spread: timedelta
) -> None:
    """Have what was tried in vain, and shares this fate, tried again within `spread`; None is all of the channel's."""
    for table in messages.MESSAGES:
        messages.bring_forward(table, channel, shares, limit, spread)


@transaction.needing(Needs.INSTALLATION)
def settle(
    principal: Principal, lease: messages.Lease, outcome: delivery.Outcome, backoff: Sequence[timedelta], looked: Looked
) -> delivery.Outcome:
    """Write what became of an attempt: sent, again at, or failed for good, which may leave nobody to wait for.

    The outcome as it was judged: what the provider calls a refusal may be a fault of the installation.
    """
    judged = outcome
    if isinstance(outcome, delivery.Refused):
        judged = refusals.judge(principal, lease, outcome, backoff, fallback=looked.fallback)
    # Read now: the attempt took its time, and the clock may have been set meanwhile.
    now = looked.at if isinstance(judged, delivery.Accepted) else clock.now()
    settlement = delivery.settle(judged, lease.tries, backoff, now)
    if isinstance(outcome, delivery.Unavailable) and lease.table == "page":
        refusals.notice_fault(principal, lease, outcome)
    match settlement.state:
        case delivery.State.SENT:
            _write(lease, settlement, events.PageSent, looked.as_of)
        case delivery.State.FAILED if lease.table == "page":
            _lose(principal, lease, settlement, events.PageFailed)
        case delivery.State.CANCELLED if lease.table == "page":
            # Withdrawn at the last moment, perhaps because the recipient left: then nobody may be left to wait for.
            _lose(principal, lease, settlement, None)
        case _:
            _write(lease, settlement, None)
    if lease.table == "page":
        _learn(lease.channel, outcome if looked.fallback else judged, looked)
    return judged


def why_not(lease: messages.Lease) -> str | None:
    """Why a message that was looked at is wanted no longer; None where it still is."""
    return pages.why_not(lease.id) if lease.table == "page" else None


@transaction.needing(Needs.INSTALLATION)
def renew(_principal: Principal, lease: messages.Lease) -> None:
    """Hold a message for another lease, while the provider thinks."""
    messages.renew(lease)


@transaction.needing(Needs.INSTALLATION)
def release(_principal: Principal, leases: Sequence[messages.Lease]) -> None:
    """Give leases back: untried ones, and those whose attempt ends with this process."""
    for table in messages.MESSAGES:
        messages.release(table, [lease for lease in leases if lease.table == table])


def _look_at_page(principal: Principal, lease: messages.Lease) -> tuple[delivery.Page, Looked] | None:
    seen = pages.look(lease.id, lease.attempts)
    if not seen.held:
        # We were away for longer than the lease: whoever has it now sends it, or has sent it.
        return None
    if not seen.recipient_is_member:
        # Nobody can answer this page any more: that is a failure of the group's, not only of the page's.
        _lose(principal, lease, _cancelled(seen.reason_not_wanted), None)
        return None
    if not seen.wanted:
        _write(lease, _cancelled(seen.reason_not_wanted), None)
        return None
    where = _to_page(principal, lease, seen)
    if where is None:
        return None
    address, credential = where
    page = delivery.Page(lease.id, address, page_facts(seen), credential)
    return page, Looked(seen.now, seen.organization_id, seen.user_id, seen.as_of, _is_last_resort(seen))


def page_facts(seen: pages.Look) -> message.Facts:
    """Everything a page may say, with who is next and the links."""
    return message.facts(
        seen.known,
        pages.next_step(seen),
        signed_links.acknowledge_url(AcknowledgeGrant(seen.incident.id, seen.user_id, seen.now)),
        signed_links.incident_url(seen.known.number),
    )


def _to_page(principal: Principal, lease: messages.Lease, seen: pages.Look) -> tuple[str, str] | None:
    """Where a page goes and what lets us in; None where there is no way, settled here."""
    if seen.way is not None:
        return _let_in(lease, seen.way, seen.now)
    if _is_last_resort(seen):
        # Nobody comes after them: an admin may connect the channel again.
        _write(lease, again(not_connected(lease.channel), lease, seen.now), None)
    else:
        settlement = delivery.Settlement(delivery.State.FAILED, error=not_connected(lease.channel))
        _lose(principal, lease, settlement, events.PageFailed)
    return None


def _let_in(lease: messages.Lease, way: reach.Way, now: datetime) -> tuple[str, str] | None:
    """The address and what lets us in, as it is; None where no key opens that, which is settled here."""
    try:
        return way.address, secrets.decrypt(way.token) if way.token is not None else ""
    except secrets.Unreadable as error:
        _write(lease, again(str(error), lease, now), None)
        return None


def not_connected(channel: str) -> str:
    """Why nothing goes out over a channel that lets us in no more."""
    return f"{registry.find(channel).title} is not connected"


def _is_last_resort(seen: pages.Look) -> bool:
    return seen.known.reason is effects.Reason.FALLBACK


def again(error: str, lease: messages.Lease, now: datetime) -> delivery.Settlement:
    """What follows where there is no way in just now: the installation's fault, and so no reason to give up."""
    return delivery.settle(delivery.Unavailable(error), lease.tries, (NO_WAY_IN_FOR,), now)


def _learn(channel: str, outcome: delivery.Outcome, looked: Looked) -> None:
    """What an attempt tells of the contact and of the workspace; nothing where the channel has none."""
    match outcome:
        case delivery.Accepted(recipient=(team_id, address)):
            _remember(looked, team_id, address)
        case delivery.Refused(absent_from=str(team_id)):
            _remember(looked, team_id, None)
        case delivery.Refused(error, access_lost=True):
            workspaces.lose(_of(looked), channel, error, looked.at)
        case _:
            pass


def _remember(looked: Looked, team_id: str, address: str | None) -> None:
    assert looked.user_id is not None
    contacts.remember(_of(looked), looked.user_id, team_id, address)


def _of(looked: Looked) -> Principal:
    """Who is paged there has been looked at, as a whole."""
    assert looked.organization_id is not None
    return Principal.system(looked.organization_id)


def _look_at_notice(lease: messages.Lease) -> tuple[delivery.Notice, Looked] | None:
    seen = pages.look_at_notice(lease.id, lease.attempts)
    if not seen.held:
        return None
    if not seen.recipient_is_member:
        _write(lease, _cancelled("recipient_left"), None)
        return None
    if not seen.wanted:
        _write(lease, _cancelled("superseded"), None)
        return None
    subject, body = notice.say(_told(seen))
    if seen.way is None:
        _write(lease, delivery.Settlement(delivery.State.FAILED, error=not_connected(lease.channel)), None)
        return None
    where = _let_in(lease, seen.way, seen.now)
    return (delivery.Notice(lease.id, where[0], subject, body, where[1]), Looked(seen.now)) if where else None


def _told(seen: pages.NoticeLook) -> notice.Told:
    match seen.about:
        case about.AccessLost(team, because, name):
            # A version before said of no workspace which channel's it is, and its team's name has to do.
            channel = registry.find(name).title if name else team
            return notice.AccessLost(channel, team, because, signed_links.slack_settings_url())
        case about.ChannelRefused(name, because):
            return notice.ChannelRefused(name, because)
        case about.WayIn():
            # Made now and kept nowhere.
            account = Account.objects.get(id=seen.user_id)
            return notice.ForgottenPassword(account.email, signed_links.sign_in_url(account))
        case about.Gaps(gaps):
            return notice.Uncovered(gaps, seen.timezone, signed_links.schedules_url())
        case about.Shift(by, schedule, schedule_id, start, end):
            url = signed_links.schedule_url(schedule_id)
            return notice.ShiftMoved(seen.kind, schedule, by.name, start, end, seen.timezone, url)
        case about.Answered(by):
            assert seen.number is not None
            assert seen.title is not None
            url = signed_links.incident_url(seen.number)
            if seen.kind is notice.Kind.ACKNOWLEDGED:
                return notice.IsOnIt(seen.number, seen.title, by.name, url)
            assert seen.new_owner is not None
            return notice.TookOver(seen.kind, seen.number, seen.title, by.name, seen.new_owner, url)
        case _:
            assert_never(seen.about)


def _cancelled(reason: str) -> delivery.Settlement:
    return delivery.Settlement(delivery.State.CANCELLED, error=reason)


def _write(
    lease: messages.Lease, settlement: delivery.Settlement, event: Settled, as_of: datetime | None = None
) -> bool:
    """One statement, and so one transaction, that locks only the message."""
    return messages.settle(lease, settlement, event=event, audit_id=ids.new(), actor=_SYSTEM, shown=as_of)


@transaction.action(Needs.INSTALLATION)
def _lose(principal: Principal, lease: messages.Lease, settlement: delivery.Settlement, event: Settled) -> None:
    """A page nobody will answer. Locks the incident first, as everybody does: its group may have failed with it."""
    organization_id, incident_id = messages.incident_of(lease.id)
    locked = store.lock(organization_id, incident_id)
    if locked is None or not _write(lease, settlement, event) or not store.group_failed(incident_id):
        return
    people = rosters.read([organization_id], [locked.incident])
    decision = decide.decide(locked.incident, commands.GroupFailed(people[organization_id]), locked.now)
    decided = store.Decided(organization_id, locked.incident, decision, principal.actor)
    store.write([decided], ids.stream(), locked.now)
