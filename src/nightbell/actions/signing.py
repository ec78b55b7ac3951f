"""What became of somebody's way in, on the record of every organization they are in."""

from nightbell.actions import ids
from nightbell.core.record import Kind
from nightbell.data import record, transaction
from nightbell.data.access.principal import Needs, Principal


@transaction.quiet_action(Needs.INSTALLATION)
def note(_principal: Principal, happened: Kind, email: str, address: str) -> None:
    """Put it on the record; `email` is who it is about and `address` where it came from.

    Who was refused may be anybody, and so Nightbell itself says it.
    """
    theirs = happened is not Kind.SIGN_IN_FAILED
    record.write_of_account(ids.stream(), email, happened, address, theirs=theirs)
