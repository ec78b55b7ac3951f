"""Organizations: making one, naming its last resort, and saying who may change its schedules and policies."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from nightbell.actions import ids, people, record
from nightbell.core import spelling
from nightbell.core.errors import Code, Rejected
from nightbell.core.record import Kind
from nightbell.data import transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.models import Membership, Organization, Role

MAX_NAME = 100


@transaction.action(Needs.INSTALLATION)
def create(principal: Principal, name: str, admin: people.Person) -> tuple[Organization, Membership]:
    """Make an organization and its first admin, whose account is made if there is none with that address.

    Raises Rejected: `validation_error` (a name without a letter or digit), `name_conflict`.
    """
    slug = spelling.slug(name, MAX_NAME)
    if not slug or "\0" in name or len(name) > MAX_NAME:
        raise Rejected(Code.VALIDATION_ERROR, "A name has 1 to 100 characters, with a letter or digit in them.", "name")
    # The index sees what a look beforehand cannot: somebody who takes the name at the same time.
    organization = Organization(id=ids.new(), name=name, slug=slug)
    Organization.objects.bulk_create([organization], ignore_conflicts=True)
    if not Organization.objects.filter(id=organization.id).exists():
        raise Rejected(Code.NAME_CONFLICT, f"There is an organization {slug} already.", "name")
    organization.refresh_from_db()
    founding = replace(principal, organization_id=organization.id)
    data = {"name": name, "slug": slug}
    record.write(founding, Kind.ORGANIZATION_CREATED, data)
    return organization, people.join(founding, admin, Role.ADMIN)


def find(slug: str) -> Organization:
    """The organization with this slug, however it is written. Raises Rejected: `not_found`."""
    organization = Organization.objects.filter(slug__in=(slug, spelling.slug(slug, MAX_NAME))).first()
    if organization is None:
        raise Rejected(Code.NOT_FOUND, f"There is no organization {slug}.", "org")
    return organization


@transaction.action(Needs.ADMINISTRATION)
def set_fallback(principal: Principal, user_ids: Sequence[UUID]) -> None:
    """Name who is paged when nobody answered; nobody named means the admins. Raises Rejected: `invalid_target_user`."""
    active = set(
        Membership.objects.filter(
            organization_id=principal.organization_id, user_id__in=user_ids, removed_at=None
        ).values_list("user_id", flat=True)
    )
    if active != set(user_ids):
        raise Rejected(Code.INVALID_TARGET_USER, "A fallback responder is an active member.", "user_ids")
    _change(principal, fallback_user_ids=list(dict.fromkeys(user_ids)))


@transaction.action(Needs.ADMINISTRATION)
def let_members_edit(principal: Principal, members_edit: bool) -> None:
    """Leave schedules and escalation policies to every member, or reserve them for admins."""
    _change(principal, members_edit=members_edit)


def _change(principal: Principal, **becomes: Any) -> None:
    found = Organization.objects.select_for_update(no_key=True).get(id=principal.organization_id)
    before = _shown(found)
    for field, value in becomes.items():
        setattr(found, field, value)
    found.save(update_fields=list(becomes))
    record.change(principal, Kind.ORGANIZATION_CHANGED, {}, before, _shown(found))


def _shown(found: Organization) -> dict[str, Any]:
    """What may be changed of an organization, as the record has it."""
    return {
        "fallbackUserIds": [str(each) for each in found.fallback_user_ids],
        "membersEdit": found.members_edit,
    }
