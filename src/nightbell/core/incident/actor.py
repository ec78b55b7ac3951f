"""Who did something: the only place for the kinds of actor and the doors they come through."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Type(StrEnum):
    """What kind of actor it was."""

    USER = "user"
    API_KEY = "apiKey"
    INTEGRATION = "integration"
    SYSTEM = "system"


class Via(StrEnum):
    """The door the actor came through."""

    WEB = "web"
    API = "api"
    SLACK = "slack"
    LINK = "link"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted; the name is the one they had then."""

    type: Type
    id: UUID | None
    name: str
    via: Via | None = None

    @property
    def user_id(self) -> UUID | None:
        """The member who acted, or None where a key or Nightbell itself did."""
        return self.id if self.type is Type.USER else None


def user(user_id: UUID, name: str, via: Via) -> Actor:
    """A member, acting through `via`."""
    return Actor(Type.USER, user_id, name, via)


SYSTEM = Actor(Type.SYSTEM, None, "Nightbell")
# Whoever runs the installation.
COMMAND_LINE = Actor(Type.SYSTEM, None, "command line", Via.CLI)
