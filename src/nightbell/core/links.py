"""What a signed link grants."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AcknowledgeGrant:
    """One person may acknowledge one incident, as long as they are a member of its organization."""

    incident_id: UUID
    user_id: UUID
