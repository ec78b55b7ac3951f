"""What actions put on an organization's record, as whoever wants them done."""

from typing import Any

from nightbell.actions import ids
from nightbell.core.record import Kind
from nightbell.data import record
from nightbell.data.access.principal import Principal


def write(principal: Principal, kind: Kind, data: dict[str, Any]) -> None:
    """Put one entry on the record, in the transaction of the change it records."""
    record.write(ids.new(), principal.organization_id, principal.actor, kind, data)


def change(
    principal: Principal, kind: Kind, whose: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Put what differs on the record, before and after; nothing where nothing does. `whose` says what was changed."""
    differ = [key for key in after if before[key] != after[key]]
    if differ:
        was, becomes = ({key: each[key] for key in differ} for each in (before, after))
        write(principal, kind, whose | {"before": was, "after": becomes})
