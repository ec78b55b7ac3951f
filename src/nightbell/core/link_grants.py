"""What a signed link grants."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AcknowledgeGrant:
    """One person may acknowledge one incident, as long as they stay a member of its organization.

    `made_at` is when the link was made, by the database's clock.
    """

    incident_id: UUID
    user_id: UUID
    made_at: datetime
