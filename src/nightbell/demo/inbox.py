"""Everybody's inbox in the demo: the only place that holds its mail catcher."""

from nightbell.demo import mail

KEPT = 300


class Inbox:
    """A mail catcher that is started where the mail is shown: in the one web process."""

    def __init__(self) -> None:
        self._catcher: mail.MailCatcher | None = None

    def listen(self, port: int) -> None:
        """Take mail on this port from now on. Raises OSError where it is not free."""
        self._catcher = mail.MailCatcher(port=port, kept=KEPT).start()

    def close(self) -> None:
        """Take no more."""
        catcher, self._catcher = self._catcher, None
        if catcher is not None:
            catcher.stop()

    def messages(self, recipient: str = "") -> list[mail.Message]:
        """What arrived, newest first, for everybody or for one address."""
        found = self._catcher.messages if self._catcher is not None else []
        return [message for message in found if recipient in {"", message.recipient}]


INBOX = Inbox()
