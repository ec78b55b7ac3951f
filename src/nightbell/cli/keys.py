"""What the verbs about API keys do: `nightbell key create`, `key list` and `key revoke`."""

from uuid import UUID

import click

from nightbell.actions import keys, organizations
from nightbell.cli import output, words
from nightbell.data.access.principal import Principal
from nightbell.data.reads import keys as reads


def create_key(name: str, slug: str, as_json: bool) -> None:
    """Make an API key. It is shown once, now."""
    made, text = keys.create(Principal.operator(organizations.find(slug).id), name)
    if not as_json:
        click.echo(f"The key {made.name} ({made.id}); nobody can show it again:", err=True)
    output.show({"id": str(made.id), "name": made.name, "key": text}, as_json, text)


def list_keys(slug: str, as_json: bool) -> None:
    """List the keys that work."""
    found = reads.working(Principal.operator(organizations.find(slug).id))
    data = [
        {
            "id": str(each.id),
            "name": each.name,
            "createdAt": each.created_at.isoformat(),
            "lastUsedAt": each.last_used_at.isoformat() if each.last_used_at else None,
        }
        for each in found
    ]
    output.show({"keys": data}, as_json, *([_line(each) for each in found] or ["No key works here."]))


def revoke_key(key_id: UUID, slug: str, yes: bool, as_json: bool) -> None:
    """Refuse a key from its next request on."""
    principal = Principal.operator(organizations.find(slug).id)
    named = {each.id: each.name for each in reads.working(principal)}
    if key_id in named:
        output.confirm(f"Revoke the key {words.plain(named[key_id])} of {slug}? What uses it is refused at once.", yes)
    keys.revoke(principal, key_id)
    output.show({"id": str(key_id)}, as_json, f"The key {key_id} is refused from now on.")


def _line(key: reads.Key) -> str:
    used = f"last used {words.local(key.last_used_at)}" if key.last_used_at else "never used"
    return f"{key.id}  {words.plain(key.name)}  made {words.local(key.created_at)}, {used}"
