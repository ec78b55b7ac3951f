"""The groups of verbs that set an installation up and move it, as they are typed."""

from pathlib import Path

import click

from nightbell.cli import typed
from nightbell.cli.deferred import Group

ROLES = ("admin", "member", "org:admin", "org:member")
EDITORS = ("members", "admins")
HOLD, RESUME = "hold", "resume"

since_option = click.option(
    "--from", "since", metavar="INSTANT", help="When the first turn starts, with its offset; without it, now."
)
file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group(cls=Group)
def org() -> None:
    """Make an organization, and name its last resort."""


@org.command(name="create")
@click.argument("name")
@click.option("--admin", "email", required=True, metavar="EMAIL", help="The first admin's mail address.")
@click.option("--first-name", required=True)
@click.option("--last-name", default="", show_default=False)
@typed.json_option
def create_org() -> None:
    """Make an organization and its first admin.

    \b
    nightbell org create "Acme" --admin ana@example.com --first-name Ana --last-name Ruiz
    """


@org.command(name="list")
@typed.json_option
def list_orgs() -> None:
    """List the organizations of this installation."""


@org.command()
@click.argument("slug")
@click.argument("emails", nargs=-1, metavar="EMAIL...")
@typed.json_option
def fallback() -> None:
    """Name who is paged when nobody answered at all. Nobody named: the admins.

    \b
    nightbell org fallback acme ana@example.com bo@example.com
    """


@org.command()
@click.argument("slug")
@click.argument("who", type=click.Choice(EDITORS))
@typed.json_option
def editing() -> None:
    """Say who may change schedules and escalation policies: every member, or admins alone.

    \b
    nightbell org editing acme admins
    """


@click.group(cls=Group)
def member() -> None:
    """Add people to an organization, and remove them."""


@member.command(name="add")
@click.argument("email")
@typed.org_option
@click.option("--first-name", required=True)
@click.option("--last-name", default="", show_default=False)
@click.option("--role", type=click.Choice(ROLES), default="member", help="An admin may change it all.")
@typed.json_option
def add_member() -> None:
    """Let somebody in.

    \b
    nightbell member add bo@example.com --org acme --first-name Bo --last-name Lind
    """


@member.command(name="list")
@typed.org_option
@typed.json_option
def list_members() -> None:
    """List the members, by name."""


@member.command(name="remove")
@click.argument("email")
@typed.org_option
@typed.yes_option
@typed.json_option
def remove_member() -> None:
    """Remove somebody, at once: from sessions, links, policies and open incidents.

    \b
    nightbell member remove bo@example.com --org acme
    """


@click.group(cls=Group)
def paging() -> None:
    """See what a restore holds, and have it paged for again."""


@paging.command()
@typed.json_option
def show() -> None:
    """Say how many incidents are held, by organization."""


@paging.command()
@typed.yes_option
@typed.json_option
def resume() -> None:
    """Page again for everything that is held, in every organization.

    \b
    Each incident goes on where it stood; one that is overdue advances by one layer, now:
    nightbell paging resume --yes
    """


@click.group(cls=Group)
def key() -> None:
    """Make API keys, and revoke them."""


@key.command(name="create")
@click.argument("name")
@typed.org_option
@typed.json_option
def create_key() -> None:
    """Make an API key. It is shown once, now.

    \b
    export NIGHTBELL_API_KEY=$(nightbell key create ci --org acme)
    """


@key.command(name="list")
@typed.org_option
@typed.json_option
def list_keys() -> None:
    """List the keys that work, the oldest first, and when each was last used. Nothing can show their text again."""


@key.command(name="revoke")
@click.argument("key_id", metavar="ID", type=click.UUID)
@typed.org_option
@typed.yes_option
@typed.json_option
def revoke_key() -> None:
    """Refuse a key from its next request on.

    \b
    nightbell key revoke 0193e1a2-7c5b-7d3e-9f00-5b1f0a1c2d3e --org acme
    """


@click.group(cls=Group)
def policy() -> None:
    """Make an escalation policy."""


@policy.command(name="create")
@click.argument("name")
@typed.org_option
@click.option(
    "--layer",
    "layers",
    type=typed.LayerText(),
    required=True,
    multiple=True,
    help="Who, and for how long. Once a layer.",
)
@click.option("--repeat", default=0, help="How many more times when nobody answered.", show_default=True)
@typed.json_option
def create_policy() -> None:
    """Make a policy: its layers are paged in this order until somebody answers.

    \b
    nightbell policy create Payments --org acme --layer ana@example.com,bo@example.com:5 --layer cy@example.com:15
    nightbell policy create Platform --org acme --layer 'schedule:Platform on-call:5' --layer cy@example.com:15
    """


@policy.command(name="list")
@typed.org_option
@typed.json_option
def list_policies() -> None:
    """List the policies with their layers, by name."""


@click.group(cls=Group)
def schedule() -> None:
    """Set up who is on call."""


@schedule.command(name="create")
@click.argument("name")
@typed.org_option
@click.option("--timezone", required=True, metavar="ZONE", help="An IANA zone, like Europe/Berlin.")
@click.option(
    "--layer", "layers", type=typed.TurnsText(), multiple=True, help="Who takes turns, and when. Once a layer."
)
@since_option
@typed.json_option
def create_schedule() -> None:
    """Make a schedule. Whoever has the turn in its first layer would own an incident.

    \b
    nightbell schedule create Platform --org acme --timezone Europe/Berlin \\
        --layer ana@example.com,bo@example.com:weekly:09:00 --layer cy@example.com:daily:08:00
    """


@schedule.command(name="layer")
@click.argument("name")
@click.argument("turns", type=typed.TurnsText())
@typed.org_option
@since_option
@typed.json_option
def add_layer() -> None:
    """Add a layer to a schedule, named by its name or id.

    \b
    nightbell schedule layer Platform cy@example.com,di@example.com:7:09:00 --org acme
    """


@click.group(cls=Group)
def secret() -> None:
    """Make and change the keys with which tokens of other services are encrypted."""


@secret.command(name="new-key")
def new_key() -> None:
    """Print a new key, for NIGHTBELL_ENCRYPTION_KEYS.

    \b
    NIGHTBELL_ENCRYPTION_KEYS=$(nightbell secret new-key)
    """


@secret.command()
def rotate() -> None:
    """Encrypt every token anew, with the first of NIGHTBELL_ENCRYPTION_KEYS.

    \b
    Put a new key in front, restart Nightbell, run this, then take the old key out:
    NIGHTBELL_ENCRYPTION_KEYS=NEW,OLD nightbell secret rotate
    """


@click.group(cls=Group)
def db() -> None:
    """Move an installation from one database to another, or bring back what was written to a file."""


@db.command(name="export")
@file_argument
def export_file() -> None:
    """Write everything, as of this instant, to FILE. Nightbell may keep running.

    Keep the file as you keep the database: it holds names, addresses and password hashes. What sessions and links are
    signed with is not in it.
    """


@db.command(name="import")
@file_argument
@click.option(
    "--paging",
    type=click.Choice([HOLD, RESUME]),
    default=HOLD,
    show_default=True,
    help="What becomes of incidents that are open in FILE: nobody is paged for them until  nightbell paging resume,  "
    "or paging goes on at once (a planned move).",
)
def import_file() -> None:
    """Read FILE into an empty, freshly migrated database.

    \b
    nightbell db import backup.zip                        nobody is woken for what was open when it was written
    nightbell db import --paging resume nightbell.zip     a planned move: paging goes on where it stood
    """
