"""The only place where the fake Slack reads a wall clock: Slack is another machine, and its time is its own."""

import time


def seconds() -> float:
    """Seconds since 1970, as a signature's timestamp and a message's `ts` count them."""
    return time.time()  # noqa: TID251 -- a signature is checked against the machine's clock
