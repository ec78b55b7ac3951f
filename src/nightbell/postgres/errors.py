"""The only place for what the embedded server says when it cannot be used."""


class PostgresError(Exception):
    """Its text is written for the person at the terminal and names what to change."""


class Unusable(PostgresError):  # noqa: N818 -- reads as a sentence where it is caught
    """The binaries or the data directory do not allow a server at all."""


class OtherUser(Unusable):
    """It runs for another user of the machine than whoever asks."""

    def __init__(self, message: str, user: str) -> None:
        super().__init__(message, user)
        self.user = user

    def __str__(self) -> str:
        return str(self.args[0])


class Busy(PostgresError):  # noqa: N818 -- as above
    """Another process owns the server of this data directory."""


class NotRunning(PostgresError):  # noqa: N818 -- as above
    """No server of this data directory accepts connections."""


class Refused(PostgresError):  # noqa: N818 -- as above
    """An export or import that would not be whole; nothing was changed."""
