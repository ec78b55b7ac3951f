"""The verbs about paging that a restore holds: `nightbell paging show` and `paging resume`."""

from nightbell.actions import holds as actions
from nightbell.cli import output
from nightbell.data import holds
from nightbell.data.access.principal import Principal


def show(as_json: bool) -> None:
    """Say how many incidents are held, by organization."""
    held = holds.organizations()
    lines = [f"{each.slug}: paging is held for {output.counted(each.count, 'incident')}." for each in held]
    if held:
        lines.append("Nobody is paged for them until  nightbell paging resume.  What opens now is paged.")
    output.show(_data(held), as_json, *(lines or ["Nothing is held."]))


def resume(yes: bool, as_json: bool) -> None:
    """Page again for everything that is held, in every organization."""
    held = holds.organizations()
    if not held:
        output.show(_data(held), as_json, "Nothing is held.")
        return
    count = output.counted(sum(each.count for each in held), "incident")
    where = output.counted(len(held), "organization")
    output.confirm(f"Page again for {count} in {where}? People are woken now.", yes)
    released = actions.resume_everywhere(Principal.operator())
    output.show(_data(held), as_json, f"Paging goes on for {output.counted(released, 'incident')}.")


def _data(held: list[holds.Held]) -> dict[str, object]:
    return {
        "incidents": sum(each.count for each in held),
        "organizations": [{"slug": each.slug, "incidents": each.count} for each in held],
    }
