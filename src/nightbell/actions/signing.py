"""What became of somebody's way in, on the record of every organization they are in."""

from enum import StrEnum

from nightbell.actions import ids
from nightbell.data import record, transaction
from nightbell.data.access.principal import Needs, Principal


class Happened(StrEnum):
    """As the record has it."""

    SIGNED_IN = "signed_in"
    REFUSED = "sign_in_failed"
    PASSWORD = "password_changed"  # noqa: S105 -- a word


@transaction.quiet_action(Needs.INSTALLATION)
def note(_principal: Principal, happened: Happened, email: str, address: str) -> None:
    """Put it on the record; `email` is who it is about and `address` where it came from.

    Who was refused may be anybody, and so Nightbell itself says it.
    """
    theirs = happened is not Happened.REFUSED
    record.write_of_account(ids.stream(), email, happened.value, address, theirs=theirs)
