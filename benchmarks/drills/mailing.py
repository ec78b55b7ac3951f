"""What a mail server may do to pages: think, be slow, refuse everybody, be away."""

import time

from benchmarks.drills.seen import Seen
from benchmarks.drills.serving import PATIENCE_SECONDS, Serving, wait_for, within

THINKS_SECONDS = 120
STAGE_SECONDS = 3
AWAY_SECONDS = 120
WAITING = 20
UNSENT = "select count(*) from page where state <> 'sent'"


def thinks() -> list[Seen]:
    """The answer to the final dot takes two minutes: four leases long."""
    with Serving() as here:
        acme = here.organization("acme", "Ana:30")
        here.mail.think(THINKS_SECONDS)
        began = time.monotonic()
        here.open(acme, "DB pool exhausted")
        sent = within(lambda: here.ask(UNSENT) == [(0,)] and here.arrivals("DB pool exhausted"), THINKS_SECONDS + 30)
        took = time.monotonic() - began
        # Whoever had not known would have sent it again by now.
        time.sleep(5)
        [(state, attempts)] = here.ask("select state, attempts from page")
        times = len(here.arrivals("DB pool exhausted"))
    return [
        Seen(
            f"the answer to the final dot takes {THINKS_SECONDS} s",
            "one mail, `sent`",
            f"{times} mail, `{state}` after {took:.0f} s and {attempts} attempt",
            sent < float("inf") and (times, state, attempts) == (1, "sent", 1),
        )
    ]


def slow() -> list[Seen]:
    """Three seconds an answer; then an acknowledgement that comes before DATA."""
    with Serving() as here:
        acme = here.organization("acme", "Ana:30")
        here.mail.pause(STAGE_SECONDS)
        took = here.seconds_to_mail(acme, "Slow", 60)
        wait_for(lambda: here.ask(UNSENT) == [(0,)], 60)
        incident = here.open(acme, "Acknowledged")
        state_of = "select state from page where incident_id = %(id)s"
        wait_for(lambda: here.ask(state_of, {"id": incident}) == [("sending",)], PATIENCE_SECONDS)
        time.sleep(STAGE_SECONDS / 2)
        status, _ = here.post(acme, f"/v1/incidents/{incident}/acknowledge", {})
        wait_for(lambda: here.ask(state_of, {"id": incident}) != [("sending",)], 60)
        [(state,)] = here.ask(state_of, {"id": incident})
        time.sleep(STAGE_SECONDS)
        times = len(here.arrivals("Slow")), len(here.arrivals("Acknowledged"))
    return [
        Seen(
            f"every answer of the mail server takes {STAGE_SECONDS} s; a second page is acknowledged before DATA",
            "one mail; the acknowledged page is not completed",
            f"{times[0]} mail after {took:.0f} s; acknowledging answered {status}, then {times[1]} mails, `{state}`",
            times == (1, 0) and status == 200 and state == "cancelled",
        )
    ]


def ours() -> list[Seen]:
    """A fault of ours told at RCPT: a name in HELO that the mail server does not like."""
    return [_refused("504 5.5.2 <a1b2c3d4e5f6>: Helo command rejected: need fully-qualified hostname")]


def everybody() -> list[Seen]:
    """Everybody is refused as if it were each recipient's own fault; admins have no other channel to be told over."""
    return [_refused("550 5.1.1 User unknown")]


def _refused(says: str) -> Seen:
    """For half a minute, in these words."""
    with Serving() as here:
        acme = here.organization("acme", "Ana,Bo,Cy:30", "Dan:30", "Eve:30")
        here.mail.answer(rcpt=says)
        for number in range(3):
            here.open(acme, f"Refused {number}")
        untried = "select count(*) from page where attempts = 0"
        wait_for(lambda: here.ask(untried) == [(0,)], PATIENCE_SECONDS)
        time.sleep(30)
        states = here.ask("select state, count(*) from incident group by state")
        lost = here.ask("select count(*) from page where state = 'failed'")[0][0]
        shown = here.ask("select count(*) from page where error is null or position('5.' in error) = 0")[0][0] == 0
        here.mail.behave()
        left = within(lambda: here.ask(UNSENT) == [(0,)], 90)
    words = "; ".join(f"{count} {state}" for state, count in states)
    return Seen(
        f"the mail server answers everybody's RCPT `{says}` for half a minute",
        "temporary, shown, nothing exhausted, no page given up",
        f"of 3 incidents with three layers: {words}; {lost} pages given up, {'each' if shown else 'NOT EACH'} "
        f"shows the answer; once it was well the last left after {left:.1f} s",
        states == [("paging", 3)] and lost == 0 and shown and left < float("inf"),
    )


def away() -> list[Seen]:
    """Nobody listens there for two minutes; pages come all the time."""
    with Serving() as here:
        acme = here.organization("acme", "Ana:30")
        here.seconds_to_mail(acme, "Before")
        with here.mail.refusing_connections():
            for number in range(WAITING):
                here.open(acme, f"Waiting {number}")
                time.sleep(AWAY_SECONDS / WAITING)
        left = within(lambda: here.ask(UNSENT) == [(0,)], 60)
        times = [len(here.arrivals(f"Waiting {number}")) for number in range(WAITING)]
        after = here.seconds_to_mail(acme, "After")
    return [
        Seen(
            f"the mail server is away for {AWAY_SECONDS} s, while {WAITING} incidents are opened",
            "the waiting pages leave within 10 s of its return, each once",
            f"the last left after {left:.1f} s, {sum(times)} mails in all; a new one in {after:.1f} s",
            left <= 10 and set(times) == {1},
        )
    ]
