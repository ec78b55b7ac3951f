"""What is done about a refusal: the recipient is given up, or everybody like them waits and the admins are told."""

from collections.abc import Sequence
from datetime import timedelta

from nightbell.actions import notices
from nightbell.core import delivery, notice, refusals
from nightbell.data import transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.claims import messages
from nightbell.data.claims import refusals as claims


@transaction.needing(Needs.INSTALLATION)
def judge(
    principal: Principal,
    lease: messages.Lease,
    outcome: delivery.Refused,
    backoff: Sequence[timedelta],
    *,
    fallback: bool,
) -> delivery.Refused | delivery.Unavailable:
    """What a refusal is: for good, or a fault that may pass.

    Nobody comes after the last resort, so that a refusal of theirs is never for good. What everybody is refused for is
    the installation's fault: what was given up for it within the last minute is taken up again.
    """
    if fallback:
        return delivery.Unavailable(outcome.error, retry_after=backoff[-1])
    # Lost access is about the way in, and is told by whoever lets us in.
    shared = None if outcome.access_lost else _alike(lease, outcome.error)
    if shared is None:
        return outcome
    given_up = tuple(each for each in shared if not each.waits)
    _blame_installation(principal, lease, outcome.error, given_up, backoff[0])
    return delivery.Unavailable(outcome.error, of_channel=True)


@transaction.needing(Needs.INSTALLATION)
def notice_fault(principal: Principal, lease: messages.Lease, outcome: delivery.Unavailable) -> None:
    """Tell admins where everybody is answered alike. The first attempt is asked about; a further one says no more."""
    if lease.tries == 1 and _alike(lease, outcome.error) is not None:
        _blame_installation(principal, lease, outcome.error, (), timedelta())


def _alike(lease: messages.Lease, error: str) -> tuple[refusals.Tried, ...] | None:
    refused, others = claims.tried(lease, error, refusals.WITHIN)
    return refusals.alike(refused, others)


@transaction.action(Needs.INSTALLATION)
def _blame_installation(
    _principal: Principal, lease: messages.Lease, error: str, given_up: tuple[refusals.Tried, ...], wait: timedelta
) -> None:
    claims.take_up([each.message_id for each in given_up], wait)
    notices.tell_of_fault(lease.organization_id, notice.Kind.CHANNEL_REFUSED, lease.channel, error)
