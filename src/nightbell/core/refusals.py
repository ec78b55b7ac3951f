"""Whose fault a refusal is: the only place that tells a recipient who is refused from an installation that is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

# So many recipients, refused alike within so long and nobody accepted, are no chance.
RECIPIENTS = 3
WITHIN = timedelta(minutes=1)
# A word with a digit in it, unless it is a basic or an enhanced code.
_NUMBERED = re.compile(r"(?<!\S)(?!\d{3}(?!\S)|\d\.\d{1,3}\.\d{1,3}(?!\S))\S*\d\S*")


@dataclass(frozen=True, slots=True)
class Tried:
    """What was last answered to a message that was tried; `answer` is None where it was accepted.

    `waits`: it was refused too, but as the installation's fault, and is tried again.
    """

    message_id: UUID
    address: str
    answer: str | None
    waits: bool = False


def alike(refused: Tried, others: Iterable[Tried]) -> tuple[Tried, ...] | None:
    """Those of the others who share a refusal that is the installation's fault; None where it is the recipient's.

    It is the installation's where nobody was accepted, three recipients and more were tried, and all answers are equal
    once the address is taken out of each, and whatever names a session: words with digits that are no code. What waits
    for an answer that is none of these says nothing either way. A message that waited for this very fault goes on
    waiting for it until somebody is accepted.
    """
    said = _without_address(refused)
    known = [each for each in others if not each.waits or _without_address(each) == said]
    if any(_without_address(each) != said for each in known):
        return None
    before = any(each.message_id == refused.message_id for each in known)
    if not before and len({each.address.lower() for each in (refused, *known)}) < RECIPIENTS:
        return None
    return tuple(each for each in known if each.message_id != refused.message_id)


def _without_address(tried: Tried) -> str | None:
    if tried.answer is None:
        return None
    local = tried.address.rpartition("@")[0]
    said = re.sub(re.escape(tried.address), "", tried.answer, flags=re.IGNORECASE)
    said = re.sub(rf"(?<![\w.]){re.escape(local)}(?![\w.])", "", said, flags=re.IGNORECASE)
    return _NUMBERED.sub("#", said)
