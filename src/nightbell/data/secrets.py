"""The installation's secrets: what sessions and links are signed with, and how others' tokens are kept unreadable."""

import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import connection

# Several processes may ask first at once: one of them is heard.
MAKE = "insert into installation (id, signing_key) values (1, %(key)s) on conflict (id) do nothing"
READ = "select signing_key from installation"


class Unreadable(Exception):  # noqa: N818 -- it says what the text is
    """A secret cannot be read, or kept, with the keys this process has; the message says what to do."""


def signing_key() -> str:
    """What every process on this database signs with: a key made by whoever asks first, after NIGHTBELL_SECRET_KEY.

    The database's own is in no file: what was signed before a move or a restore is void after it, though the
    environment stays the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(MAKE, {"key": secrets.token_urlsafe(48)})
        cursor.execute(READ)
        (key,) = cursor.fetchone()
    return f"{settings.NIGHTBELL.secret_key or ''}{key}"


def encrypt(secret: str) -> str:
    """As it may lie in the database. Raises Unreadable where no key is configured."""
    return _keys().encrypt(secret.encode()).decode()


def decrypt(kept: str) -> str:
    """What `encrypt` was given, by any of the configured keys. Raises Unreadable."""
    try:
        return _keys().decrypt(kept.encode()).decode()
    except InvalidToken:
        raise Unreadable(
            "none of NIGHTBELL_ENCRYPTION_KEYS opens this secret: put back the key it was kept with"
        ) from None


def rotate(kept: str) -> str:
    """The same secret, kept with the first of the configured keys. Raises Unreadable."""
    return encrypt(decrypt(kept))


def _keys() -> MultiFernet:
    configured = settings.NIGHTBELL.encryption_keys
    if not configured:
        raise Unreadable("NIGHTBELL_ENCRYPTION_KEYS is not set: no secret can be kept or read")
    return MultiFernet([Fernet(key.strip()) for key in configured.split(",")])
