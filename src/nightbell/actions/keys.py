"""API keys: making and revoking them."""

import secrets
from uuid import UUID

from nightbell.actions import ids
from nightbell.core.errors import Code, Rejected
from nightbell.data import clock, transaction
from nightbell.data.access import principal
from nightbell.data.models import ApiKey, Organization

# 32 random bytes are 256 bits; the contract asks for 160.
RANDOM_BYTES = 32


@transaction.action
def create(organization: Organization, name: str, created_by: UUID | None = None) -> tuple[ApiKey, str]:
    """Make a key; its text, returned beside it, is nowhere else. Raises Rejected: `validation_error`."""
    if not 1 <= len(name) <= 100:
        raise Rejected(Code.VALIDATION_ERROR, "A name has 1 to 100 characters.", "name")
    key = principal.KEY_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    made = ApiKey.objects.create(
        id=ids.new(), organization=organization, name=name, digest=principal.digest(key), created_by_id=created_by
    )
    return made, key


@transaction.action
def revoke(organization: Organization, key_id: UUID) -> None:
    """Refuse a key from the next request on. Raises Rejected: `not_found`."""
    changed = ApiKey.objects.filter(organization=organization, id=key_id, revoked_at=None).update(
        revoked_at=clock.Now()
    )
    if not changed:
        raise Rejected(Code.NOT_FOUND, "There is no such key.", "id")
