"""The only place for the ways a change can be refused."""

from enum import StrEnum


class Code(StrEnum):
    """Why a change was refused; the word is the same in the API, on the page and in the logs."""

    NOT_AUTHORIZED = "not_authorized"
    NOT_FOUND = "not_found"
    NAME_CONFLICT = "name_conflict"
    IN_USE = "in_use"
    OWNER_REQUIRED = "owner_required"
    INVALID_OWNER = "invalid_owner"
    INVALID_TARGET = "invalid_target"
    INVALID_TARGET_USER = "invalid_target_user"
    INVALID_STATUS_TRANSITION = "invalid_status_transition"
    INCIDENT_RESOLVED = "incident_resolved"
    STALE_INCIDENT = "stale_incident"
    STALE_CONFIGURATION = "stale_configuration"
    NOTHING_TO_ESCALATE = "nothing_to_escalate"
    CANNOT_CHANGE_OWN_ROLE = "cannot_change_own_role"
    CANNOT_REMOVE_SELF = "cannot_remove_self"
    LAST_ADMIN = "last_admin"
    VALIDATION_ERROR = "validation_error"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"


# In a person's words; what is not here says it well enough itself.
_IN_WORDS = {
    Code.STALE_INCIDENT: "This incident changed while you were looking. Nothing was done; look again, then decide.",
    Code.INCIDENT_RESOLVED: "This incident is resolved: nothing changes any more.",
    Code.INVALID_TARGET_USER: "Choose somebody: that is not an active member of your organization.",
    Code.NOTHING_TO_ESCALATE: "No layer is left to escalate to.",
}


class Rejected(Exception):  # noqa: N818 -- a refusal is an answer, not a fault
    """A change that was refused and changed nothing; `field` names the input that was wrong, where one was."""

    def __init__(self, code: Code, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field

    @property
    def in_words(self) -> str:
        """What a person is told, wherever they tried it."""
        return _IN_WORDS.get(self.code, self.message)
