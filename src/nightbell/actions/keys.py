"""API keys: making and revoking them."""

import secrets
from uuid import UUID

from nightbell.actions import ids, record
from nightbell.core.errors import Code, Rejected
from nightbell.core.record import Kind
from nightbell.data import clock, transaction
from nightbell.data.access import principal as access
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.models import ApiKey

# 32 random bytes are 256 bits; the contract asks for 160.
RANDOM_BYTES = 32


@transaction.action(Needs.ADMINISTRATION)
def create(principal: Principal, name: str) -> tuple[ApiKey, str]:
    """Make a key; its text, returned beside it, is nowhere else. Raises Rejected: `validation_error`."""
    if not 1 <= len(name) <= 100:
        raise Rejected(Code.VALIDATION_ERROR, "A name has 1 to 100 characters.", "name")
    key = access.KEY_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    made = ApiKey.objects.create(
        id=ids.new(),
        organization_id=principal.organization_id,
        name=name,
        digest=access.digest(key),
        created_by_id=principal.actor.user_id,
    )
    record.write(principal, Kind.KEY_CREATED, {"keyId": str(made.id), "name": name})
    return made, key


@transaction.action(Needs.ADMINISTRATION)
def revoke(principal: Principal, key_id: UUID) -> None:
    """Refuse a key from the next request on. Raises Rejected: `not_found`."""
    revoked = ApiKey.objects.filter(organization_id=principal.organization_id, id=key_id, revoked_at=None)
    name = revoked.values_list("name", flat=True).first()
    if name is None or not revoked.update(revoked_at=clock.Now()):
        raise Rejected(Code.NOT_FOUND, "There is no such key.", "id")
    record.write(principal, Kind.KEY_REVOKED, {"keyId": str(key_id), "name": name})
