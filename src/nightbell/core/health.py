"""What must hold for people to be paged, and what is said where it does not: the same for watchers, `check`, a page."""

from collections.abc import Mapping
from datetime import timedelta

# An engine reports a few seconds apart.
OLDEST_BEAT = timedelta(seconds=15)
LONGEST_OVERDUE = timedelta(seconds=15)
LONGEST_DUE = timedelta(seconds=60)
# A sender that has been at one message for so long has met a server that does not let go.
LONGEST_SENDING = timedelta(seconds=60)

DATABASE = "database"
# Each check of paging by its name, in the order of the answer.
PAGING = {
    "engine": f"no engine has reported for {OLDEST_BEAT.seconds} s",
    "deadlines": f"a deadline has been overdue for {LONGEST_OVERDUE.seconds} s",
    "pages": f"a page has been waiting to be sent for {LONGEST_DUE.seconds} s",
    "lanes": f"all senders of a channel have been at one message for {LONGEST_SENDING.seconds} s",
}


def troubles(found: Mapping[str, bool]) -> list[str]:
    """What is wrong, a phrase for each check that does not hold."""
    return [says for name, says in PAGING.items() if not found[name]]
