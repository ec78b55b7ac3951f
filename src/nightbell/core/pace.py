"""How fast somebody may act: a bucket that leaks at a steady pace, without a clock of its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """So many acts per minute in the long run, and `burst` of them at once.

    A level is how full the bucket is: each act adds one, and it runs off by `per_minute`.
    """

    per_minute: int
    burst: int

    def level(self, level: float, seconds: float) -> float:
        """What is left of a level after `seconds`; a clock that stepped back takes nothing off."""
        return max(0.0, level - max(0.0, seconds) * self.per_minute / 60)

    def wait(self, level: float) -> float:
        """Seconds until one more act has room; 0 where it has now."""
        return max(0.0, (level + 1 - self.burst) * 60 / self.per_minute)

    def left(self, level: float) -> int:
        """How many acts have room now."""
        return max(0, int(self.burst - level))

    def window(self, level: float) -> float:
        """Seconds until the bucket is empty again, if nobody acts."""
        return level * 60 / self.per_minute
