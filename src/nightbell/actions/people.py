"""People: joining an organization and leaving it, with what that does to open incidents."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from nightbell.actions import ids, record
from nightbell.channels import registry
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor, commands, decide
from nightbell.core.record import Kind
from nightbell.data import clock, contacts, store, transaction
from nightbell.data.access.principal import Needs, Principal
from nightbell.data.claims import notices
from nightbell.data.models import Account, Membership, Organization, Role
from nightbell.data.reads import rosters

MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to let in; `timezone` is the IANA zone their messages speak in."""

    email: str
    first_name: str
    last_name: str = ""
    timezone: str = "UTC"


@transaction.action(Needs.ADMINISTRATION)
def add(principal: Principal, person: Person, role: Role = Role.MEMBER) -> Membership:
    """Let somebody in. Raises Rejected: `validation_error` (the address), `name_conflict` (a member already)."""
    return join(principal, person, role)


def join(principal: Principal, person: Person, role: Role) -> Membership:
    """The same, within the transaction of whoever calls it."""
    membership = Membership(id=ids.new(), organization_id=principal.organization_id, user=_account(person), role=role)
    # The index sees what a look beforehand cannot: somebody who adds the same person at the same time.
    Membership.objects.bulk_create([membership], ignore_conflicts=True)
    joined = Membership.objects.filter(id=membership.id).first()
    if joined is None:
        raise Rejected(Code.NAME_CONFLICT, f"{person.email} is a member already.", "email")
    contacts.bring(principal.organization_id, joined.user_id)
    _record(principal, Kind.MEMBER_ADDED, joined)
    return joined


@transaction.action(Needs.ADMINISTRATION)
def remove(principal: Principal, user_id: UUID) -> list[UUID]:
    """Remove a member; the open incidents that were changed by it.

    Locks the membership before any incident, as opening and handing off do, so that neither can give an incident to
    somebody who is leaving. Raises Rejected: `not_found`, `cannot_remove_self`, `last_admin`.
    """
    if principal.actor.user_id == user_id:
        raise Rejected(Code.CANNOT_REMOVE_SELF, "Nobody removes themselves.")
    organization_id = principal.organization_id
    admins = Membership.objects.select_for_update(no_key=True).filter(organization_id=organization_id, removed_at=None)
    members = {each.user_id: each for each in admins.order_by("id")}
    leaving = members.get(user_id)
    if leaving is None:
        raise Rejected(Code.NOT_FOUND, "There is no such member.", "user_id")
    if not any(each.role == Role.ADMIN for each in members.values() if each.user_id != user_id):
        raise Rejected(Code.LAST_ADMIN, "An organization keeps at least one admin.", "user_id")
    Membership.objects.filter(id=leaving.id).update(removed_at=clock.Now())
    contacts.end(organization_id, user_id=user_id)
    _record(principal, Kind.MEMBER_REMOVED, leaving)
    involved = store.involving(organization_id, user_id)
    return [incident_id for incident_id in involved if _leave(organization_id, incident_id, user_id)]


def _leave(organization_id: UUID, incident_id: UUID, user_id: UUID) -> bool:
    locked = store.lock(organization_id, incident_id)
    assert locked is not None
    people = rosters.read([organization_id], [locked.incident])
    command = commands.MemberRemoved(user_id, people[organization_id], group_failed=store.group_failed(incident_id))
    decision = decide.decide(locked.incident, command, locked.now)
    store.write([store.Decided(organization_id, locked.incident, decision, actor.SYSTEM)], ids.stream(), locked.now)
    return decision.incident != locked.incident


def _record(principal: Principal, kind: Kind, membership: Membership) -> None:
    record.write(principal, kind, {"userId": str(membership.user_id), "role": membership.role})


def _account(person: Person) -> Account:
    _check(person)
    known = Account.objects.filter(email=person.email).first()
    if known is not None:
        return known
    account = Account(
        id=ids.new(),
        email=Account.objects.normalize_email(person.email),
        first_name=person.first_name,
        last_name=person.last_name,
        timezone=person.timezone,
    )
    account.set_unusable_password()
    # Somebody else may make it in the same moment.
    Account.objects.bulk_create([account], ignore_conflicts=True)
    return Account.objects.get(email=person.email)


def _check(person: Person) -> None:
    # Whom the channel could not write to must not become somebody who is paged.
    if registry.of_account().address.canonical(person.email) is None:
        raise Rejected(Code.VALIDATION_ERROR, f"{person.email!r} is not a mail address.", "email")
    for field, name, least in (("firstName", person.first_name, 1), ("lastName", person.last_name, 0)):
        if not least <= len(name) <= MAX_NAME or "\0" in name:
            raise Rejected(Code.VALIDATION_ERROR, f"A name has {least} to {MAX_NAME} characters.", field)


@transaction.action(Needs.INSTALLATION)
def forgot_password(_principal: Principal, email: str) -> None:
    """Have a one-time link mailed to whoever has this address; nothing tells whether anybody has."""
    notices.queue_link(ids.new(), email, clock.now())


def find(organization: Organization, emails: Iterable[str]) -> list[UUID]:
    """The members with these addresses, in that order. Raises Rejected: `not_found`, naming the first who is none."""
    found: list[UUID] = []
    for email in emails:
        membership = Membership.objects.filter(organization=organization, user__email=email, removed_at=None).first()
        if membership is None:
            raise Rejected(Code.NOT_FOUND, f"{email} is not a member of {organization.slug}.", "email")
        found.append(membership.user_id)
    return found
