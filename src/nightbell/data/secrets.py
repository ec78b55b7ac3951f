"""The installation's own secret: what sessions and links are signed with where the environment names no key."""

import secrets

from django.db import connection

# Several processes may ask first at once: one of them is heard.
MAKE = "insert into installation (id, signing_key) values (1, %(key)s) on conflict (id) do nothing"
READ = "select signing_key from installation"


def signing_key() -> str:
    """The key every process on this database shares; made by whoever asks first."""
    with connection.cursor() as cursor:
        cursor.execute(MAKE, {"key": secrets.token_urlsafe(48)})
        cursor.execute(READ)
        (key,) = cursor.fetchone()
    return str(key)
