"""How a person is reached: the only place that says which of somebody's contacts are paged, and where one leads."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from nightbell.core import contact

# What an organization brought works as long as its workspace lets us in.
_LETS_IN = "w.organization_id = {organization} and w.channel = {channel} and w.token is not null and w.lost_at is null"
_PAGED = ", ".join(f"'{state}'" for state in sorted(contact.PAGED))

# The channels over which a member `m` is paged, each once: their account's own first, and whatever becomes of it.
CHANNELS = f"""
array(
  select c.channel from contact c
  where c.user_id = m.user_id and c.channel = any(%(channels)s)
    and (c.of_account or c.state in ({_PAGED}) or c.again_at <= nightbell_now())
    and (c.organization_id is null or c.organization_id = m.organization_id and exists (
      select from workspace w where {_LETS_IN.format(organization="c.organization_id", channel="c.channel")}
    ))
  group by c.channel order by bool_or(c.of_account) desc, c.channel
)
"""

# Where a message `{message}` goes and what lets us in, encrypted; no row where there is no way. Whoever the workspace
# is not known to know is looked up there by their account's address, and so is whoever has no contact there yet.
WAY = f"""
left join lateral (
  select coalesce(w.team_id || '/', '') || coalesce(nullif(c.address, ''), r.email) as address, w.token
  from account r
  -- Lost since, it is tried all the same; what nobody has proven to be theirs never is.
  left join contact c on c.user_id = r.id and c.channel = {{message}}.channel
    and (c.organization_id is null or c.organization_id = {{message}}.organization_id)
    and (c.of_account or c.state <> '{contact.State.UNVERIFIED}')
  left join workspace w on (c.id is null or c.organization_id is not null)
    and {_LETS_IN.format(organization="{message}.organization_id", channel="{message}.channel")}
  where r.id = {{message}}.user_id and (w.token is not null or c.id is not null and c.organization_id is null)
  order by c.of_account desc nulls last, c.state in ({_PAGED}) desc, c.organization_id nulls first limit 1
) way on true
"""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a message goes, and what lets us in there, encrypted: None where nothing need."""

    address: str
    token: str | None = field(repr=False)


def way(address: str | None, token: str | None) -> Way | None:
    """The way in the two columns of WAY."""
    return Way(address, token) if address is not None else None


def offered() -> dict[str, Any]:
    """What CHANNELS is asked by: the channels that this installation has."""
    return {"channels": list(settings.NIGHTBELL.paging)}


def most() -> int:
    """Over how many channels somebody may have to be paged."""
    return len(settings.NIGHTBELL.paging)
