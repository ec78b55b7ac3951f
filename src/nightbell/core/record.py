"""The kinds of an organization's record: what can happen that is about no incident."""

from enum import StrEnum


class Kind(StrEnum):
    """What happened, in the past tense. The record keeps these words for ever."""

    ORGANIZATION_CREATED = "organization_created"
    ORGANIZATION_CHANGED = "organization_changed"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    POLICY_CREATED = "policy_created"
    POLICY_CHANGED = "policy_changed"
    POLICY_DELETED = "policy_deleted"
    SCHEDULE_CREATED = "schedule_created"
    SCHEDULE_CHANGED = "schedule_changed"
    SCHEDULE_DELETED = "schedule_deleted"
    OVERRIDE_CREATED = "override_created"
    OVERRIDE_DELETED = "override_deleted"
    SLACK_CONNECTED = "slack_connected"
    SLACK_CONFIGURED = "slack_configured"
    SLACK_DISCONNECTED = "slack_disconnected"
    SLACK_LOST = "slack_lost"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 -- what happened
    EXPORTED = "exported"
    IMPORTED = "imported"
    PAGING_HELD = "paging_held"
    PAGING_RESUMED = "paging_resumed"
