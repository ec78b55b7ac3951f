"""How schedules were before they were edited: the only place that keeps it, and reads it back."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.db import connection

from nightbell.core import oncall
from nightbell.data.models import EarlierSchedule, Override

# Versions, and in the same statement when people they name, or the schedule does, left the organization, and when they
# came back, if they did.
EARLIER = """
with version as materialized (
  select e.schedule_id, e.until, e.timezone, e.layers, e.overrides from earlier_schedule e
  where e.schedule_id = any(%(schedules)s::uuid[]) and e.until > %(since)s
), named as (
  select l.schedule_id, unnest(l.participant_ids) as user_id from rotation_layer l
  where l.schedule_id = any(%(schedules)s::uuid[])
  union
  select o.schedule_id, o.user_id from override o
  where o.schedule_id = any(%(schedules)s::uuid[]) and o.ends_at > %(since)s
  union
  select v.schedule_id, p.value::uuid
  from version v, jsonb_array_elements(v.layers) l, jsonb_array_elements_text(l.value -> 'participantIds') p
  union
  select v.schedule_id, (o.value ->> 'userId')::uuid from version v, jsonb_array_elements(v.overrides) o
)
select v.schedule_id, v.until, v.timezone, v.layers::text, v.overrides::text, null, null, null from version v
union all
select s.id, null, null, null, null, m.user_id, m.removed_at, (
  select min(n.joined_at) from membership n
  where n.organization_id = m.organization_id and n.user_id = m.user_id and n.joined_at >= m.removed_at
)
from named
join schedule s on s.id = named.schedule_id
join membership m
  on m.organization_id = s.organization_id and m.user_id = named.user_id and m.removed_at is not null
order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class _Version:
    """A schedule up to `until`, with the overrides that are in no table any more."""

    until: datetime
    timezone: str
    layers: tuple[oncall.Rotation, ...]
    overrides: tuple[oncall.Override, ...]


def keep(id_: UUID, before: oncall.Schedule, until: datetime, gone: Collection[UUID] = ()) -> None:
    """Keep how a schedule was up to `until`, with the overrides that have begun in the layers that are `gone`."""
    begun = Override.objects.filter(layer_id__in=gone, starts_at__lt=until)
    EarlierSchedule.objects.create(
        id=id_,
        schedule_id=before.id,
        until=until,
        timezone=before.timezone,
        layers=[_layer_values(layer) for layer in before.layers],
        overrides=[
            {
                "id": str(each.id),
                "userId": str(each.user_id),
                "startsAt": each.starts_at.isoformat(),
                "endsAt": each.ends_at.isoformat(),
                "layerId": str(each.layer_id),
            }
            for each in begun
        ],
    )


def with_past(found: Mapping[UUID, oncall.Schedule], since: datetime) -> Mapping[UUID, oncall.Schedule]:
    """The same schedules, each with how it was from `since` on, before it was edited or somebody left."""
    if not found:
        return found
    versions: dict[UUID, list[_Version]] = defaultdict(list)
    left: dict[UUID, list[tuple[UUID, datetime, datetime | None]]] = defaultdict(list)
    given: dict[str, Any] = {"schedules": list(found), "since": since}
    with connection.cursor() as cursor:
        cursor.execute(EARLIER, given)
        for schedule_id, until, timezone, layers, overrides, user_id, gone, back in cursor.fetchall():
            if until is None:
                left[schedule_id].append((user_id, gone, back))
            else:
                versions[schedule_id].append(_version(until, timezone, layers, overrides))
    return {
        schedule_id: replace(schedule, past=tuple(_past(schedule, versions[schedule_id], left[schedule_id], since)))
        for schedule_id, schedule in found.items()
    }


def _past(
    present: oncall.Schedule,
    versions: list[_Version],
    absent: Collection[tuple[UUID, datetime, datetime | None]],
    since: datetime,
) -> Iterable[oncall.Earlier]:
    """Every stretch since then in which the same version held and the same people were there."""
    edges = {edge for _, gone, back in absent for edge in (gone, back) if edge is not None and edge > since}
    edges |= {version.until for version in versions}
    for until in sorted(edges):
        later = [version for version in versions if version.until >= until]
        held = later[0] if later else None
        # Somebody who never left was there; whom the schedule names and who never came was not.
        gone_then = {user_id for user_id, gone, back in absent if gone < until and (back is None or back >= until)}
        strangers = present.inactive - {user_id for user_id, _, _ in absent}
        kept = tuple(override for version in later for override in version.overrides)
        yield oncall.Earlier(
            until,
            oncall.Schedule(
                present.id,
                held.timezone if held else present.timezone,
                held.layers if held else present.layers,
                (*present.overrides, *kept),
                frozenset(gone_then | strangers),
            ),
        )


def _version(until: datetime, timezone: str, layers: str, overrides: str) -> _Version:
    return _Version(
        until,
        timezone,
        tuple(map(_layer, json.loads(layers))),
        tuple(
            oncall.Override(
                UUID(each["id"]),
                UUID(each["userId"]),
                datetime.fromisoformat(each["startsAt"]),
                datetime.fromisoformat(each["endsAt"]),
                UUID(each["layerId"]),
            )
            for each in json.loads(overrides)
        ),
    )


def _layer(values: Mapping[str, Any]) -> oncall.Rotation:
    until = values["effectiveUntil"]
    return oncall.Rotation(
        UUID(values["id"]),
        values["position"],
        values["lengthDays"],
        time.fromisoformat(values["handoffTime"]),
        datetime.fromisoformat(values["effectiveFrom"]),
        datetime.fromisoformat(until) if until else None,
        tuple(map(UUID, values["participantIds"])),
        values["offset"],
        values["name"],
        oncall.Kind(values["kind"]),
    )


def _layer_values(layer: oncall.Rotation) -> dict[str, Any]:
    return {
        "id": str(layer.id),
        "position": layer.position,
        "lengthDays": layer.length_days,
        "handoffTime": layer.handoff_time.isoformat(),
        "effectiveFrom": layer.effective_from.isoformat(),
        "effectiveUntil": layer.effective_until.isoformat() if layer.effective_until else None,
        "participantIds": [str(each) for each in layer.participants],
        "offset": layer.offset,
        "name": layer.name,
        "kind": layer.kind.value,
    }
