"""The only place that makes ids: UUIDv7, which sort in the order they were made."""

from collections.abc import Iterator
from uuid import UUID

from uuid_utils import compat


def new() -> UUID:
    """A fresh id."""
    return compat.uuid7()


def stream() -> Iterator[UUID]:
    """Fresh ids without end."""
    while True:
        yield compat.uuid7()
