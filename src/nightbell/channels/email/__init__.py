"""Mail as a way out: what is said there, and the conversation with the server."""

from nightbell.channels.email.declaration import DECLARATION

__all__ = ["DECLARATION"]
