"""What the verbs about escalation policies do: `nightbell policy create` and `policy list`."""

from uuid import UUID

from nightbell.actions import organizations, people, policies, policy_drafts
from nightbell.cli import output, words
from nightbell.cli.typed import SCHEDULE
from nightbell.core import instants
from nightbell.core import policy as frozen
from nightbell.core.errors import Code, Rejected
from nightbell.data.access.principal import Principal
from nightbell.data.models import Organization
from nightbell.data.reads import directory, schedules
from nightbell.data.reads import people as members


def create_policy(name: str, slug: str, layers: tuple[tuple[list[str], int], ...], repeat: int, as_json: bool) -> None:
    """Make a policy: its layers are paged in this order until somebody answers."""
    organization = organizations.find(slug)
    given = policy_drafts.Draft(name, repeat_count=repeat, layers=tuple(_layer(organization, *each) for each in layers))
    made = policies.create(Principal.operator(organization.id), given)
    output.show({"id": str(made.id)}, as_json, f"The policy {name} ({made.id}), {len(layers)} layers.")


def list_policies(slug: str, as_json: bool) -> None:
    """List the policies with their layers, by name."""
    principal = Principal.operator(organizations.find(slug).id)
    found = [view.policy for view in directory.policies(principal)]
    names = {each.id: each.name for each in members.active(principal)}
    names |= {each.id: f"schedule {each.name}" for each in schedules.listed(principal)}
    lines: list[str] = []
    for each in found:
        repeat = f", repeated {output.counted(each.repeat_count, 'time')}" if each.repeat_count else ""
        lines.append(f"{words.plain(each.name)}{repeat}  {each.id}")
        for number, layer in enumerate(each.layers, 1):
            said = ", ".join(words.plain(names.get(one, str(one))) for one in _named(layer.target))
            lines.append(f"  layer {number}: {said}, {instants.span(layer.ack_timeout)}")
    data = [
        {"id": str(each.id), "name": each.name, "repeatCount": each.repeat_count, "layers": len(each.layers)}
        for each in found
    ]
    output.show({"policies": data}, as_json, *(lines or [f"{slug} has no policies."]))


def _named(target: frozen.Target) -> tuple[UUID, ...]:
    return target.user_ids if isinstance(target, frozen.Users) else (target.schedule_id,)


def _layer(organization: Organization, emails: list[str], minutes: int) -> policy_drafts.LayerDraft:
    return policy_drafts.LayerDraft(_target(organization, emails), ack_timeout_minutes=minutes)


def _target(organization: Organization, named: list[str]) -> frozen.Target:
    if not named[0].startswith(SCHEDULE):
        return frozen.Users(tuple(people.find(organization, named)))
    name = named[0].removeprefix(SCHEDULE)
    found = schedules.named(Principal.operator(organization.id), name)
    if found is None:
        raise Rejected(Code.NOT_FOUND, f"There is no schedule {name} in {organization.slug}.", "schedule")
    return frozen.Schedule(found.id)
