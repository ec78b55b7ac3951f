"""A program that makes an organization: `filling.py SLUG LAYER…`, with layers such as `Ana,Bo:30`; it prints JSON.

One interpreter for what would be a verb of the command line for each person.
"""

import json
import sys

import django

django.setup()

from nightbell.actions import keys, organizations, people, policies, policy_drafts  # noqa: E402 -- Django first
from nightbell.core import policy  # noqa: E402
from nightbell.data.access.principal import Principal  # noqa: E402

ADMIN = "Zoe"


def main(slug: str, *layers: str) -> None:
    """An admin who is in no layer, everybody who is in one, a policy of these layers, and a key."""
    organization, _ = organizations.create(Principal.operator(), slug, people.Person(address(slug, ADMIN), ADMIN))
    groups = [(layer.partition(":")[0].split(","), int(layer.partition(":")[2])) for layer in layers]
    names = dict.fromkeys(name for group, _ in groups for name in group)
    by = Principal.operator(organization.id)
    ids = {name: people.add(by, people.Person(address(slug, name), name)).user_id for name in names}
    given = tuple(
        policy_drafts.LayerDraft(policy.Users(tuple(ids[name] for name in group)), minutes) for group, minutes in groups
    )
    made = policies.create(by, policy_drafts.Draft("Drill", layers=given))
    _, key = keys.create(by, "drill")
    said = {"id": organization.id, "key": key, "policy": made.id, "owner": next(iter(ids.values()))}
    sys.stdout.write(json.dumps({name: str(value) for name, value in said.items()}) + "\n")


def address(slug: str, name: str) -> str:
    """Each organization's people are at a domain of its own."""
    return f"{name.lower()}@{slug}.example"


if __name__ == "__main__":
    main(*sys.argv[1:])
