"""Doing once what is asked more than once: the answer is kept in the transaction of its change, and given again."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from nightbell.core.errors import Code, Rejected
from nightbell.data import transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.claims import idempotency

HONOURED = timedelta(hours=24)
MAX_KEY = 255
# From here on it is our fault, and worth another try.
OUR_FAULT = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered; `again` where it had been answered before."""

    status: int
    text: str
    again: bool = False


class _NotKept(Exception):  # noqa: N818 -- carries an answer out of a transaction that must not stand
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def not_our_fault(status: int) -> bool:
    """Whether an answer stands, whoever asks again."""
    return status < OUR_FAULT


def once(
    principal: Principal,
    request: str,
    key: str,
    body: bytes,
    act: Callable[[], Answer],
    stands: Callable[[int], bool] = not_our_fault,
) -> Answer:
    """What `act` idempotency, or answered when they asked the same under this key in the last 24 hours.

    An answer whose status does not stand is given and not kept, and what was changed for it is undone.

    `act` runs in the transaction that keeps its answer, and again where that does: what it changes stands if and only
    if the answer is kept. Raises Rejected: `validation_error` (the key), `idempotency_key_reused`.
    """
    if not 1 <= len(key) <= MAX_KEY or "\0" in key:
        raise Rejected(Code.VALIDATION_ERROR, f"A key has 1 to {MAX_KEY} characters.", "Idempotency-Key")
    assert principal.actor.id is not None
    asked = idempotency.Asked(principal.actor.id, request, key, hashlib.sha256(body).digest())
    try:
        return _once(principal, asked, act, stands)
    except _NotKept as undone:
        return undone.answer


@transaction.needing(Needs.INSTALLATION)
def forget(_principal: Principal) -> int:
    """Delete the answers nobody is promised any more; how many there were."""
    return idempotency.forget(HONOURED)


@transaction.action(Needs.MEMBERSHIP)
def _once(
    _principal: Principal, asked: idempotency.Asked, act: Callable[[], Answer], stands: Callable[[int], bool]
) -> Answer:
    place = idempotency.claim(asked, HONOURED)
    if place is None:
        kept = idempotency.kept(asked)
        if kept.body_hash != asked.body_hash:
            raise Rejected(Code.IDEMPOTENCY_KEY_REUSED, "This key came with another body before.", "Idempotency-Key")
        return Answer(kept.status, kept.answer, again=True)
    with transaction.joining():
        answer = act()
    if not stands(answer.status):
        raise _NotKept(answer)
    idempotency.keep(place, answer.status, answer.text)
    return answer
