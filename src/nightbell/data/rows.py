"""The only mapping between core values and rows."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import orjson

from nightbell.core import about, notice, oncall, policy
from nightbell.core.incident import actor, events, state

# What a decision reads of an incident, in the order `incident_of` takes it.
INCIDENT_COLUMNS = (
    "i.id, i.owner_id, i.status, i.state, i.policy::text, i.position, i.round, i.due_at, i.due_cause, i.epoch, "
    "i.handed_off_epoch, i.acknowledged_by::text, i.acknowledged_at, i.resolved_at, i.relieved, i.held"
)
INCIDENT_WIDTH = 16

# The policy as the incident keeps it: what `policy_of` reads.
FROZEN_POLICY = """
jsonb_build_object('id', p.id, 'name', p.name, 'repeatCount', p.repeat_count, 'layers', coalesce((
  select jsonb_agg(jsonb_build_object(
    'ackTimeoutMinutes', l.ack_timeout_minutes,
    'target', case when l.schedule_id is null then jsonb_build_object('type', 'users', 'userIds', to_jsonb(l.user_ids))
      else jsonb_build_object('type', 'schedule', 'scheduleId', l.schedule_id) end
  ) order by l.position) from escalation_layer l where l.policy_id = p.id
), '[]'::jsonb))
"""

# What a message shares its fate with on the way out: the domain of the account's address; over whatever else reaches
# somebody that is the organization. It is where the message was going when it was queued, and decides nothing but when
# it leaves.
DESTINATION = """
coalesce((select split_part(lower(a.email), '@', 2) from contact d join account a on a.id = d.user_id
  where d.user_id = {user} and d.channel = {channel} and d.of_account), '')"""

# Notices, due now: the only statement that writes any, but for the one that asks for an address. Each over its channel,
# or, where it has none, over the account's own.
INSERT_NOTICES = f"""
insert into notice (id, organization_id, incident_id, user_id, channel, kind, data, queued_at, due_at, destination)
select n.id, n.organization_id, n.incident_id, n.user_id, n.channel, n.kind, n.data, %(now)s, %(now)s,
  {DESTINATION.format(channel="n.channel", user="n.user_id")}
from (
  select q.id, q.organization_id, q.incident_id, q.user_id, coalesce(q.channel, c.channel) as channel, q.kind, q.data
  from jsonb_to_recordset(%(notices)s::jsonb) as q(
    id uuid, organization_id uuid, incident_id uuid, user_id uuid, channel text, kind text, data jsonb
  )
  join contact c on c.user_id = q.user_id and c.of_account
) n
"""

# An entry of the record with the names, as they are now, of everybody it mentions: of those ids that are a member's or
# were one's. Its writer says which ids are in it, because the database would look through every text for them.
NAMED = """
{data} || coalesce((
  select jsonb_build_object('names', jsonb_object_agg(a.id, trim(a.first_name || ' ' || a.last_name)))
  from account a
  where a.id = any({mentioned})
    and exists (select from membership m where m.organization_id = {organization} and m.user_id = a.id)
  having count(*) > 0
), '{{}}')"""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Whether pages of this severity go before others.
URGENT = "{severity} in (" + ", ".join(f"'{each}'" for each in sorted(state.URGENT)) + ")"


def one_of(column: str, known: type[StrEnum]) -> str:
    """Whether a column has one of the values this version knows, as SQL.

    `coalesce` hides the list from the planner, which takes it for rare where a table has not been analyzed, and then
    sorts all that is due for each claim.
    """
    return f"coalesce({column} in ({', '.join(repr(each.value) for each in known)}), false)"


def incident_of(row: Sequence[Any], notified: frozenset[UUID] = frozenset()) -> state.Incident:
    """The incident in a row of INCIDENT_COLUMNS."""
    id_, owner_id, status, state_, frozen, position, round_, due_at, due_cause, epoch, handed_off_epoch, *rest = row
    acknowledged_by, acknowledged_at, resolved_at, relieved, held = rest
    return state.Incident(
        id=id_,
        owner_id=owner_id,
        status=state.Status(status),
        state=state.State(state_),
        policy=policy_in(frozen) if frozen else None,
        position=position,
        round=round_,
        due_at=due_at,
        due_cause=state.Cause(due_cause) if due_cause else None,
        epoch=epoch,
        handed_off_epoch=handed_off_epoch,
        acknowledged_by=actor_of(json.loads(acknowledged_by)) if acknowledged_by else None,
        acknowledged_at=acknowledged_at,
        resolved_at=resolved_at,
        relieved=frozenset(relieved),
        notified=notified,
        held=held,
    )


def incident_values(incident: state.Incident) -> dict[str, Any]:
    """What a decision may have changed, as JSON values by column name."""
    return {
        "id": incident.id,
        "owner_id": incident.owner_id,
        "status": incident.status,
        "state": incident.state,
        "position": incident.position,
        "round": incident.round,
        "due_at": incident.due_at,
        "due_cause": incident.due_cause,
        "epoch": incident.epoch,
        "handed_off_epoch": incident.handed_off_epoch,
        "acknowledged_by": actor_values(incident.acknowledged_by) if incident.acknowledged_by else None,
        "acknowledged_at": incident.acknowledged_at,
        "resolved_at": incident.resolved_at,
        "relieved": sorted(incident.relieved),
    }


# Many rows hold the same frozen policy, and a decision reads it more than once.
@lru_cache(maxsize=256)
def policy_in(text: str) -> policy.Policy:
    """The frozen policy in the text of an incident's `policy` column."""
    return policy_of(json.loads(text))


