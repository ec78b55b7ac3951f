"""What one organization's pages, or one mail server, do to those of others: each delay beside the same, alone."""

import time
from uuid import uuid4

from benchmarks import deadlines
from benchmarks.drills.seen import Seen
from benchmarks.drills.serving import PATIENCE_SECONDS, Organization, Serving, wait_for, within

MANY = 10_000
# How much later than alone.
LATER_SECONDS = 2.0
# How often each delay is taken.
TIMES = 5
# A mail takes the server so long: what waits does not melt away at once.
MAIL_SECONDS = 0.1
HANGING = 150
ATTEMPT_SECONDS = 20.0
UNSENT = "select count(*) from page where state in ('queued', 'sending')"
QUEUED = "select count(*) from page where state = 'queued'"
SAID = "select error from page where error is not null limit 1"


def many() -> list[Seen]:
    """10,000 deadlines of one organization due at once; the same again while the mail server is away."""
    with Serving() as here:
        both = acme, _ = here.organization("acme", "Ana:1440"), here.organization("bees", "Bea:1440")
        here.mail.pause(MAIL_SECONDS, "thought")
        alone = [_latest(here, of, "Alone") for of in both]
        began = time.monotonic()
        _fill(here, acme)
        time.sleep(max(0.0, began + 1 - time.monotonic()))
        beside = [_latest(here, of, "Beside deadlines") for of in both]
        left = here.ask(UNSENT)[0][0]
        first = _beside("deadlines due at once", alone, beside, left)
        _quiet(here)
        with here.mail.refusing_connections():
            _fill(here, acme)
            wait_for(lambda: here.ask(QUEUED)[0][0] >= MANY, 60)
        beside = [_latest(here, of, "After an outage") for of in both]
        left = here.ask(UNSENT)[0][0]
    return [first, _beside("pages waiting after an outage", alone, beside, left)]


def _fill(here: Serving, of: Organization) -> None:
    given = {"organization": of.id, "owner": of.owner, "mark": str(uuid4()), "count": MANY}
    here.ask(deadlines.FILL, {**given, "first": -60, "apart": 0})
    here.ask(deadlines.COUNT, given)


def _quiet(here: Serving) -> None:
    here.ask(deadlines.CLEAR)
    here.ask(deadlines.QUIET)


def _latest(here: Serving, of: Organization, title: str) -> float:
    """The longest of a few delays from opening a critical incident to its mail, one after the other."""
    return max(here.seconds_to_mail(of, f"{title} {of.slug} {number}", 60) for number in range(TIMES))


def _beside(what: str, alone: list[float], beside: list[float], left: int) -> Seen:
    later = [b - a for a, b in zip(alone, beside, strict=True)]
    return Seen(
        f"{MANY:,} {what} of one organization, then critical incidents of it and of another",
        f"a new page of either ≤ {LATER_SECONDS:g} s later than alone",
        f"opened → mailed, the longest of {TIMES}: its own {beside[0]:.2f} s (alone {alone[0]:.2f} s), the other's "
        f"{beside[1]:.2f} s (alone {alone[1]:.2f} s); {left:,} still waited",
        max(later) <= LATER_SECONDS and left > 0,
    )


def trickling() -> list[Seen]:
    """A byte every four seconds to whoever connects; then well again for those who connect from then on."""
    with Serving() as here:
        acme, bees = here.organization("acme", "Ana:30"), here.organization("bees", "Bea:30")
        alone = here.seconds_to_mail(bees, "Alone")
        here.mail.hang_up()
        here.mail.trickle(4)
        began = time.monotonic()
        for number in range(20):
            here.open(acme, f"Trickled {number}")
        trying = "select count(*) from page where state = 'sending'"
        wait_for(lambda: here.ask(trying)[0][0] >= 12, PATIENCE_SECONDS)
        # What is being said trickles on.
        here.mail.behave()
        beside = here.seconds_to_mail(bees, "Beside", 60)
        failed = within(lambda: here.ask(SAID), 40)
        ended = time.monotonic() - began
        [(words,)] = here.ask(SAID) if failed < float("inf") else [("nothing",)]
        left = within(lambda: here.ask(UNSENT) == [(0,)], 90)
    return [
        Seen(
            "the mail server says a byte every 4 s to whoever connects for one organization's 20 pages",
            f"an attempt ends within {ATTEMPT_SECONDS:g} s; another organization's page ≤ {LATER_SECONDS:g} s later "
            "than alone",
            f"the first attempt ended {ended:.1f} s after the first opening (“{str(words).rpartition(': ')[2]}”); the "
            f"other's page took {beside:.2f} s (alone {alone:.2f} s); all 20 sent {left:.1f} s later",
            ended <= ATTEMPT_SECONDS + 2 and beside - alone <= LATER_SECONDS and left < float("inf"),
        )
    ]


def hanging() -> list[Seen]:
    """150 pages to a domain whose mail server never answers RCPT; another organization opens one every few seconds."""
    with Serving() as here:
        acme, bees = here.organization("acme", "Ana:30"), here.organization("bees", "Bea:30")
        alone = _latest(here, bees, "Alone")
        here.mail.hang("acme.example")
        for number in range(HANGING):
            here.open(acme, f"Hangs {number}")
        took: list[float] = []
        until = time.monotonic() + 3 * ATTEMPT_SECONDS
        while time.monotonic() < until:
            took.append(here.seconds_to_mail(bees, f"Beside {len(took)}", 90))
            time.sleep(3)
        waiting = here.ask(UNSENT)[0][0]
        here.mail.behave()
        here.mail.hang_up()
        left = within(lambda: here.ask(UNSENT) == [(0,)], 60)
    return [
        Seen(
            f"{HANGING} pages of one organization to a domain that hangs, for a minute",
            f"another organization's page ≤ {LATER_SECONDS:g} s later than alone",
            f"opened → mailed, the longest of {len(took)}: {max(took):.2f} s (alone {alone:.2f} s), while {waiting} "
            f"waited; once the domain answered the last of them left after {left:.1f} s",
            max(took) - alone <= LATER_SECONDS and waiting >= HANGING and left < float("inf"),
        )
    ]
