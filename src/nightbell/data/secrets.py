"""The installation's own secret: what sessions and links are signed with where the environment names no key."""

import secrets

from django.db import connection


def signing_key() -> str:
    """The key every process on this database shares; made by whoever asks first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into installation (id, signing_key) values (1, %s) on conflict (id) do nothing",
            [secrets.token_urlsafe(48)],
        )
        cursor.execute("select signing_key from installation")
        (key,) = cursor.fetchone()
    return str(key)