def policy_of(values: Mapping[str, Any]) -> policy.Policy:
    """A frozen policy, from its JSON shape."""
    return policy.Policy(
        id=UUID(values["id"]),
        name=values["name"],
        layers=tuple(
            policy.Layer(target_of(layer["target"]), timedelta(minutes=layer["ackTimeoutMinutes"]))
            for layer in values["layers"]
        ),
        repeat_count=values["repeatCount"],
    )


def target_of(values: Mapping[str, Any]) -> policy.Target:
    """A layer's target, from its JSON shape."""
    if values["type"] == "schedule":
        return policy.Schedule(UUID(values["scheduleId"]))
    return policy.Users(tuple(UUID(user_id) for user_id in values["userIds"]))


@lru_cache(maxsize=1024)
def target_values(target: policy.Target) -> Mapping[str, Any]:
    """A layer's target in its JSON shape, the same in the API, in a frozen policy and on the record.

    Many incidents share a policy, and so its targets: the answer is kept, and is not for changing.
    """
    match target:
        case policy.Schedule(schedule_id):
            return {"type": "schedule", "scheduleId": str(schedule_id)}
        case policy.Users(user_ids):
            return {"type": "users", "userIds": [str(user_id) for user_id in user_ids]}


def actor_of(values: Mapping[str, Any]) -> actor.Actor:
    """An actor, from its JSON shape."""
    via = values.get("via")
    return actor.Actor(
        actor.Type(values["type"]),
        UUID(values["id"]) if values["id"] else None,
        values["name"],
        actor.Via(via) if via else None,
    )


def actor_values(who: actor.Actor) -> dict[str, Any]:
    """An actor in its JSON shape."""
    return {"type": who.type, "id": str(who.id) if who.id else None, "name": who.name, "via": who.via}


def values_of(value: Any) -> dict[str, Any]:
    """A flat core value (an event, a page's why) as JSON values by camelCase name."""
    return {camel: _plain(getattr(value, name)) for name, camel in _names(value.__class__)}


def notice_values(
    notice_id: UUID,
    organization_id: UUID,
    user_id: UUID,
    kind: notice.Kind,
    said: about.About,
    *,
    incident_id: UUID | None = None,
    channel: str | None = None,
) -> dict[str, Any]:
    """A notice as INSERT_NOTICES takes it."""
    return {
        "id": notice_id,
        "organization_id": organization_id,
        "incident_id": incident_id,
        "user_id": user_id,
        "channel": channel,
        "kind": kind,
        "data": values_of(said),
    }


def about_of(kind: notice.Kind, data: Mapping[str, Any]) -> about.About:
    """What a notice is about, from its row."""
    match kind:
        case notice.Kind.ACKNOWLEDGED | notice.Kind.OWNER_DISPLACED | notice.Kind.ACKNOWLEDGER_DISPLACED:
            owner = data.get("newOwner")
            return about.Answered(actor_of(data["by"]), UUID(owner) if owner else None)
        case notice.Kind.SHIFT_LOST | notice.Kind.SHIFT_TAKEN:
            start, end = datetime.fromisoformat(data["startsAt"]), datetime.fromisoformat(data["endsAt"])
            return about.Shift(actor_of(data["by"]), data["schedule"], UUID(data["scheduleId"]), start, end)
        case notice.Kind.COVERAGE_GAPS:
            return about.Gaps(
                tuple(
                    (name, datetime.fromisoformat(start), datetime.fromisoformat(end))
                    for name, start, end in data["gaps"]
                )
            )
        case notice.Kind.ACCESS_LOST:
            return about.AccessLost(data["team"], data["because"], data.get("channel"))
        case notice.Kind.CHANNEL_REFUSED:
            return about.ChannelRefused(data["channel"], data["because"])
        case notice.Kind.FORGOTTEN_PASSWORD:
            return about.WayIn()


def entry(entry_id: UUID, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """An entry of the record as statements take it."""
    return {"id": entry_id, "kind": kind, "data": data, "mentioned": list(mentioned(data))}


def mentioned(data: Any) -> Iterator[str]:
    """Every id in what goes on the record, whatever it is the id of."""
    match data:
        case UUID():
            yield str(data)
        case str() if _ID.fullmatch(data):
            yield data
        case dict():
            for each in data.values():
                yield from mentioned(each)
        case list() | tuple():
            for each in data:
                yield from mentioned(each)
        case _:
            pass


def kind_of(event: events.Event | type[events.Event]) -> str:
    """The kind of an event on the record: its name in snake case."""
    return _snake((event if isinstance(event, type) else type(event)).__name__)


@cache
def _names(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((each.name, _camel(each.name)) for each in fields(kind))


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _plain(value: Any) -> Any:
    if value.__class__ in _AS_IT_IS:
        return value
    match value:
        case tuple():
            return [_plain(each) for each in value]
        case actor.Actor():
            return actor_values(value)
        case policy.Users() | policy.Schedule():
            return target_values(value)
        case oncall.Duty():
            return values_of(value)
        case _:
            return value


# What needs no look of its own; most of what is on the record.
_AS_IT_IS = frozenset({type(None), str, int, bool, UUID})


def text_of(values: Any) -> str:
    """JSON as statements take it: ids, instants and words of the core may be in it as they are."""
    return orjson.dumps(values).decode()
