"""What is answered about people."""

from collections.abc import Iterable

from typing_extensions import TypedDict

from nightbell.api.shapes import Id
from nightbell.data.reads import people


class User(TypedDict):
    """A member; with `includeRemoved` also one who has left."""

    id: Id
    firstName: str
    lastName: str
    email: str


class Users(TypedDict):
    """Every active member, by name."""

    users: list[User]


def users(found: Iterable[people.Member]) -> Users:
    """Those who can be named as an owner or a target."""
    return {
        "users": [
            {
                "id": str(member.id),
                "firstName": member.first_name,
                "lastName": member.last_name,
                "email": member.email,
            }
            for member in found
        ]
    }
