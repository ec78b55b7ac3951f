"""How long a provider may take: one limit for all that is done on a connection, however it trickles."""

import socket
import time

from nightbell.channels.base import Hold


class Pulse:
    """Renews a sender's hold, every so many seconds, for as long as somebody asks it to."""

    def __init__(self, hold: Hold, every: float) -> None:
        self._hold = hold
        self._every = every
        self._next = time.monotonic() + every

    def keep(self) -> float:
        """Renew the hold if it is time; how long until it will be."""
        if time.monotonic() >= self._next:
            self._hold.renew()
            self._next = time.monotonic() + self._every
        return self._next - time.monotonic()


class Limit:
    """How long something may take as a whole, of however many operations it consists."""

    def __init__(self, seconds: float, pulse: Pulse | None = None) -> None:
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._pulse = pulse

    def left(self) -> float:
        """What is left. Raises TimeoutError where nothing is."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no answer within {self._seconds:g} s")
        return left

    def wait(self) -> float:
        """How long to wait at once: no longer than what is left, nor than the hold can do without being renewed."""
        # Renewed first: that may take a while. Never zero, which would be not to wait at all.
        until_renewed = max(self._pulse.keep(), 0.001) if self._pulse else self._seconds
        return min(self.left(), until_renewed)

    def share(self, part: float) -> "Limit":
        """A limit on a part of what is left."""
        return Limit(self.left() * part, self._pulse)


def dial(place: tuple[str, int], limit: Limit) -> socket.socket:
    """A connection to one of a host's addresses; each may take its share of what is left. Raises OSError, ValueError.

    How long a look-up of the host takes is the resolver's to limit; it counts all the same.
    """
    host, port = place
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for number, (family, kind, protocol, _, address) in enumerate(found, 1):
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(limit.left() / (len(found) - number + 1))
            line.connect(address)
        except OSError:
            line.close()
            if number == len(found):
                raise
        else:
            return line
    raise OSError(f"{host} has no address")
