"""The claim: the only place that says whose message is next."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

# How many organizations and destinations a claim walks along at most: of those with nothing due there may be many.
STEPS = 200
# Before all of them.
FIRST = (UUID(int=0), "")

# What there is to claim just now: closed is a destination or, of what has none, an organization.
_OPEN = """(d.destination <> all(%(closed_destinations)s::text[])
      and (d.destination <> '' or d.organization_id <> all(%(closed_organizations)s::uuid[])))"""
# Within a turn: what is urgent before what is not, and what was not tried yet before what was.
_ORDER = "(values (true, false), (true, true), (false, false), (false, true)) r (urgent, retried)"
_IN_TURN = """d.channel = %(channel)s and d.organization_id = w.organization_id and d.destination = w.destination
         and d.due_at <= nightbell_now() and not d.held and {known}"""
_DUE = "d.channel = %(channel)s and d.due_at <= nightbell_now() and not d.held and {known}"


# The claim where no more is due than is asked for: all of it, the longest due first. `claim` is the update of each `t`,
# `claimed` what it returns, and `known` what this version can make something of: a newer version's rows wait for it.
PLAIN = f"""
{{claim}}
-- `= any(array(...))` makes the planner take the index for the update as well.
where t.id = any(array(
  select d.id from {{table}} d where {_DUE} order by d.due_at limit %(limit)s for no key update skip locked
))
returning {{claimed}}
"""

# The claim where more is due: organizations and destinations take turns, from where the last claim ended. In a turn the
# longest due come first, and with them the newest, so that what an outage has left over does not keep it. A last row
# without an id says where the turns have come to.
#
# Each part locks what it picks as it goes, so that the lanes of several engines take different messages; no sort stands
# between a lock and its limit, so that whatever is locked is claimed.
IN_TURN = f"""
with recursive walk (organization_id, destination, wrapped, steps) as (
  select %(organization)s::uuid, %(destination)s::text, false, 0
  union all
  -- From one to the next by the index, past all that waits for the one.
  select n.*, w.steps + 1 from walk w cross join lateral (
    (select d.organization_id, d.destination, w.wrapped from {{table}} d
     where d.channel = %(channel)s and d.due_at is not null and not d.held
       and (d.organization_id, d.destination) > (w.organization_id, w.destination)
     order by d.organization_id, d.destination limit 1)
    union all
    (select d.organization_id, d.destination, true from {{table}} d
     where not w.wrapped and d.channel = %(channel)s and d.due_at is not null and not d.held
     order by d.organization_id, d.destination limit 1)
    limit 1
  ) n
  where w.steps < {STEPS}
    and (not n.wrapped or (n.organization_id, n.destination) <= (%(organization)s::uuid, %(destination)s::text))
), turn as materialized (
  select d.organization_id, d.destination, d.steps from walk d
  where d.steps > 0 and {_OPEN}
    and exists (select from {_ORDER} where exists (
      select from {{table}} f
      where f.channel = %(channel)s and f.organization_id = d.organization_id and f.destination = d.destination
        and f.urgent = r.urgent and f.retried = r.retried and f.due_at <= nightbell_now() and not f.held
        and {{known}}
    ))
  limit %(limit)s
), share as materialized (
  select ceil(%(limit)s::numeric / greatest(count(*), 1))::int as each from turn
), fair as materialized (
  select array(
    select p.id from turn w cross join share s cross join lateral (
      -- The newest, but every other time where a turn is one message: the oldest must have theirs too.
      (select f.id from (
         select d.id from {{table}} d
         where (s.each > 1 or %(newest)s) and {_IN_TURN} and d.urgent = true and d.retried = false
         order by d.due_at desc limit 1 for no key update skip locked
       ) f)
      union all
      (select f.id from {_ORDER} cross join lateral (
         select d.id from {{table}} d
         where {_IN_TURN} and d.urgent = r.urgent and d.retried = r.retried
         order by d.due_at limit s.each for no key update skip locked
       ) f)
      limit s.each
    ) p limit %(limit)s
  ) as ids
), picked as materialized (
  select f.ids || array(
    -- What turns leave over: some had less than their share, the newest was the oldest too, or the walk did not come to
    -- whoever has something due.
    select d.id from {{table}} d
    where {_DUE} and {_OPEN} and d.id <> all(f.ids)
    order by d.due_at limit %(limit)s - (select count(distinct each) from unnest(f.ids) each)
    for no key update skip locked
  ) as ids from fair f
), claimed as (
  {{claim}}
  where t.id = any((select ids from picked)::uuid[])
  returning {{claimed}}
)
select * from claimed
union all
(select null, null, null, w.organization_id, w.destination from (
  (select organization_id, destination from turn order by steps desc limit 1)
  union all
  (select organization_id, destination from walk where steps > 0 order by steps desc limit 1)
  limit 1
) w)
"""


@dataclass(slots=True)
class Turns:
    """Whose turn it is in one lane, and where it is to claim nothing just now: domains, and organizations.

    `crowded` are the tables of which more was due, when last asked, than was asked for.
    """

    closed: frozenset[str | UUID] = frozenset()
    crowded: set[str] = field(default_factory=set)
    reached: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    claims: int = 0

    def taken(self, table: str) -> bool:
        """Whether a claim of this table is to be by turns."""
        return bool(self.closed) or table in self.crowded

    def asked(self, table: str) -> dict[str, Any]:
        """What such a claim asks."""
        organization_id, destination = self.reached.get(table, FIRST)
        self.claims += 1
        return {
            "organization": organization_id,
            "destination": destination,
            "newest": self.claims % 2 == 1,
            "closed_destinations": [each for each in self.closed if isinstance(each, str)],
            "closed_organizations": [each for each in self.closed if isinstance(each, UUID)],
        }
